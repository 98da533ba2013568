"""What the keywords of one schema take by themselves.

Measured with jsonschema-rs 0.60 on a core of 2.5 GHz and rounded up: bounds, which want no precision.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from eventgate.core.schema.enumeration import is_long
from eventgate.core.schema.graph import Node
from eventgate.core.schema.keywords import ASSERTIONS
from eventgate.core.schema.repetition import places_at_once

_VISIT: Final = 20.0
_ASSERTION: Final = 15.0
_STRING: Final = 60.0
_NUMBER: Final = 500.0
_COMPOUND: Final = 1000.0
"""For one string, number, or array or object that a value is compared with by `const` or `enum`."""
_MULTIPLE: Final = 3000.0
_NAME: Final = 10.0
"""For a name that `dependentRequired` lists; and where a pattern looks at a member's name, for a byte of the member."""
_CHARACTER: Final = 5.0
_PLACE: Final = 20.0
"""For each byte that a pattern looks at, and for each place of the pattern that a text may be in at once."""
_KEY: Final = 800.0
"""For each byte of a value that is made a key of."""
_META: Final = 5000.0
"""For each byte that is judged by a meta-schema."""


class Cost(msgspec.Struct, frozen=True):
    """A bound in nanoseconds: `fixed`, and for each byte of an object, of an array, of anything else."""

    fixed: float = 0.0
    in_object: float = 0.0
    in_array: float = 0.0
    in_scalar: float = 0.0

    @property
    def per_byte(self) -> float:
        """For each byte of whatever it is."""
        return max(self.in_object, self.in_array, self.in_scalar)

    def __add__(self, other: Cost) -> Cost:
        """Both judge the same value."""
        return Cost(
            self.fixed + other.fixed,
            self.in_object + other.in_object,
            self.in_array + other.in_array,
            self.in_scalar + other.in_scalar,
        )


def own_cost(node: Node) -> Cost:
    """The cost of `node` without that of its subschemas."""
    if node.meta is not None:
        return Cost(_META, _META, _META, _META)
    if not isinstance(node.value, dict):
        return Cost(_VISIT)
    value = node.value
    fixed = _VISIT + _ASSERTION * sum(keyword in value for keyword in ASSERTIONS)
    in_object = in_array = in_scalar = 0.0
    for keyword in ("dependentRequired", "dependencies"):
        held = value.get(keyword)
        if isinstance(held, dict):
            fixed += _NAME * sum(len(names) for names in held.values() if isinstance(names, list))
    if "multipleOf" in value:
        fixed += _MULTIPLE
    if "const" in value:
        fixed += _comparison(value["const"])
    if isinstance(value.get("enum"), list):
        if is_long(value["enum"]):
            in_object, in_array, in_scalar = _KEY, _KEY, _KEY
        else:
            fixed += sum(_comparison(each) for each in value["enum"] if isinstance(each, dict | list))
    if value.get("uniqueItems") is True:
        in_array += _KEY
    if isinstance(value.get("pattern"), str):
        in_scalar += _looking(value["pattern"])
    looking = sum(_NAME + _looking(str(edge.token)) for edge in node.under("patternProperties"))
    return Cost(fixed, in_object + 2 * looking, in_array, in_scalar)  # twice: to see what no pattern fits


def _comparison(value: Any) -> float:
    if isinstance(value, dict | list):
        return _COMPOUND
    return _STRING if isinstance(value, str | bool | None) else _NUMBER


def _looking(pattern: str) -> float:
    return _CHARACTER + _PLACE * places_at_once(pattern)
