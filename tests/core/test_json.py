"""Strict I-JSON: what is refused, and why."""

from __future__ import annotations

import json as stdlib_json
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.json import parse, scalar_text
from eventgate.errors import InvalidJson

DEPTH = 64

REFUSED = {
    b"": "empty",
    b"{": "ends early",
    b'{"a":': "ends early",
    b"nul": "ends early",
    b"1 2": "trailing",
    b'{"a":1}{"a":1}': "trailing",
    b"[1,]": "trailing comma",
    b"{'a':1}": "must be strings",
    b"01": "invalid number",
    b"1.": "invalid number",
    b"+1": "invalid character",
    b".5": "invalid character",
    b"/*c*/1": "invalid character",
    b"NaN": "invalid character",
    b"Infinity": "invalid character",
    b"-Infinity": "invalid character",
    b'{"a": NaN}': "invalid character",
    b"1e400": "range of a double",
    b"-1e400": "range of a double",
    b"[1e309]": "range of a double",
    b"1" * 310: "range of a double",
    b'{"a":[' + b"9" * 400 + b"]}": "range of a double",
    b"9" * 5000: "range of a double",
    b"\xef\xbb\xbf{}": "byte order mark",
    b"\xff\xfe{\x00}\x00": "byte order mark",
    b'"\xff"': "not UTF-8",
    b'{"\xff":1}': "not UTF-8",
    b'"\xc0\x80"': "not UTF-8",
    b'"\xed\xa0\x80"': "not UTF-8",
    b'"\\ud800"': "surrogate",
    b'"\\udc00"': "surrogate",
    b'"a\\ud83dx\\ude00"': "surrogate",
    b'{"\\ud800":1}': "surrogate",
    b'"\x01"': "invalid character",
    b'"\\x41"': "invalid escape",
    b'{"a":1,"a":2}': "twice",
    b'{"a":1,"\\u0061":2}': "twice",
    b'[{"x":{"b":{},"b":{}}}]': "twice",
    b'{"a":"\\u0022","b":1,"b":1}': "twice",
    b'{"a":"\\\\u0022","b":1,"b":1}': "twice",
    b'{"a":"\\\\\\u0022","b":"\\\\", "b":1}': "twice",
    b'{"":1,"":2}': "twice",
    b"[" * 65 + b"]" * 65: "deeper than 64",
    b"[" * 100_000: "deeper than 64",
    b'{"a":' * 65 + b"1" + b"}" * 65: "deeper than 64",
}


@pytest.mark.parametrize(("body", "words"), REFUSED.items(), ids=[str(body[:24]) for body in REFUSED])
def test_what_is_no_i_json_is_refused_with_its_reason(body: bytes, words: str) -> None:
    with pytest.raises(InvalidJson, match=words):
        parse(body, DEPTH)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"null", None),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b"[" * 64 + b"]" * 64, None),
        (b'{"a":"[[[[","b":"\\"[{\\\\"}', {"a": "[[[[", "b": '"[{\\'}),
        (b'{"a":"' + b"[" * 200 + b'"}', {"a": "[" * 200}),
        (b'{"a":"' + b"1" * 400 + b'"}', {"a": "1" * 400}),
        (b'{"a":"\\u0022x\\u0022"}', {"a": '"x"'}),
        (b'{"a":"\\\\u0022", "b":"\\\\\\u0022"}', {"a": "\\u0022", "b": '\\"'}),
        (b'{"a":1,"A":1}', {"a": 1, "A": 1}),
        (b'"\\u0000"', "\0"),
    ],
)
def test_i_json_is_taken(body: bytes, value: Any) -> None:
    parsed = parse(body, DEPTH)
    assert value is None or parsed == value


def test_depth_counts_every_level_once_and_no_bracket_in_a_string() -> None:
    assert parse(b'[{"a":["]]]]"]}]', 3) == [{"a": ["]]]]"]}]
    with pytest.raises(InvalidJson, match="deeper than 2"):
        parse(b'[{"a":["]]]]"]}]', 2)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(each) for each in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(each) for each in value), default=0)
    return 0


@given(_json, st.booleans(), st.integers(1, 8))
def test_any_document_is_read_back_as_it_was_written_unless_too_deep(value: Any, escaped: bool, depth: int) -> None:
    body = stdlib_json.dumps(value, ensure_ascii=escaped).encode()
    if _depth(value) > depth:
        with pytest.raises(InvalidJson, match="deeper"):
            parse(body, depth)
    else:
        assert parse(body, depth) == value


@given(_json, st.integers(1, 8))
def test_a_document_without_white_space_is_read_back_too(value: Any, depth: int) -> None:
    """It is mostly what the parser's own encoder writes, which spares a search for duplicates."""
    body = stdlib_json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    if _depth(value) > depth:
        with pytest.raises(InvalidJson, match="deeper"):
            parse(body, depth)
    else:
        assert parse(body, depth) == value


@given(st.text('[]{}"\\x', max_size=12), st.text('[]{}"\\x', max_size=12))
def test_no_text_hides_or_makes_a_level(one: str, other: str) -> None:
    body = stdlib_json.dumps([{one: [other]}, other, one]).encode()
    assert parse(body, 3) == [{one: [other]}, other, one]
    with pytest.raises(InvalidJson, match="deeper than 2"):
        parse(body, 2)


@pytest.mark.parametrize("offset", [0, 1, 15, 16, 17, 308, 309, 310, 1000])
def test_a_number_beyond_a_double_is_found_wherever_it_stands(offset: int) -> None:
    body = b'["%s",%s]'
    padding, digits = b"x" * offset, b"0" * 308
    assert parse(body % (padding, b"1" + digits), DEPTH)[1] == 10**308
    assert parse(body % (padding, b"9" * 308), DEPTH)[1] == 10**308 - 1
    for huge in (b"2" + digits, b"-2" + digits, b"1" + digits + b"0" * 20):
        with pytest.raises(InvalidJson, match="beyond the range"):
            parse(body % (padding, huge), DEPTH)


@given(_json, st.text(max_size=3))
def test_a_member_named_twice_is_found_wherever_it_stands(value: Any, name: str) -> None:
    member = stdlib_json.dumps(name) + ":"
    inner = stdlib_json.dumps(value)
    body = f"[0,{{{member}{inner},{member}1}}]".encode()
    with pytest.raises(InvalidJson, match="twice"):
        parse(body, 1000)


@given(st.binary(max_size=40))
def test_no_bytes_whatever_raise_anything_else(body: bytes) -> None:
    try:
        value = parse(body, DEPTH)
    except InvalidJson:
        return
    assert stdlib_json.loads(body) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (1, "1"),
        (2**70, str(2**70)),
        (True, "true"),
        (False, "false"),
        (1.0, None),
        (None, None),
        ([], None),
    ],
)
def test_the_text_of_a_scalar(value: Any, text: str | None) -> None:
    assert scalar_text(value) == text


def test_a_number_that_underflows_is_a_small_number() -> None:
    assert math.isclose(parse(b"1e-400", DEPTH), 0.0)


@pytest.mark.parametrize(
    "number", ["1e308", "-1.7976931348623157E+308", "5e-324", "1e-320", "9" * 300, "0." + "0" * 310 + "1", "-1"]
)
def test_a_megabyte_of_numbers_takes_no_longer_than_one_of_other_things(number: str) -> None:
    """Each of the first four took 10 us where the others take 30 ns; runs of digits were searched again and again."""
    body = b"[" + b",".join([number.encode()] * (1_000_000 // (len(number) + 1))) + b"]"
    plain = b"[" + b",".join([b"1.5"] * 250_000) + b"]"
    spent, usual = costs(body, plain)
    assert spent < 8 * usual + 0.1  # 1.4 s before; where coverage counts lines, those in Python take twice as long


def test_nesting_is_counted_in_time_that_does_not_grow_with_it() -> None:
    deep = b"[" + b",".join([b"[" * 63 + b"]" * 63] * 5000) + b"]"
    flat = b"[" + b",".join([b"[],[]"] * 110_000) + b"]"
    spent, usual = costs(deep, flat)
    assert spent < 6 * usual


def costs(*bodies: bytes) -> list[float]:
    """CPU seconds to parse each, the least of seven: in turns, so that what slows one down slows all down."""

    def once(body: bytes) -> float:
        started = time.thread_time()
        parse(body, 64)
        return time.thread_time() - started

    rounds = [[once(body) for body in bodies] for _ in range(7)]
    return [min(spent) for spent in zip(*rounds, strict=True)]


@pytest.mark.parametrize("number", ["1e309", "-1e400", "1" + "0" * 310 + ".0"])
def test_a_number_beyond_a_double_is_refused_among_many_others_too(number: str) -> None:
    with pytest.raises(InvalidJson, match="range of a double"):
        parse(b"[" + b"1e100," * 2000 + number.encode() + b"]", 64)
