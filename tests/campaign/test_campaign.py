"""A short campaign against real sinks; `make campaign` runs a long one."""

from __future__ import annotations

import secrets
from pathlib import Path

from tests.campaign.campaign import Services, run
from tests.services.aws import Aws
from tests.services.broker import Broker
from tests.services.database import Database

SECONDS = 20


def test_no_answer_is_a_lie_whatever_fails(tmp_path: Path, kafka: Broker, postgres: Database, aws: Aws) -> None:
    """Each run fails differently; the seed of a failing one is in its report."""
    report = run(tmp_path, Services(kafka, postgres, aws), SECONDS, secrets.token_hex(4))
    assert report.violations == [], report
    assert report.answers["202"] > 0, report
    assert report.faults.total() > 0, report
