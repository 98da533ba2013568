"""Batches, CloudEvents and compressed bodies that every host must answer alike."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from backports import zstd

from tests.parity.case import ALICE, GOOD_RUN, RITA, Case, Fields

CLOUDEVENT = b'{"specversion":"1.0","id":"c-1","source":"/s","type":"t","data":%b}'
GZIP: Fields = (("Content-Encoding", b"gzip"),)
ZSTD: Fields = (("Content-Encoding", b"zstd"),)
NDJSON = b"application/x-ndjson"
STRUCTURED = b"application/cloudevents+json"
BATCHED = b"application/cloudevents-batch+json"
BATCHES: tuple[tuple[str, bytes, Fields, bytes, int], ...] = (
    ("lines", NDJSON, (), GOOD_RUN + b"\r\n\n " + GOOD_RUN, 202),
    ("lines, some bad", NDJSON, (), GOOD_RUN + b'\n{"event_id":7}\nnope\n\xff\n' + GOOD_RUN, 207),
    ("lines, all bad", NDJSON, (), b'{"event_id":7}\n7', 400),
    ("lines, one forbidden", NDJSON, RITA, GOOD_RUN + b'\n{"event_id":"e","tenant_id":"t2"}', 207),
    ("lines, one too large", NDJSON, (), GOOD_RUN + b'\n"' + b"x" * 65536 + b'"', 207),
    ("no line", NDJSON, (), b"\n", 400),
    ("lines with a byte order mark", NDJSON, (), b"\xef\xbb\xbf" + GOOD_RUN + b"\n" + GOOD_RUN, 207),
    ("too many lines", NDJSON, (), b"{}\n" * 1001, 413),
    ("lines, too large together", NDJSON, (), b" " * 300_000, 413),
    ("lines in gzip", NDJSON, GZIP, gzip.compress(GOOD_RUN + b"\n" + GOOD_RUN, mtime=0), 202),
    ("lines in zstd", NDJSON, ZSTD, zstd.compress(GOOD_RUN + b"\n" + GOOD_RUN), 202),
    ("lines in gzip, too large", NDJSON, GZIP, gzip.compress(b" " * 300_000, mtime=0), 413),
    ("lines in gzip, cut off", NDJSON, GZIP, gzip.compress(GOOD_RUN, mtime=0)[:-1], 400),
    ("one event in gzip", b"application/json", GZIP, gzip.compress(GOOD_RUN, mtime=0), 202),
    ("one event in gzip, too large", b"application/json", GZIP, gzip.compress(b"1" * 70_000, mtime=0), 413),
    ("CloudEvent", STRUCTURED, (), CLOUDEVENT % GOOD_RUN, 202),
    ("CloudEvent in gzip", STRUCTURED, GZIP, gzip.compress(CLOUDEVENT % GOOD_RUN, mtime=0), 202),
    ("CloudEvent with a bad event", STRUCTURED, (), CLOUDEVENT % b"{}", 400),
    ("CloudEvent that is none", STRUCTURED, (), GOOD_RUN, 400),
    ("CloudEvents", BATCHED, (), b"[%b, %b]" % (CLOUDEVENT % GOOD_RUN, CLOUDEVENT % GOOD_RUN), 202),
    ("CloudEvents, some bad", BATCHED, (), b"[%b,{},%b]" % (CLOUDEVENT % b"{}", CLOUDEVENT % GOOD_RUN), 207),
    ("CloudEvents, no array", BATCHED, (), CLOUDEVENT % GOOD_RUN, 400),
)


def batch_cases() -> Iterator[Case]:
    """Each to be delivered, and to be judged only."""
    for name, kind, headers, body, status in BATCHES:
        who = () if headers == RITA else ALICE
        fields = (*who, *headers, ("Content-Type", kind), ("Idempotency-Key", b"k-1"))
        yield Case(f"batch: {name}", "POST", "/topics/runs", status, fields, body)
        validated = 200 if status == 202 else status
        yield Case(f"validate batch: {name}", "POST", "/topics/runs/validate", validated, fields, body)
