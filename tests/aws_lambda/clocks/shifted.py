"""The handler in a process whose clocks can be put forward: what a long freeze looks like from inside.

`CLOCKS` names them (`time`, `time,monotonic`); the file at `CLOCKS_AHEAD` holds by how many seconds they are ahead. A
frozen machine's wall clock goes on; whether its monotonic clock does is up to who froze it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

_ahead = Path(os.environ["CLOCKS_AHEAD"])


def _shifted(clock: Callable[[], float]) -> Callable[[], float]:
    return lambda: clock() + float(_ahead.read_text())


for _name in os.environ["CLOCKS"].split(","):
    setattr(time, _name, _shifted(getattr(time, _name)))

from event_gate_lambda import lambda_handler  # noqa: E402  after the clocks

__all__ = ["lambda_handler"]
