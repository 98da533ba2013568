"""The table of the last long campaign, in docs/reliability.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.campaign.report import Report

BEGIN, END = "<!-- campaign: written by `make campaign` -->", "<!-- /campaign -->"


def table(report: Report) -> str:
    """The report as a table of Markdown."""
    faults: dict[str, Counter[str]] = {}
    for name, count in report.faults.items():
        place, _, kind = name.partition(": ")
        faults.setdefault(place, Counter())[kind] += count
    rows = [
        ("seed", f"`{report.seed}`"),
        ("minutes", f"{report.seconds / 60:.1f}"),
        ("events", f"{report.events:,}"),
        ("requests", f"{report.requests:,}"),
        ("answers by status", _listed(report.answers)),
        *((f"faults: {place}", _listed(kinds)) for place, kinds in sorted(faults.items())),
        ("second copies, by what explains them", _listed(report.copies)),
        ("violations", str(len(report.violations))),
    ]
    return "".join(f"| {name} | {value} |\n" for name, value in [("the last campaign", ""), ("---", "---"), *rows])


def write(page: Path, report: Report) -> None:
    """Put the table where the last one is in `page`."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{table(report)}\n{END}{after}", encoding="utf-8")


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items())) or "none"
