"""Both clients and a real gate with the SQLite writer, over connections that break."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventgate.client import Answer, AsyncClient, Client, Retry
from tests.cli.commands import eventgate
from tests.deployment import deployment
from tests.server_process import ServerProcess
from tests.services.proxy import Cut, TcpProxy

PATIENT = Retry(first=0.001, longest=0.02, total=60, introduction=60)
CUTS = st.lists(
    st.builds(Cut, st.sampled_from(["up", "down"]), st.one_of(st.just(0), st.integers(1, 60), st.integers(61, 1500))),
    max_size=4,
)


Way = Callable[["Site", Sequence[bytes], bool], Sequence[Answer]]


class Site:
    """A gate whose SQLite file can be looked into, and a proxy before it."""

    def __init__(self, conf: Path, token: str, port: int, proxy: TcpProxy) -> None:
        self.token = token
        self.url = f"http://127.0.0.1:{port}"
        self.proxy = proxy
        self._db = conf / "events.db"
        self._numbers = itertools.count()

    def events(self, count: int) -> list[bytes]:
        """Events that were never posted before."""
        return [b'{"number": %d}' % next(self._numbers) for _ in range(count)]

    def held(self, events: Sequence[bytes]) -> list[bytes]:
        """Which of `events` are in the sink, as often as they are."""
        with closing(sqlite3.connect(self._db)) as db:
            rows = [bytes(row[0]) for row in db.execute("SELECT CAST(event AS BLOB) FROM events")]
        return sorted(row for row in rows if row in set(events))


@pytest.fixture(scope="module", params=[True, False], ids=["receipts", "no receipts"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with deployment(tmp_path_factory.mktemp("gate")) as deployed:
        deployed.config["writers"] = {"sqlite": {"path": "events.db"}}
        if request.param:
            deployed.config["receipts"] = {"active": "k", "keys": {"k": "receipt-key-of-the-tests-" * 2}}
        deployed.write()
        token = deployed.maker.token("alice")
        with ServerProcess(deployed.conf, log_level="ERROR") as server, TcpProxy("127.0.0.1", server.port) as proxy:
            yield Site(deployed.conf, token, server.port, proxy)


def together(site: Site, events: Sequence[bytes], compress: bool) -> Sequence[Answer]:
    with Client(f"http://{site.proxy.address}", site.token, retry=PATIENT, compress=compress) as client:
        return client.post_batch("free", events).results


def side_by_side(site: Site, events: Sequence[bytes], compress: bool) -> Sequence[Answer]:
    async def post() -> Sequence[Answer]:
        async with AsyncClient(f"http://{site.proxy.address}", site.token, retry=PATIENT) as client:
            return await asyncio.gather(*(client.post("free", event) for event in events))

    return asyncio.run(post())


@pytest.mark.parametrize("way", [together, side_by_side])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(good=st.integers(1, 40), bad=st.integers(0, 2), cuts=CUTS, compress=st.booleans())
def test_every_event_is_accepted_and_in_the_sink_once_or_refused_and_not(
    site: Site, way: Way, good: int, bad: int, cuts: list[Cut], compress: bool
) -> None:
    events = [*site.events(good), *(b'"no object %d"' % n for n in range(bad))]
    site.proxy.plan(cuts)
    answers = way(site, events, compress)
    assert [answer.status for answer in answers] == [202] * good + [400] * bad
    assert site.held(events) == sorted(events[:good])


def test_a_file_goes_through_connections_that_break(site: Site, tmp_path: Path) -> None:
    events, file = site.events(2000), tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join(events))
    site.proxy.plan([Cut("down", 0), Cut("up", 30_000), Cut("down", 20_000), Cut("up", 700), Cut("down", 90_000)])
    ended = eventgate(
        "send",
        "free",
        file,
        "--url",
        f"http://{site.proxy.address}",
        "--batch",
        "50",
        env={"EVENTGATE_TOKEN": site.token},
    )
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("2,000 events: 2,000 accepted")
    assert site.held(events) == sorted(events)


def test_batches_beyond_the_gates_limit_are_parted(site: Site, tmp_path: Path) -> None:
    events, file = site.events(1500), tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join(events))
    ended = eventgate("send", "free", file, "--url", site.url, "--batch", "1500", env={"EVENTGATE_TOKEN": site.token})
    assert (ended.code, ended.out) == (0, "1,500 events: 1,500 accepted, 0 not accepted\n")
    assert site.held(events) == sorted(events)
