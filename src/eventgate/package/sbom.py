"""What a package consists of, as a CycloneDX document (version 1.6, ECMA-424), with licences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any, Final

import msgspec

import eventgate
from eventgate.package.target import Target

FILE: Final = "eventgate-sbom.cdx.json"
"""Its path in the package."""
_LICENCE_CLASSIFIER: Final = "License :: OSI Approved :: "
_LONGEST_NAME: Final = 80
"""Some distributions put the whole text of their licence where its name belongs."""


def document(folder: Path, target: Target) -> bytes:
    """The document for the distributions unpacked in `folder`. Neither times nor random ids: same in, same out."""
    root = {
        "type": "application",
        "bom-ref": "eventgate",
        "name": "eventgate",
        "version": eventgate.__version__,
        "purl": f"pkg:pypi/eventgate@{eventgate.__version__}",
        "licenses": [{"expression": "Apache-2.0"}],
    }
    components = [_component(metadata) for metadata in _distributions(folder)]
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": root,
            "properties": [
                {"name": "eventgate:architecture", "value": target.architecture},
                {"name": "eventgate:python", "value": target.python},
            ],
        },
        "components": components,
        "dependencies": [{"ref": "eventgate", "dependsOn": [component["bom-ref"] for component in components]}],
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def licence(metadata: Message) -> str:
    """The licence that a distribution states (core metadata 2.4 or older); empty where it states none."""
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers: Sequence[str] = metadata.get_all("Classifier") or ()
    named = [text.removeprefix(_LICENCE_CLASSIFIER) for text in classifiers if text.startswith(_LICENCE_CLASSIFIER)]
    stated = str(metadata.get("License") or "")
    return stated if 0 < len(stated) <= _LONGEST_NAME else ", ".join(named)


def _distributions(folder: Path) -> Iterator[Message]:
    for path in sorted(folder.glob("*.dist-info/METADATA")):
        yield BytesHeaderParser().parsebytes(path.read_bytes())


def _component(metadata: Message) -> dict[str, Any]:
    name, version = re.sub(r"[-_.]+", "-", str(metadata["Name"])).lower(), str(metadata["Version"])
    named = licence(metadata)
    licences = [{"expression": named}] if "License-Expression" in metadata else [{"license": {"name": named}}]
    return {
        "type": "library",
        "bom-ref": f"{name}@{version}",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name}@{version}",
        **({"licenses": licences} if named else {}),
    }
