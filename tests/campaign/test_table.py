"""The table in docs/reliability.md."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.campaign.report import Report
from tests.campaign.table import BEGIN, END, write

REPORT = Report(
    "5eed",
    600,
    events=1200,
    requests=1500,
    answers=Counter({"202": 1100, "500": 400}),
    faults=Counter({"kafka: killed": 3, "gate: paused": 2}),
    copies=Counter({"lost answer": 4}),
)
ROWS = """\
| the last campaign |  |
| --- | --- |
| seed | `5eed` |
| minutes | 10.0 |
| events | 1,200 |
| requests | 1,500 |
| answers by status | 202 1,100, 500 400 |
| faults: gate | paused 2 |
| faults: kafka | killed 3 |
| second copies, by what explains them | lost answer 4 |
| violations | 0 |
"""


def test_the_table_takes_the_place_of_the_last_one(tmp_path: Path) -> None:
    """And what stands around it stays."""
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n{BEGIN}\n{END}\n\nThe end.\n")
    for _ in range(2):
        write(page, REPORT)
        assert page.read_text() == f"# Title\n\n{BEGIN}\n\n{ROWS}\n{END}\n\nThe end.\n"
