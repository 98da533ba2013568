"""What an environment lives through: freezes, deadlines, crashes, a broken configuration, a rebuild."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.aws.stub import EventsStub, Silence, events_stub
from tests.aws_lambda.conftest import NewFunction
from tests.aws_lambda.events import body_of, rest_api
from tests.aws_lambda.function import Function, InvocationFailed
from tests.aws_lambda.packages import Built
from tests.deployment import Deployment
from tests.faults.sinks import Bus, Sinks
from tests.services.aws import Aws
from tests.services.broker import Broker
from tests.services.database import Database
from tests.services.proxy import TcpProxy

CLOCKS = Path(__file__).parent / "clocks"
MINUTE = 60.0


@pytest.fixture
def bus(deployed: Deployment) -> Any:
    """A bus that does as it is told, and is the deployment's only sink."""
    with events_stub() as stub:
        arn = "arn:aws:events:eu-west-1:123456789012:event-bus/b"
        deployed.config["writers"] = {"eventbridge": {"event_bus_arn": arn, "endpoint_url": stub.url}}
        deployed.write()
        yield stub


def post(deployed: Deployment, event_id: str, **headers: str) -> Any:
    fields = {"Authorization": deployed.bearer(), "Idempotency-Key": event_id, "X-Correlation-ID": event_id, **headers}
    return rest_api("POST", "/topics/free", fields, "{}")


def outcome(answer: Any, writer: str = "eventbridge") -> tuple[int, str]:
    return answer["statusCode"], body_of(answer)["writers"][writer]["outcome"]


def logged_ids(function: Function) -> list[str]:
    return [line["correlation_id"] for line in function.logged if "correlation_id" in line]


class Frozen:
    """A function whose clocks the test puts forward."""

    def __init__(self, new_function: NewFunction, package: Built, folder: Path, clocks: str) -> None:
        self._ahead = folder / "ahead"
        self.sleep(0)
        path = f"{package.code.runtime}:{CLOCKS}"
        env = {"PYTHONPATH": path, "CLOCKS": clocks, "CLOCKS_AHEAD": str(self._ahead)}
        self.function = new_function(package, env, handler="shifted.lambda_handler")

    def sleep(self, seconds: float) -> None:
        """Between two invocations: the function is stopped, and when it goes on it is that much later."""
        self._ahead.write_text(str(seconds))

    def invoke(self, event: object) -> Any:
        """Its deadline is told by the clock that it sees."""
        return self.function.invoke(event, ahead=float(self._ahead.read_text()))


@pytest.mark.parametrize("clocks", ["time", "time,monotonic"])
def test_after_a_minutes_freeze_nothing_is_old(
    new_function: NewFunction, package: Built, deployed: Deployment, tmp_path: Path, clocks: str
) -> None:
    """A token that was verified has run out by then, the next one counts, and nobody gets another's answer."""
    frozen = Frozen(new_function, package, tmp_path, clocks)
    deployed.config["auth"] = {"leeway_seconds": 0}
    deployed.write()
    short = deployed.bearer(ttl=30)
    first = frozen.invoke(post(deployed, "first", Authorization=short))
    frozen.sleep(MINUTE)
    late = frozen.invoke(post(deployed, "late", Authorization=short))
    good = frozen.invoke(post(deployed, "good"))
    assert [answer["statusCode"] for answer in (first, late, good)] == [202, 401, 202]
    assert body_of(late)["errors"][0]["reason"] == "expired"
    assert [answer["headers"]["X-Correlation-ID"] for answer in (first, late, good)] == ["first", "late", "good"]
    assert logged_ids(frozen.function) == ["first", "late", "good"]


def test_after_a_minutes_freeze_a_new_topic_is_there(
    new_function: NewFunction, package: Built, deployed: Deployment, tmp_path: Path
) -> None:
    """Sources are looked at before the request, as no timer ran meanwhile."""
    frozen = Frozen(new_function, package, tmp_path, "time,monotonic")
    assert frozen.invoke(rest_api("GET", "/topics/fresh", {}))["statusCode"] == 404
    deployed.topic("fresh", {"type": "object"})
    assert frozen.invoke(rest_api("GET", "/topics/fresh", {}))["statusCode"] == 404
    frozen.sleep(MINUTE + 1)
    assert frozen.invoke(rest_api("GET", "/topics/fresh", {}))["statusCode"] == 200


def test_a_request_that_ran_out_of_time_sends_nothing_after_the_freeze(
    new_function: NewFunction, package: Built, deployed: Deployment, bus: EventsStub
) -> None:
    """Its answer said `unknown`, in time; what the bus takes later is only what is sent later."""
    function = new_function(package)
    assert outcome(function.invoke(post(deployed, "warm"))) == (202, "delivered")
    bus.always = Silence(take=False)
    assert outcome(function.invoke(post(deployed, "ghost"), seconds=1.5)) == (500, "unknown")
    bus.always = None
    bus.released.set()
    assert outcome(function.invoke(post(deployed, "after"))) == (202, "delivered")
    assert len(bus.taken) == 2
    assert logged_ids(function) == ["warm", "ghost", "after"]


def test_kafkas_client_sends_nothing_of_the_last_request_after_the_freeze(
    new_function: NewFunction,
    package: Built,
    deployed: Deployment,
    kafka: Broker,
    proxy_to: Callable[[str, int], TcpProxy],
) -> None:
    """It has threads of its own, which a thaw wakes up."""
    proxy = proxy_to(*kafka.address)
    topic = kafka.create_topic(f"ghost-{package.file.parent.name}")
    deployed.config["writers"] = {"kafka": {"bootstrap_servers": kafka.through(proxy)}}
    deployed.config["topics"] = {"free": {"schema": "topics/free.json", "writers": {"kafka": {"topic": topic}}}}
    deployed.write()
    function = new_function(package)
    assert outcome(function.invoke(post(deployed, "warm")), "kafka") == (202, "delivered")
    proxy.cut()
    status, ghost = outcome(function.invoke(post(deployed, "ghost"), seconds=2.0), "kafka")
    proxy.restore()
    answers = [outcome(function.invoke(post(deployed, "after")), "kafka")]
    assert (status, ghost in ("failed", "unknown")) == (500, True)
    assert answers == [(202, "delivered")]
    assert [record.headers["eventgate-event-id"] for record in kafka.read(topic)] == [b"warm", b"after"]


def test_an_answer_comes_before_a_deadline_that_is_near(
    new_function: NewFunction, package: Built, deployed: Deployment, bus: EventsStub
) -> None:
    """Whatever the sink does, Lambda never has to end the function. With no time at all, nothing is begun."""
    function = new_function(package)
    function.invoke(rest_api("GET", "/livez", {}))
    bus.always = Silence(take=False)
    for seconds in (1.5, 1.0, 0.7):
        assert outcome(function.invoke(post(deployed, "near"), seconds))[0] == 500
    before = len(bus.requests)
    assert outcome(function.invoke(post(deployed, "now"), seconds=0.4)) == (500, "failed")
    assert (len(bus.requests), function.starts) == (before, 1)


def test_a_crash_costs_one_invocation(
    new_function: NewFunction, package: Built, deployed: Deployment, bus: EventsStub
) -> None:
    """Whoever waits gets Lambda's own error; the next invocation has a new environment."""
    function = new_function(package)
    bus.always = Silence(take=False)
    function.begin(json.dumps(post(deployed, "lost")).encode(), 30)
    assert bus.arrived.wait(30)
    function.crash()
    with pytest.raises(InvocationFailed, match="exited"):
        function.finish(30)
    bus.always = None
    assert outcome(function.invoke(post(deployed, "next"))) == (202, "delivered")
    assert function.starts == 2


def test_a_broken_configuration_is_503_and_all_findings_are_in_the_log(
    new_function: NewFunction, package: Built, deployed: Deployment
) -> None:
    """The environment lives, so that nothing starts over and over; and it is well once the configuration is."""
    deployed.config |= {"nonsense": 1, "limits": {"max_depth": "deep"}}
    deployed.write()
    function = new_function(package)
    answer = function.invoke(post(deployed, "a"))
    assert answer["statusCode"] == 503
    assert [error["type"] for error in body_of(answer)["errors"]] == ["configuration"]
    errors = [line["message"] for line in function.logged if line["level"] == "ERROR"]
    assert any("nonsense" in message for message in errors)
    assert any("/limits/max_depth" in message for message in errors)
    assert function.invoke(rest_api("GET", "/livez", {}))["statusCode"] == 200
    assert function.starts == 1


def test_a_package_without_a_writers_library_says_so(
    new_function: NewFunction, package: Built, deployed: Deployment
) -> None:
    """Here a plugin that is not there; the library of a writer that was left out is told the same way."""
    deployed.config["writers"] = {"carrier_pigeon": {}}
    deployed.write()
    function = new_function(package)
    assert function.invoke(post(deployed, "a"))["statusCode"] == 503
    assert any("carrier_pigeon" in line["message"] for line in function.logged if line["level"] == "ERROR")


def test_terminate_rebuilds_the_gate_in_the_same_environment(
    new_function: NewFunction, package: Built, deployed: Deployment
) -> None:
    function = new_function(package)
    assert function.invoke(post(deployed, "a"))["statusCode"] == 202
    deployed.config["limits"] = {"max_body_bytes": 1}
    deployed.write()
    root = {"Authorization": deployed.bearer("root")}
    assert function.invoke(post(deployed, "b"))["statusCode"] == 202
    assert function.invoke(rest_api("POST", "/terminate", root))["statusCode"] == 202
    assert function.invoke(post(deployed, "c"))["statusCode"] == 413
    assert function.starts == 1


def test_all_three_sinks_cold_and_warm(
    new_function: NewFunction, package: Built, deployed: Deployment, kafka: Broker, postgres: Database, aws: Aws
) -> None:
    """Each holds each event once."""
    sinks = Sinks(kafka, postgres, Bus(aws))
    kafka.create_topic(sinks.topic)
    deployed.config["writers"] = sinks.writers
    uses = {"kafka": {"topic": sinks.topic}, "postgres": {}, "eventbridge": {}}
    topic = {"schema": "topics/free.json", "event_id": "/event_id", "writers": uses}
    deployed.config["topics"] = {"free": topic}
    deployed.write()
    function = new_function(package)
    names = [f"{package.file.parent.name}-{number}" for number in range(3)]
    for name in names:
        event = post(deployed, name) | {"body": json.dumps({"event_id": name})}
        answer = function.invoke(event)
        assert {writer: said["outcome"] for writer, said in body_of(answer)["writers"].items()} == dict.fromkeys(
            uses, "delivered"
        )
    assert dict(sinks.held()) == {writer: dict.fromkeys(names, 1) for writer in uses}
