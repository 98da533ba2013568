"""`multipleOf` in time that does not grow with the numbers.

jsonschema-rs divides fractions: of 1e300 by 0.01, or of 7 by 1e-300, that takes 60 us, and seconds for all that a
megabyte holds.
Here a number is its decimal digits and an exponent, as it was written, and no power of ten is ever written out.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

EXACT: Final = 2**53
"""Divisors that are integers below this are the library's business: it is quick with them."""
_MOST_DIGITS: Final = 310
"""An integer within a double's range has no more."""


def is_slow_divisor(value: Any) -> bool:
    """Whether `value`, a `multipleOf`, is one that the library takes its time with."""
    return isinstance(value, int | float | Decimal) and not (value == int(value) and value < EXACT)


class MultipleOf:
    """The keyword for jsonschema-rs, made once for each place where a schema has it."""

    def __init__(self, parent_schema: dict[str, Any], value: Any, schema_path: list[str | int]) -> None:
        self._digits, self._exponent = _decimal(value)

    def validate(self, instance: Any) -> None:
        """Raises `ValueError` where the number `instance` is not the divisor times an integer."""
        if isinstance(instance, bool) or not isinstance(instance, int | float | Decimal) or not instance:
            return
        digits, exponent = _decimal(instance)
        shift = exponent - self._exponent
        if shift >= 0:
            rest = digits * pow(10, shift, self._digits) % self._digits
        else:
            rest = shift < -_MOST_DIGITS or digits % (self._digits * 10**-shift)
        if rest:
            raise ValueError("not a multiple")


def _decimal(value: float | Decimal) -> tuple[int, int]:
    """`value`, as JSON writes it, as an integer and the power of ten that it is multiplied with."""
    if isinstance(value, int):
        return value, 0
    mantissa, _, exponent = str(value).lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    return int(whole + fraction), int(exponent or "0") - len(fraction)
