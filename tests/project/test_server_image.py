"""The server's image, as far as it can be looked at without an engine; test_wheel.py runs its commands."""

from __future__ import annotations

import re
from fnmatch import fnmatch

from tests.project.images import SERVER
from tests.project.sources import ROOT

FIRST, LAST = SERVER.stages


def ignored() -> list[str]:
    """Patterns of what a build may not see."""
    return [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]


def test_every_file_that_is_copied_exists_and_is_not_ignored() -> None:
    assert {"src", "requirements/runtime.txt"} <= set(SERVER.copied)
    assert [each for each in SERVER.copied if not (ROOT / each).exists()] == []
    assert [each for each in SERVER.copied for pattern in ignored() if fnmatch(each.split("/")[0], pattern)] == []


def test_what_is_installed_is_what_the_locks_say() -> None:
    """Libraries and build tools by their digests; the wheel without asking for anything more."""
    for lock in ("runtime", "build"):
        assert re.search(rf"--require-hashes --no-deps\s+--requirement requirements/{lock}\.txt", FIRST)
    assert re.search(r"pip wheel .*--no-build-isolation", FIRST)
    assert len(re.findall(r" (?:install|wheel) --no-cache-dir ", FIRST)) == FIRST.count("--no-deps") == 4


def test_a_closed_network_may_name_its_own_sources() -> None:
    """The base, by a tag and no digest; pip's sources are pip's own configuration, which stays out of the image."""
    assert SERVER.arguments["BASE_IMAGE"] == "python:3.13-slim"
    assert [stage.split()[0] for stage in SERVER.stages] == ["${BUILD_IMAGE}", "${BASE_IMAGE}"]
    assert SERVER.arguments["TRUSTED_SSL_CERTS"] == "./trusted_certs"
    assert "--mount=type=secret,id=pip,target=/etc/pip.conf" in FIRST
    assert "pip" not in LAST


def test_it_is_compiled_by_the_same_python_unless_it_must_not_be() -> None:
    """By the variable that hatchling knows (hatch_build.py), in an image with a C compiler, which slim ones lack."""
    assert SERVER.arguments["BUILD_IMAGE"] == SERVER.arguments["BASE_IMAGE"].removesuffix("-slim")
    assert SERVER.arguments["COMPILED"] == "true"
    assert "ENV HATCH_BUILD_HOOK_ENABLE_CUSTOM=${COMPILED}" in FIRST
    assert "hatch_build.py" in SERVER.copied


def test_nobody_runs_it_as_root() -> None:
    """By number, so that an orchestrator can tell."""
    (user,) = re.findall(r"^USER (\d+):(\d+)$", LAST, re.MULTILINE)
    assert "0" not in user
    assert LAST.index("USER ") < LAST.index("ENTRYPOINT ")
    assert [line for line in LAST.splitlines() if line.startswith("RUN")] == re.findall(r"^RUN useradd.*$", LAST, re.M)


def test_neither_processor_is_written_down() -> None:
    assert not re.search(r"arm64|aarch64|x86_64|amd64", SERVER.text)


def test_the_port_is_the_same_wherever_it_is_named() -> None:
    port = SERVER.command[SERVER.command.index("--port") + 1]
    assert re.findall(r"^EXPOSE (\d+)$", LAST, re.MULTILINE) == [port]
    assert f"'127.0.0.1', {port}" in SERVER.exec_form("HEALTHCHECK")[-1]
