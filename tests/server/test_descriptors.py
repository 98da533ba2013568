"""How many connections a process takes follows from the descriptors that the system allows it."""

from __future__ import annotations

import subprocess
import sys

from tests.unmeasured import unmeasured

PROGRAM = """
import resource
from eventgate.server.descriptors import connection_limit
for soft, hard in ((64, 4096), (1024, 1024), (300, 300), (100, 100)):
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    print(connection_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_sinks_and_files_keep_a_quarter_of_the_descriptors_and_256_at_least() -> None:
    """As many are asked for as may be had. A process that may have next to none still takes a connection."""
    command = [sys.executable, "-c", PROGRAM]
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=unmeasured()).stdout
    assert [tuple(map(int, line.split())) for line in output.splitlines()] == [
        (3072, 4096, 4096),
        (768, 1024, 1024),
        (44, 300, 300),
        (1, 100, 100),
    ]
