"""A megabyte of JSON in its most laborious forms is read in a moment."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from eventgate.core import json

SIZE = 1_000_000
FORMS = {
    "many members": b"{" + b",".join(b'"%d":1' % each for each in range(SIZE // 10)) + b"}",
    "one name": b'{"' + b"k" * SIZE + b'":1}',
    "names that share all but their ends": b"{%s}" % b",".join(b'"%s%d":1' % (b"k" * 990, n) for n in range(1000)),
    "quotes that are written as escapes": b"[" + b",".join([b'{"\\u0022":1}'] * (SIZE // 13)) + b"]",
    "escapes": b'"' + b"\\u00e9" * (SIZE // 6) + b'"',
    "empty arrays": b"[" + b",".join([b"[]"] * (SIZE // 3)) + b"]",
    "deep ones": b"[" + b",".join([b"[" * 60 + b"]" * 60] * (SIZE // 121)) + b"]",
    "white space": b"[" + b" " * SIZE + b"]",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_megabyte_of_any_form_is_read_in_a_moment(form: str) -> None:
    """In time of the processor: 10 to 100 ms where it was measured."""
    started = time.thread_time()
    json.parse(FORMS[form], 64)
    assert time.thread_time() - started < 2


def test_names_that_collide_cannot_be_foreseen() -> None:
    """Python salts the hashes of texts, unless it is told not to."""
    command = [sys.executable, "-I", "-c", "print(hash('a'))"]
    found = {subprocess.run(command, check=True, capture_output=True).stdout for _ in range(2)}
    assert len(found) == 2
