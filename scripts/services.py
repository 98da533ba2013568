"""Keeps Kafka, PostgreSQL and AWS (played by moto) up until Ctrl-C, for trying the writers by hand.

services.py [DIR]      DIR becomes a configuration on them, made anew (default: .eventgate-dev-services)
"""

from __future__ import annotations

import shutil
import signal
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.services.aws import aws  # noqa: E402  tests are no package that is installed
from tests.services.broker import broker  # noqa: E402  as above
from tests.services.database import database  # noqa: E402  as above
from tests.services.process import ServiceUnavailable  # noqa: E402  as above
from tests.services.trial import ENVIRONMENT, make_trial  # noqa: E402  as above


def main(folder: Path) -> int:
    if folder.exists() and not (folder / ENVIRONMENT).exists():
        print(f"services: {folder} is not one of ours; name a new directory", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        stack.enter_context(suppress(KeyboardInterrupt))
        print("starting Kafka, PostgreSQL and moto (the first time, they are fetched)", flush=True)
        kafka, postgres, cloud = (
            stack.enter_context(broker()),
            stack.enter_context(database()),
            stack.enter_context(aws()),
        )
        shutil.rmtree(folder, ignore_errors=True)
        print("\n" + make_trial(folder, kafka, postgres, cloud))
        print("Ctrl-C stops them and forgets what they hold.", flush=True)
        signal.pause()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".eventgate-dev-services").resolve()))
    except ServiceUnavailable as missing:
        sys.exit(f"services: {missing}")
