"""A server whose collector of traces does not answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deployment import deployment
from tests.faults.sites import post
from tests.server_process import ServerProcess
from tests.services.collector import collector


def test_a_collector_that_hangs_is_known_to_no_request_and_holds_up_no_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collector() as spans, deployment(tmp_path / "conf") as where:
        spans.hangs = True
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", spans.url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "600")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
        with ServerProcess(where.conf) as server:
            for _ in range(20):
                assert post(server.port, where, "free", b"{}")[0] == 202
            assert spans.asked.wait(60)
            assert post(server.port, where, "free", b"{}")[0] == 202
            server.process.terminate()
            assert server.finish() == 0
        assert spans.came() == []
