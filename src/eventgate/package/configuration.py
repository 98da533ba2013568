"""The configuration directory's files, as they go into a package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from eventgate.package.errors import NotPackaged

FOLDER: Final = "conf"
"""Where a gate looks in its working folder when `CONF_DIR` is not set."""
_DATABASES: Final = (".db", ".db-shm", ".db-wal", ".sqlite")


def files(conf: Path) -> Iterator[tuple[str, Path]]:
    """Each file with its path in the package, sorted; hidden ones and databases stay behind. Raises `NotPackaged`."""
    if not (conf / "config.json").is_file():
        raise NotPackaged(f"{conf} is no configuration directory: there is no config.json in it")
    for path in sorted(conf.rglob("*")):
        inside = path.relative_to(conf)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
        if path.is_file() and not hidden and path.suffix not in _DATABASES:
            yield f"{FOLDER}/{inside.as_posix()}", path


def private_keys(conf: Path) -> list[str]:
    """The files of a configuration that hold a private key (PEM, RFC 7468), which a package would carry along."""
    return [path.relative_to(conf).as_posix() for _, path in files(conf) if b" PRIVATE KEY-----" in path.read_bytes()]
