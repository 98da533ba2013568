"""What all commands have in common."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import eventgate as package
from tests.cli.commands import environment, eventgate
from tests.unmeasured import unmeasured

COMMANDS = (
    "dev", "serve", "check", "smoke", "init", "send", "validate", "token", "events", "db", "deadletters", "package",
)  # fmt: skip


def python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a Python of its own."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=unmeasured(environment()),
    )


def test_version_is_the_package_version() -> None:
    assert eventgate("--version").out == f"eventgate {package.__version__}\n"


def test_help_lists_every_command() -> None:
    ended = eventgate("--help")
    assert ended.code == 0
    listed = [line.split()[0] for line in ended.out.partition("Commands:")[2].splitlines() if line.strip()]
    assert listed == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    ended = eventgate(command, "--help")
    assert ended.code == 0
    assert f"eventgate {command}" in ended.out


def test_without_a_command_it_says_where_to_start() -> None:
    ended = eventgate()
    assert ended.code == 2
    assert "eventgate dev" in ended.error()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("chek",), "Did you mean 'check'?"),
        (("send",), "TOPIC"),
        (("send", "a", "b", "--colour"), "--colour"),
        (("serve", "--metrics", "9100"), "HOST:PORT"),
        (("serve", "--metrics", ":9100"), "HOST:PORT"),
        (("serve", "--metrics", "::1:9100"), "HOST:PORT"),
        (("serve", "--metrics", "localhost:http"), "HOST:PORT"),
        (("serve", "--metrics", "localhost:65536"), "0 to 65535"),
        (("serve", "--port", "http"), "--port"),
        (("serve", "--port", "70000"), "--port"),
        (("token",), "--sub"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments: tuple[str, ...], says: str) -> None:
    ended = eventgate(*arguments)
    assert ended.code == 2
    assert says in ended.error()


@pytest.mark.parametrize("place", [0, 1, 3])
def test_debug_adds_the_traceback_wherever_it_stands(place: int, tmp_path: Path) -> None:
    arguments = ["token", "--sub", "a"]
    arguments.insert(place, "--debug")
    ended = eventgate(*arguments, cwd=tmp_path)
    assert ended.code == 2
    assert "Traceback" in ended.err
    assert ended.err.splitlines()[-1].startswith("eventgate: ")


def test_without_typer_it_says_what_to_install() -> None:
    """The bare package has no command-line packages: Lambda needs none."""
    program = "import sys; sys.modules['typer'] = None; from eventgate.cli import main; main()"
    ended = python(program)
    assert ended.returncode == 2
    assert ended.stderr == "eventgate: this command needs more packages: pip install 'eventgate[server]'\n"


def test_help_loads_nothing_that_only_some_command_needs() -> None:
    program = (
        "import sys; import eventgate.cli.program\n"
        "heavy = ('uvicorn', 'sqlite3', 'asyncio', 'rich', 'jsonschema_rs', 'cryptography', 'jwt', 'urllib3')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert python(program).stdout == "[]\n"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Whatever the operating system refuses is one line too."""
    assert eventgate("init", "d", cwd=tmp_path).code == 0
    (tmp_path / "d" / ".dev").write_text("a file where a folder should be")
    ended = eventgate("dev", "--dir", "d", "--port", "0", cwd=tmp_path)
    assert ended.code == 1
    assert ended.error() == "d/.dev: File exists"
