"""Fetch the viewer of /docs again, as its authors publish it, into src/eventgate/catalogue/static.

npm says where packages come from. The archive must be the one whose digest `vendored.json` records: to take another
version, put its version and its `dist.integrity` there first. The files are pressed, with nothing of this machine in
them, and the digest of each one's content is recorded beside them.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final

STATIC: Final = Path(__file__).parents[1] / "src" / "eventgate" / "catalogue" / "static"
RECORD: Final = STATIC / "vendored.json"


def main() -> int:
    """Fetch, compare, unpack, record."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    for package, about in record.items():
        with tempfile.TemporaryDirectory() as folder:
            archive = _fetched(package, about["version"], Path(folder))
            algorithm, _, digest = about["integrity"].partition("-")
            if base64.b64encode(hashlib.new(algorithm, archive.read_bytes()).digest()).decode() != digest:
                print(f"{package} {about['version']} is not what vendored.json records", file=sys.stderr)
                return 1
            _unpack(archive, about)
    RECORD.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return 0


def _unpack(archive: Path, about: dict[str, Any]) -> None:
    with tarfile.open(archive) as opened:
        for name in about["files"]:
            member = opened.extractfile(f"package/{name}")
            content = b"" if member is None else member.read()
            (STATIC / f"{about['names'].get(name, name)}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
            about["files"][name] = hashlib.sha256(content).hexdigest()


def _fetched(package: str, version: str, folder: Path) -> Path:
    subprocess.run(["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True, stdout=sys.stderr)
    return next(folder.glob("*.tgz"))


if __name__ == "__main__":
    sys.exit(main())
