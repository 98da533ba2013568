"""The lock file: which version of each library, and the digests that its files may have."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import eventgate
from eventgate.package.errors import NotPackaged

_SHIPPED: Final = Path(__file__).with_name("runtime.txt")
"""In an installed wheel."""
_IN_CHECKOUT: Final = Path(eventgate.__file__).parents[2] / "requirements" / "runtime.txt"


def runtime_lock() -> Path:
    """The lock of this version of EventGate; raises `NotPackaged`."""
    for path in (_SHIPPED, _IN_CHECKOUT):
        if path.is_file():
            return path
    raise NotPackaged("the lock file of this installation is missing; install EventGate anew")


def locked(lock: Path, names: Iterable[str]) -> str:
    """The lines of `lock` for the distributions `names`, digests included, as a requirements file.

    Markers are left out: the names are chosen for the target, and pip would read them for this machine.
    Raises `NotPackaged` for one that is not there.
    """
    entries = _entries(lock)
    missing = sorted(set(names) - entries.keys())
    if missing:
        raise NotPackaged(f"the lock has no {', '.join(missing)}")
    return "".join(entries[name] for name in sorted(set(names)))


def versions(lock: Path) -> dict[str, str]:
    """The locked version of each distribution."""
    return {name: lines.partition("==")[2].split(maxsplit=1)[0] for name, lines in _entries(lock).items()}


def _entries(lock: Path) -> dict[str, str]:
    """Each distribution's lines by its name: a pin, then its digests, indented."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            pin = line.partition(";")[0].rstrip(" \\")
            name = pin.partition("==")[0]
            found[name] = [f"{pin} \\"]
        elif name and line.strip():
            found[name].append(line)
    return {name: "\n".join(lines) + "\n" for name, lines in found.items()}
