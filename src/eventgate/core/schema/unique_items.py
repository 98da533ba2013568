"""`uniqueItems` in time that grows with the array.

jsonschema-rs compares integers beyond 64 bits pair by pair: 30,000 of them take minutes. This is the same check over
texts, whose hashes a sender cannot foresee.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

_EXACT: Final = 2**53
"""Below it, a double that is an integer is that which was written."""


class UniqueItems:
    """The keyword for jsonschema-rs, made once for each place where a schema has it."""

    def __init__(self, parent_schema: dict[str, Any], value: Any, schema_path: list[str | int]) -> None:
        self._wanted = value is True

    def validate(self, instance: Any) -> None:
        """Raises `ValueError` where two items of the array `instance` are equal."""
        if self._wanted and isinstance(instance, list) and len(instance) > 1:
            seen: set[Any] = set()
            for item in instance:
                seen.add(key(item))
            if len(seen) != len(instance):
                raise ValueError("two items are equal")


def key(value: Any) -> Any:
    """A hashable text or set: equal for what JSON Schema calls equal (numbers by their value), else different."""
    if isinstance(value, str):
        return f"s{value}"
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return hex(value)
    if isinstance(value, float | Decimal):
        if value != int(value):
            return f"{float(value)!r}"
        # The double of 1e300 is some other integer by a little; as it is written it is this one.
        return hex(int(Decimal(repr(value)) if isinstance(value, float) and abs(value) >= _EXACT else value))
    if isinstance(value, list):
        return tuple(key(item) for item in value)
    return frozenset((name, key(member)) for name, member in value.items())
