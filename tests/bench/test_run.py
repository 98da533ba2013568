"""The bench runs, and notices a contestant that does not do its work. What it measures is not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import over_http, servers
from bench.figures import Contestant, Round, as_json, at_least, at_most, ratio, table
from bench.load import LoadFailed
from bench.report import BEGIN, END, record, wishes
from bench.run import MEASUREMENTS
from bench.workload import prepared
from tests.unmeasured import unmeasured

ROOT = Path(__file__).parents[2]


def test_a_quick_run_measures_every_contestant_and_writes_the_figures_down(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.run", "--quick", "--results", str(tmp_path)],
        cwd=ROOT,
        env=unmeasured(),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.glob("*.json")
    figures = json.loads(path.read_bytes())
    assert set(figures["http"]["contestants"]) == {
        over_http.ECHO,
        over_http.GATE,
        over_http.GATE_LOGGING,
        over_http.HANDMADE,
        over_http.GATE_SQLITE,
        over_http.HANDMADE_SQLITE,
    }
    for name in MEASUREMENTS:
        assert figures[name]["wanted"]
        for contestant in figures[name]["contestants"].values():
            assert contestant["requests_per_second"] > 0


def test_a_contestant_that_takes_any_token_and_any_event_is_not_measured(tmp_path: Path) -> None:
    port = servers.free_ports(1)[0]
    with (
        prepared(tmp_path) as workload,
        servers.running(servers.uvicorn("bench.echo:app", port), port, ready="/", log=tmp_path / "log") as server,
        pytest.raises(LoadFailed, match="answers 200 where it should answer 401"),
    ):
        over_http.check(over_http.Entry(Contestant("lax"), server, 202), workload)


def test_a_contestant_that_does_not_start_is_named_with_its_output(tmp_path: Path) -> None:
    port = servers.free_ports(1)[0]
    command = servers.uvicorn("bench.nothing_here:app", port)
    with (
        pytest.raises(servers.StartFailed, match="nothing_here"),
        servers.running(command, port, ready="/", log=tmp_path / "log"),
    ):
        pass


def test_ratios_are_medians_of_rounds_that_ran_side_by_side() -> None:
    """A round in which the whole machine is slow changes no ratio."""
    quick = Contestant("quick", [Round(1000, 1.0, 0.01), Round(1000, 1.0, 0.05), Round(1000, 1.0, 0.01)])
    slow = Contestant("slow", [Round(1000, 1.0, 0.04), Round(1000, 1.0, 0.20), Round(1000, 1.0, 0.04)])
    assert ratio(slow, quick) == pytest.approx(4)
    assert "4.00" in table([quick, slow]).splitlines()[2]


def test_a_wish_says_whether_it_is_met() -> None:
    assert str(at_least("speed", 7.2, 7)).startswith("met")
    assert str(at_most("cost", 2.4, 2)).startswith("NOT MET")


def results() -> dict[str, Any]:
    """A run in which one contestant took part."""
    contestants = [Contestant("gate", [Round(1000, 1.0, 0.05, 1.5, 4.0), Round(1000, 0.5, 0.05, 1.7, 5.0)])]
    told = as_json(contestants, [at_least("speed", 7.2, 7), at_most("cost", 2.4, 2)])
    return {
        "python": "3.13.0",
        "cores": 2,
        "machine": "a processor",
        "load": 0.1,
        "compiled": True,
        "rounds": 2,
        "http": {"unit": "request", **told},
    }


def test_all_wishes_stand_in_one_table() -> None:
    lines = wishes(results()).splitlines()
    assert len(lines) == 3
    assert lines[1].split() == ["speed", "7.2", "at", "least", "7"]
    assert lines[2].endswith("at most 2: NOT MET")


def test_figures_are_written_where_the_page_has_their_place(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    record(results(), page)
    record(results(), page)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert text.count("| gate | 1,500 (1,000 to 2,000) | 50 (50 to 50) | 1.00 | 1.6, 4.5 |") == 1
    assert "| cost | 2.4 | at most 2 | **no** |" in text


def test_a_page_without_a_place_for_figures_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("text\n")
    with pytest.raises(ValueError, match="no place"):
        record(results(), page)
    assert page.read_text() == "text\n"
