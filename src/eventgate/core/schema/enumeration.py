"""`enum` with many arrays or objects, in time that does not grow with their number.

jsonschema-rs compares an item with one after the other: 20,000 items and as many objects to choose from take minutes.
"""

from __future__ import annotations

from typing import Any, Final

from eventgate.core.schema.unique_items import key

FEW: Final = 16
"""Arrays and objects in an `enum` that the library may compare one by one."""
MANY: Final = 100
"""Values of an `enum` from which on the library takes its time to say what they are."""


def is_long(value: Any) -> bool:
    """Whether `value`, an `enum`, holds more than a few arrays and objects."""
    return isinstance(value, list) and sum(isinstance(each, list | dict) for each in value) > FEW


class Enumeration:
    """The keyword for jsonschema-rs, made once for each place where a schema has it."""

    def __init__(self, parent_schema: dict[str, Any], value: Any, schema_path: list[str | int]) -> None:
        self._known = {key(each) for each in value}

    def validate(self, instance: Any) -> None:
        """Raises `ValueError` where `instance` equals none of the values."""
        if key(instance) not in self._known:
            raise ValueError("not one of the values")
