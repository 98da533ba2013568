"""What is shipped, as CycloneDX documents (version 1.6, ECMA-424), with licences: the zip file, the image, the wheel.

    python -m eventgate.package.sbom FOLDER [NAME==VERSION=LICENCE ...]

prints the document for the distributions in FOLDER, with more components that are not Python's. The image's build
does that. Documents hold neither times nor random ids: same in, same out.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.message import Message
from email.parser import BytesHeaderParser
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

import msgspec

import eventgate
from eventgate.package.target import Target

FILE: Final = "eventgate-sbom.cdx.json"
"""Its path in a package and in the image."""
_LICENCE_CLASSIFIER: Final = "License :: OSI Approved :: "
_LONGEST_NAME: Final = 80
"""Some distributions put the whole text of their licence where its name belongs."""

_NO_NAMES: Final = frozenset({"Dual License"})

Component = dict[str, Any]


def of_package(folder: Path, target: Target) -> bytes:
    """The document for the distributions unpacked in `folder`, for `target`."""
    properties = {"eventgate:architecture": target.architecture, "eventgate:python": target.python}
    return _document(map(_component, _distributions(folder)), properties)


def of_image(folder: Path, others: Iterable[str]) -> bytes:
    """The document for the distributions in `folder` and `others` (`NAME==VERSION=LICENCE`); raises `ValueError`."""
    return _document([*map(_component, _distributions(folder)), *map(_other, others)], {})


def of_lock(locked: Mapping[str, str]) -> bytes:
    """The document for the distributions of a lock (versions by name); licences are those of what is installed here."""
    return _document((_locked(name, version) for name, version in sorted(locked.items())), {})


def _document(components: Iterable[Component], properties: Mapping[str, str]) -> bytes:
    root = {
        "type": "application",
        "bom-ref": "eventgate",
        "name": "eventgate",
        "version": eventgate.__version__,
        "purl": f"pkg:pypi/eventgate@{eventgate.__version__}",
        "licenses": [{"expression": "Apache-2.0"}],
    }
    named = [{"name": name, "value": value} for name, value in properties.items()]
    listed = list(components)
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": root, **({"properties": named} if named else {})},
        "components": listed,
        "dependencies": [{"ref": "eventgate", "dependsOn": [component["bom-ref"] for component in listed]}],
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def licence(metadata: Message) -> str:
    """The licence that a distribution states (core metadata 2.4 or older); empty where it states none."""
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers: Sequence[str] = metadata.get_all("Classifier") or ()
    named = [text.removeprefix(_LICENCE_CLASSIFIER) for text in classifiers if text.startswith(_LICENCE_CLASSIFIER)]
    stated = str(metadata.get("License") or "")
    is_name = 0 < len(stated) <= _LONGEST_NAME and stated not in _NO_NAMES
    return stated if is_name else ", ".join(named)


def _distributions(folder: Path) -> Iterator[Message]:
    for path in sorted(folder.glob("*.dist-info/METADATA")):
        yield BytesHeaderParser().parsebytes(path.read_bytes())


def _component(metadata: Message) -> Component:
    name, version = re.sub(r"[-_.]+", "-", str(metadata["Name"])).lower(), str(metadata["Version"])
    return _library(name, version, licence(metadata), "License-Expression" in metadata, f"pkg:pypi/{name}@{version}")


def _locked(name: str, version: str) -> Component:
    """One for another platform is not installed here, and nobody to ask for its licence."""
    try:
        told = distribution(name).read_text("METADATA") or ""
    except PackageNotFoundError:
        return _library(name, version, "", False, f"pkg:pypi/{name}@{version}")
    return _component(BytesHeaderParser().parsebytes(told.encode()))


def _other(text: str) -> Component:
    found = re.fullmatch(r"([\w.-]+)==([\w.-]+)=([\w.+-]+)", text)
    if found is None:
        raise ValueError(f"{text} is not NAME==VERSION=LICENCE")
    name, version, licence = found.groups()
    return _library(name, version, licence, True, f"pkg:generic/{name}@{version}")


def _library(name: str, version: str, licence: str, is_expression: bool, purl: str) -> Component:
    licences = [{"expression": licence}] if is_expression else [{"license": {"name": licence}}]
    return {
        "type": "library",
        "bom-ref": f"{name}@{version}",
        "name": name,
        "version": version,
        "purl": purl,
        **({"licenses": licences} if licence else {}),
    }


def main(arguments: Sequence[str]) -> None:
    """Print the document for an image."""
    folder, *others = arguments
    sys.stdout.buffer.write(of_image(Path(folder), others))


if __name__ == "__main__":
    main(sys.argv[1:])
