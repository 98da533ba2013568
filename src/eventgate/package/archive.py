"""A zip file whose bytes depend on its contents alone."""

from __future__ import annotations

import os
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Final

_WHEN: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest that the format knows: no file's own time gets in."""
_UNIX: Final = 3
_MODE: Final = 0o100644
"""A regular file that everybody may read: Lambda runs as a user of its own. Extension modules need no more."""


def write(folder: Path, output: Path) -> None:
    """Pack all files below `folder`; `output` appears whole or not at all. May raise `OSError`."""
    handle, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zip:
            for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
                if path.is_file():
                    zip.writestr(_entry(path.relative_to(folder).as_posix()), path.read_bytes())
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(output)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _WHEN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = _UNIX
    entry.external_attr = _MODE << 16
    return entry
