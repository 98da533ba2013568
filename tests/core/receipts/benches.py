"""A gateway with receipts, and what its answers say."""

from __future__ import annotations

from typing import Any

from eventgate.core.model import Response
from eventgate.core.receipts import Receipts
from tests.core.gateway_support import Bench, said
from tests.core.receipts.receipt_support import ring
from tests.core.receipts.sinks import TestableWriter

BODY = b'{"a":1}'


def bench(*writers: TestableWriter, receipts: Receipts | None = None, **options: Any) -> Bench:
    return Bench(*writers, receipts=receipts or ring(), **options)


def receipt_of(answer: Response) -> bytes:
    return str(said(answer)["receipt"]).encode()


def outcomes(answer: Response) -> dict[str, str]:
    return {name: result["outcome"] for name, result in said(answer)["writers"].items()}
