"""What the project consists of: its files, and who imports whom."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file that git keeps or would add, as it is in the work tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return tuple(sorted(path for name in listed.split("\0") if name and (path := ROOT / name).is_file()))


def text_files() -> Iterator[tuple[Path, str]]:
    """Path (relative to the root) and text of every file that is text."""
    for path in files():
        content = path.read_bytes()
        if b"\0" not in content:
            yield path.relative_to(ROOT), content.decode("utf-8")


def module_name(path: Path) -> str:
    """`eventgate.core.model` for its file, `eventgate.core` for the package's."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def modules() -> dict[str, Path]:
    """Every module of the package, by its dotted name."""
    return {module_name(path): path for path in sorted((SOURCE / "eventgate").rglob("*.py"))}


@functools.cache
def imports(module: str) -> frozenset[str]:
    """The modules that `module` imports anywhere, functions and type checking included."""
    path = modules()[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(_from(node, package))
    return frozenset(found)


def _from(node: ast.ImportFrom, package: str) -> Iterator[str]:
    """`from a import b` names module a.b where that is a module of ours, else module a."""
    anchor = package.split(".")
    base = ".".join(anchor[: len(anchor) - node.level + 1]) if node.level else ""
    origin = ".".join(part for part in (base, node.module or "") if part)
    for alias in node.names:
        inner = f"{origin}.{alias.name}"
        yield inner if inner in modules() else origin
