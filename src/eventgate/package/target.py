"""The machine that a package is for: processor, Python version, and the C library that wheels may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Architecture = Literal["x86_64", "arm64"]
"""As AWS Lambda writes it."""
PythonVersion = Literal["3.12", "3.13"]
"""Lambda's runtimes on Amazon Linux 2023. Those before, on Amazon Linux 2, have a C library too old for our wheels."""

ARCHITECTURES: Final[tuple[Architecture, ...]] = get_args(Architecture)
PYTHONS: Final[tuple[PythonVersion, ...]] = get_args(PythonVersion)

_MACHINES: Final = {"x86_64": "x86_64", "arm64": "aarch64"}
_NEWEST_GLIBC: Final = 28
_OLDEST_GLIBC: Final = 17
"""manylinux2014 is glibc 2.17 (PEP 599), and there is no manylinux for arm64 before it."""


@dataclass(frozen=True, slots=True)
class Target:
    """One of Lambda's environments."""

    architecture: Architecture = "x86_64"
    python: PythonVersion = "3.13"

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platform tags of wheels that run there, best first: manylinux_2_28 and older (PEP 600)."""
        machine = _MACHINES[self.architecture]
        versions = range(_NEWEST_GLIBC, _OLDEST_GLIBC - 1, -1)
        return (*(f"manylinux_2_{version}_{machine}" for version in versions), f"manylinux2014_{machine}")
