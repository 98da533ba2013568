"""A Lambda function on this machine: an unpacked package under AWS's own runtime client, frozen between invocations."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.aws_lambda.runtime_api import MAX_PAYLOAD, Invocation, Reported, RuntimeApi, deadline_in

HANDLER: Final = "event_gate_lambda.lambda_handler"
INIT_SECONDS: Final = 60.0
"""Lambda gives an environment 10 seconds to start; a busy test machine gets some more."""
PATIENCE_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.05
"""Between two looks at whether the process is still there; what it says is taken at once."""


class InvocationFailed(Exception):
    """Lambda would answer for the function: it took too long, ended, or said something that cannot be passed on."""


@dataclass(frozen=True)
class Code:
    """What a function runs: an interpreter, the runtime client's folder, and the folder of the unpacked package."""

    interpreter: Path
    runtime: Path
    root: Path


class Function:
    """One function with at most one environment, as a concurrency of 1 would have it.

    `env` is the function's configuration: its process sees that, what Lambda sets, and nothing of ours.
    """

    def __init__(self, code: Code, folder: Path, env: Mapping[str, str] | None = None, handler: str = HANDLER) -> None:
        self.starts = 0
        self._api = RuntimeApi()
        self._code = code
        self._command = [str(code.interpreter), "-S", "-m", "awslambdaric", handler]
        self._env = _environment(code, self._api.address, handler) | dict(env or {})
        self._log = folder / "function.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._api.close()

    @property
    def log(self) -> str:
        """What the function has written so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def logged(self) -> list[dict[str, Any]]:
        """The lines of its log that are JSON."""
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]

    def invoke(self, event: object, seconds: float = PATIENCE_SECONDS, *, ahead: float = 0.0) -> Any:
        """The function's answer to `event`, given `seconds`; then it is frozen. Raises `InvocationFailed`.

        `ahead`: by how much the wall clock that the function sees is ahead of ours.
        """
        self.begin(json.dumps(event).encode(), seconds, ahead)
        return self.finish(seconds).document()

    def begin(self, payload: bytes, seconds: float, ahead: float = 0.0) -> None:
        """Hand the function an invocation, in a new environment if there is none; raises `InvocationFailed`."""
        if len(payload) > MAX_PAYLOAD:
            raise InvocationFailed("the request must be smaller than 6291456 bytes")
        self.start()
        self._signal(signal.SIGCONT)
        self._api.hand_over(Invocation(payload, deadline_in(seconds + ahead)))

    def finish(self, seconds: float) -> Reported:
        """Wait for what the function says, then freeze it; raises `InvocationFailed` if it says nothing in time."""
        end = time.monotonic() + seconds
        while (reported := self._api.next_report(LOOK_SECONDS)) is None:
            self._look()
            if time.monotonic() > end:
                self.kill()
                raise InvocationFailed("the task timed out")
        while not self._api.polling.wait(LOOK_SECONDS):  # the function is done with its next poll, not before
            self._look()
        self._signal(signal.SIGSTOP)
        if reported.kind != "response":
            raise InvocationFailed(f"{reported.kind}: {reported.content.decode()}")
        return reported

    def start(self) -> None:
        """Have an environment that is ready, as provisioned concurrency does; raises `InvocationFailed`."""
        if self._process is not None:
            return
        self.starts += 1
        self._api.polling.clear()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._code.root, env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        end = time.monotonic() + INIT_SECONDS
        while not self._api.polling.wait(LOOK_SECONDS):
            self._look()
            if time.monotonic() > end:
                self.kill()
                raise InvocationFailed("the environment did not start in time")

    @property
    def peak_bytes(self) -> int:
        """The most memory that the environment has had so far; 0 where there is none (Linux: /proc/PID/status)."""
        if self._process is None:
            return 0
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))

    @property
    def cpu_seconds(self) -> float:
        """Processor time that the environment has taken so far; 0 where there is none (Linux: /proc/PID/stat)."""
        if self._process is None:
            return 0.0
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def crash(self) -> None:
        """Let the environment end at once, as the kernel would for want of memory."""
        self._signal(signal.SIGKILL)

    def kill(self) -> None:
        """End the environment; the next invocation has a new one."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _look(self) -> None:
        """Raise `InvocationFailed` if the environment has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            self._process = None
            raise InvocationFailed("the runtime exited")

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)


def _environment(code: Code, api: str, handler: str) -> dict[str, str]:
    """What Lambda sets (AWS Lambda Developer Guide, "Defined runtime environment variables")."""
    return {
        "_HANDLER": handler,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_RUNTIME_API": api,
        "AWS_REGION": "eu-west-1",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "LAMBDA_TASK_ROOT": str(code.root),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",  # the folder of a function cannot be written to
        "PYTHONPATH": str(code.runtime),
        "TZ": ":UTC",
    }
