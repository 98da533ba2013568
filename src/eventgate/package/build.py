"""Puts a package together, step by step, in a folder of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import eventgate
from eventgate.package import archive, bytecode, configuration, endpoints, sbom
from eventgate.package.contents import distributions, is_library_file_wanted, is_own_file_wanted
from eventgate.package.errors import NotPackaged
from eventgate.package.lock import locked, runtime_lock
from eventgate.package.target import Target
from eventgate.package.wheels import install

UNPACKED_LIMIT: Final = 250 * 1024 * 1024
"""What Lambda takes, unpacked (AWS Lambda Developer Guide, "Lambda quotas")."""
DIRECT_UPLOAD_LIMIT: Final = 50 * 1024 * 1024
"""What Lambda takes without S3 in between, packed."""

_HANDLER: Final = "event_gate_lambda.py"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted. `conf`: a configuration directory to ship; `wheelhouse`: the only place to take wheels from."""

    target: Target
    writers: tuple[str, ...]
    output: Path
    conf: Path | None = None
    wheelhouse: Path | None = None
    bytecode: bool = True


@dataclass(frozen=True, slots=True)
class Package:
    """What was built: bytes of each part unpacked, largest first, and of the file."""

    parts: tuple[tuple[str, int], ...]
    packed: int

    @property
    def unpacked(self) -> int:
        """Bytes on Lambda's disk."""
        return sum(size for _, size in self.parts)


def build(plan: Plan) -> Package:
    """Build the file that `plan` asks for; raises `NotPackaged`, `OSError` where the disk does not do its part."""
    interpreter = bytecode.find_interpreter(plan.target) if plan.bytecode else None
    if plan.output.is_dir() or not plan.output.parent.is_dir():
        raise NotPackaged(f"{plan.output} cannot be written: " + ("a folder" if plan.output.is_dir() else "no folder"))
    with tempfile.TemporaryDirectory(prefix="eventgate-package-") as name:
        wheels, folder = Path(name, "wheels"), Path(name, "package")
        folder.mkdir()
        _copy_own(folder)
        if plan.conf is not None:
            _copy(folder, configuration.files(plan.conf))
        install(locked(runtime_lock(), distributions(plan.writers)), plan.target, wheels, plan.wheelhouse)
        _copy(folder, _libraries(wheels))
        endpoints.cut(folder)
        (folder / sbom.FILE).write_bytes(sbom.of_package(folder, plan.target))
        if interpreter is not None:
            bytecode.compile_all(folder, interpreter)
        package = _measured(folder, wheels)
        if sum(size for _, size in package) > UNPACKED_LIMIT:
            raise NotPackaged("the package is larger than the 250 MiB that Lambda takes; leave out a writer")
        archive.write(folder, plan.output)
    return Package(package, plan.output.stat().st_size)


def _copy_own(folder: Path) -> None:
    own = Path(eventgate.__file__).parent
    _copy(folder / "eventgate", ((name, path) for name, path in _files(own) if is_own_file_wanted(name)))
    for place in (folder, folder / "src"):
        place.mkdir(exist_ok=True)
        shutil.copyfile(own.parent / _HANDLER, place / _HANDLER)


def _libraries(wheels: Path) -> Iterator[tuple[str, Path]]:
    return ((name, path) for name, path in _files(wheels) if is_library_file_wanted(name))


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    return ((path.relative_to(folder).as_posix(), path) for path in sorted(folder.rglob("*")) if path.is_file())


def _copy(folder: Path, files: Iterator[tuple[str, Path]]) -> None:
    for name, path in files:
        goal = folder / name
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, goal)


def _measured(folder: Path, wheels: Path) -> tuple[tuple[str, int], ...]:
    """Bytes by distribution, bytecode included; what no distribution owns is ours or the configuration."""
    owners = _owners(wheels)
    sizes: Counter[str] = Counter()
    for name, path in _files(folder):
        first, _, rest = name.partition("/")
        if first == "__pycache__":
            first = rest.partition(".")[0] + ".py"
        sizes[owners.get(first, first if first == configuration.FOLDER else "eventgate")] += path.stat().st_size
    return tuple(sizes.most_common())


def _owners(wheels: Path) -> dict[str, str]:
    """The distribution that each file or folder at the top belongs to, by the distributions' own lists (RECORD)."""
    owners = {}
    for record in wheels.glob("*.dist-info/RECORD"):
        distribution = record.parent.name.partition("-")[0]
        for line in record.read_text(encoding="utf-8").splitlines():
            owners[line.partition(",")[0].partition("/")[0]] = distribution
    return owners
