"""`make campaign`: a long campaign on services of its own, and its row in docs/reliability.md."""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import tempfile
from pathlib import Path

from tests.campaign.campaign import Services, run
from tests.campaign.table import table, write
from tests.services.aws import aws
from tests.services.broker import broker
from tests.services.database import database
from tests.services.process import ServiceUnavailable

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"


def main(arguments: list[str]) -> int:
    """Run it; 0 if nothing was violated, 1 otherwise, 3 where a service cannot be had."""
    parser = argparse.ArgumentParser(prog="make campaign", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", default="")
    parser.add_argument("--folder", type=Path, help="keep the ledger and the gates' logs in this new folder")
    options = parser.parse_args(arguments)
    seed = options.seed or secrets.token_hex(4)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the services end with us
    print(f"seed {seed}, {options.seconds:g} seconds", flush=True)
    with tempfile.TemporaryDirectory(prefix="eventgate-campaign-") as scratch:
        folder = options.folder or Path(scratch, "campaign")
        folder.mkdir(parents=True)
        try:
            with broker() as kafka, database() as postgres, aws() as cloud:
                report = run(folder, Services(kafka, postgres, cloud), options.seconds, seed)
        except ServiceUnavailable as missing:
            print(missing, file=sys.stderr)
            return 3
    for violation in report.violations:
        print(f"VIOLATION {violation}")
    print(table(report), end="")
    write(PAGE, report)
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
