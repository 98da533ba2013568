"""botocore's list of all endpoints of AWS, cut to the services whose models a package has.

botocore reads the list for every client that it makes: 1.2 MB of JSON were a tenth of a cold start.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from eventgate.package.contents import AWS_SERVICES

FILE: Final = "botocore/data/endpoints.json"
"""Its path in a package."""
_NOTE: Final = "cut by `eventgate package lambda` to the services that a gate calls"
"""botocore's licence asks for one where a file is changed (Apache-2.0, section 4 b)."""


def cut(folder: Path) -> None:
    """Cut the list below `folder`, if it is there. Raises `OSError`."""
    path = folder / FILE
    if not path.exists():
        return
    document = json.loads(path.read_bytes())
    for partition in document["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in AWS_SERVICES if name in services}
    path.write_text(json.dumps({"note": _NOTE, **document}, separators=(",", ":")), encoding="utf-8")
