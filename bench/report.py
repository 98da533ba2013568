"""What a run found, put together: all wishes in one table, and the page of the documentation with the figures."""

from __future__ import annotations

import platform
import re
from pathlib import Path
from statistics import median
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"


def machine() -> str:
    """The processor, as its system calls it."""
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _parts(results: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: part for name, part in results.items() if isinstance(part, dict)}


def form(results: dict[str, Any]) -> str:
    """Whether the gate was compiled."""
    return "compiled as in the server's image (for Lambda not)" if results["compiled"] else "not compiled"


def wishes(results: dict[str, Any]) -> str:
    """A line for each thing that is wanted, met or not."""
    lines = [f"{'what the project wants':<62}{'measured':>12}  wanted"]
    for part in _parts(results).values():
        for wish in part["wanted"]:
            told = f"{wish['text']:<62}{_number(wish['measured']):>12}  {wish['wanted']}"
            lines.append(told if wish["met"] else f"{told}: NOT MET")
    return "\n".join(lines)


def record(results: dict[str, Any], page: Path = PAGE) -> None:
    """Write the tables of a run between the marks in `page`; raises `ValueError` where these are missing."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has no place for figures")
    page.write_text(f"{before}{begin}\n\n{_markdown(results)}\n\n{end}{after}")


def _markdown(results: dict[str, Any]) -> str:
    parts = _parts(results)
    told = [
        f"Python {results['python']}, the gate {form(results)}, on {results['machine']}, {results['cores']} cores, "
        f"which had a load of {results['load']:.1f} before; medians of {results['rounds']} rounds, the lowest and "
        "highest in brackets.",
        "\n".join(_wished(parts)),
    ]
    for name, part in parts.items():
        told.append(f"### `make bench ARGS={name}`")
        told.append("\n".join(_measured(part)))
    return "\n\n".join(told)


def _wished(parts: dict[str, dict[str, Any]]) -> list[str]:
    rows = [
        f"| {wish['text']} | {_number(wish['measured'])} | {wish['wanted']} | {'yes' if wish['met'] else '**no**'} |"
        for part in parts.values()
        for wish in part["wanted"]
    ]
    return ["| what the project wants | measured | wanted | met |", "|---|---|---|---|", *rows]


def _measured(part: dict[str, Any]) -> list[str]:
    unit = part["unit"]
    rows = [
        f"| | {unit}s a second | CPU, µs for each {unit} | times the first | p50, p99 ms |",
        "|---|---|---|---|---|",
    ]
    first: list[float] | None = None
    for name, contestant in part["contestants"].items():
        played = contestant["rounds"]
        costs = [each["cpu_seconds"] / each["requests"] * 1e6 for each in played]
        first = first or costs
        times = median(a / b for a, b in zip(costs, first, strict=False))
        tails = [median(each[field] for each in played) for field in ("p50_ms", "p99_ms")]
        rates = [each["requests"] / each["seconds"] for each in played]
        waits = f"{tails[0]:.1f}, {tails[1]:.1f}" if any(tails) else ""
        rows.append(f"| {name} | {_spread(rates)} | {_spread(costs)} | {times:.2f} | {waits} |")
    return rows


def _spread(values: list[float]) -> str:
    told = _number(median(values))
    return told if len(values) == 1 else f"{told} ({_number(min(values))} to {_number(max(values))})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
