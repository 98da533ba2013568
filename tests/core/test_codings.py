"""Compressed bodies: read within the limit, and refused unless they are exactly what their coding says."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.codings import MAX_STREAMS, STEP_BYTES, Coding, decompressed, wire_limit
from eventgate.errors import BodyTooLarge, InvalidJson
from tests.unmeasured import unmeasured

CODINGS: tuple[Coding, ...] = ("gzip", "zstd")
LIMIT = 1 << 20


def compress(content: bytes, coding: Coding) -> bytes:
    return gzip.compress(content) if coding == "gzip" else zstd.compress(content)


def read(body: bytes, coding: Coding, limit: int = LIMIT) -> bytes:
    return asyncio.run(decompressed(body, coding, limit))


@pytest.mark.parametrize("coding", CODINGS)
@given(
    parts=st.lists(
        st.one_of(
            st.binary(max_size=300),
            st.integers(STEP_BYTES - 2, STEP_BYTES + 2).map(lambda size: b"x" * size),
            st.integers(0, 3 * STEP_BYTES).map(lambda size: bytes(range(256)) * (size // 256)),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_what_was_compressed_comes_back_however_many_streams_it_is_in(coding: Coding, parts: list[bytes]) -> None:
    """RFC 1952 and RFC 8878 both let streams follow one another."""
    body = b"".join(compress(part, coding) for part in parts)
    assert read(body, coding) == b"".join(parts)


@pytest.mark.parametrize("coding", CODINGS)
@given(content=st.binary(max_size=2000), cut=st.floats(0, 1, exclude_max=True))
def test_a_stream_that_ends_early_is_malformed(coding: Coding, content: bytes, cut: float) -> None:
    body = compress(content, coding)
    with pytest.raises(InvalidJson):
        read(body[: int(len(body) * cut)], coding)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("tail", [b"\0", b"\n", b"garbage", b"\x1f", b"\x28\xb5"])
def test_anything_behind_the_last_stream_is_malformed(coding: Coding, tail: bytes) -> None:
    with pytest.raises(InvalidJson):
        read(compress(b"{}", coding) + tail, coding)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("body", [b"", b"{}", b'{"a":1}', b"\0" * 100])
def test_what_is_not_compressed_is_malformed_and_named(coding: Coding, body: bytes) -> None:
    with pytest.raises(InvalidJson, match=coding):
        read(body, coding)


def test_a_gzip_body_that_was_changed_on_its_way_is_malformed() -> None:
    """The check value at the end of a member covers its content (RFC 1952, section 2.3.1)."""
    body = bytearray(compress(b"0123456789" * 10, "gzip"))
    body[-6] ^= 1
    with pytest.raises(InvalidJson):
        read(bytes(body), "gzip")


@pytest.mark.parametrize("coding", CODINGS)
def test_the_limit_is_exact_and_holds_for_all_streams_together(coding: Coding) -> None:
    body = compress(b"x" * 600, coding) + compress(b"y" * 400, coding)
    assert len(read(body, coding, 1000)) == 1000
    with pytest.raises(BodyTooLarge, match="999 bytes"):
        read(body, coding, 999)


@pytest.mark.parametrize("coding", CODINGS)
def test_content_that_does_not_compress_fits_through_the_limit_of_the_wire(coding: Coding) -> None:
    content = bytes((number * 2654435761 >> 13) & 0xFF for number in range(200_000))
    assert len(compress(content, coding)) <= wire_limit(len(content))


def test_a_zstd_window_of_more_than_eight_mebibytes_is_refused() -> None:
    """RFC 9659, section 3: who sends it could have the reader set aside gigabytes."""

    def framed(window_log: int) -> bytes:
        options = {zstd.CompressionParameter.window_log: window_log, zstd.CompressionParameter.content_size_flag: 0}
        compressor = zstd.ZstdCompressor(options={int(key): value for key, value in options.items()})
        return compressor.compress(b"x" * 1000) + compressor.flush()

    assert len(read(framed(23), "zstd")) == 1000
    with pytest.raises(InvalidJson):
        read(framed(24), "zstd")


def test_streams_without_end_are_refused_however_little_is_in_them() -> None:
    body = gzip.compress(b"") * (MAX_STREAMS + 1)
    assert read(body[: len(body) // (MAX_STREAMS + 1) * MAX_STREAMS], "gzip") == b""
    with pytest.raises(InvalidJson, match="streams"):
        read(body, "gzip")


async def test_other_work_goes_on_while_a_large_body_is_decompressed() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    await decompressed(compress(b"x" * 4_000_000, "gzip"), "gzip", 4_000_000)
    task.cancel()
    assert turns >= 4_000_000 // STEP_BYTES // 8 - 1


BOMB = """
import asyncio, sys, zlib
from eventgate.core.codings import decompressed
from eventgate.errors import BodyTooLarge

def peak():  # getrusage would give the peak of the process that started this one, where that was higher
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

def gzipped():
    maker = zlib.compressobj(9, wbits=31)
    first = maker.compress(bytes(1 << 20)) + maker.flush(zlib.Z_FULL_FLUSH)
    again = maker.compress(bytes(1 << 20)) + maker.flush(zlib.Z_FULL_FLUSH)
    return first + again * 1023

def zstandard():
    from backports import zstd
    maker = zstd.ZstdCompressor()
    return b"".join(maker.compress(bytes(1 << 20)) for _ in range(1024)) + maker.flush()

coding, limit = sys.argv[1], int(sys.argv[2])
body = gzipped() if coding == "gzip" else zstandard()
try:
    asyncio.run(decompressed(body, coding, 1))
except BodyTooLarge:
    pass
before = peak()
try:
    asyncio.run(decompressed(body, coding, limit))
except BodyTooLarge:
    print(peak() - before)
"""


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_of_a_gibibyte_costs_no_more_memory_than_the_limit(coding: Coding) -> None:
    """Peak memory of a process of its own; zstd's window, up to 8 MiB, fills as the content does."""
    limit = 16 << 20
    ran = subprocess.run(
        [sys.executable, "-c", BOMB, coding, str(limit)], capture_output=True, text=True, check=True, env=unmeasured()
    )
    window = 8 << 20
    assert limit / 2 < int(ran.stdout) * 1024 <= limit + window + (1 << 20)
