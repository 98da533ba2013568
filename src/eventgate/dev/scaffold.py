"""New configuration directories: one to try things out in (`eventgate dev`), one to start from (`eventgate init`)."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

from eventgate.dev.files import write_private
from eventgate.errors import EventGateError

RECEIPT_KEY_FILE = "secrets/receipts.key"
"""Where the key lies that the templates' `receipts` name."""

_LOCAL_ISSUER = re.compile(r"http://127\.0\.0\.1:([0-9]{1,5})(?=/(?:keys|token)\b)")


class NotScaffolded(EventGateError):
    """The directory cannot take a scaffold: it holds other things, or cannot be written."""


def scaffold_init(directory: Path) -> None:
    """Make `directory` a configuration to start from; raises `NotScaffolded` where something is there already."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise NotScaffolded(f"{directory} is not empty; nothing is overwritten, so name a new directory")
    with _draft(directory) as draft:
        _copy_template(draft, "init")


def scaffold_dev(directory: Path, example: Path | None = None) -> bool:
    """Make `directory` a configuration to try things out in, unless it is one; says whether it made it.

    `example` is a directory whose topics, access rules and events are taken instead of the samples. Raises
    `NotScaffolded` where `directory` holds other things than a configuration.
    """
    if (directory / "config.json").exists():
        return False
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise NotScaffolded(f"{directory} is not empty and holds no config.json; name another directory with --dir")
    with _draft(directory) as draft:
        _copy_template(draft, "dev")
        (draft / ".gitignore").write_text("*\n", encoding="ascii")
        if example is not None:
            _take_example(draft, example)
    return True


def local_issuer_port(directory: Path) -> int | None:
    """The port at which `config.json` expects the development issuer; None if it names another issuer."""
    try:
        raw = json.loads((directory / "config.json").read_bytes())
        url = raw["token_public_keys_url"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    found = _LOCAL_ISSUER.match(url) if isinstance(url, str) else None
    return int(found[1]) if found else None


def point_to_issuer(directory: Path, url: str) -> None:
    """Make `config.json` name the development issuer at `url`; its other text stays as it is."""
    path = directory / "config.json"
    text = path.read_text(encoding="utf-8")
    changed = _LOCAL_ISSUER.sub(url, text)
    if changed != text:
        draft = path.with_name(f"config.json.{os.getpid()}")
        draft.write_text(changed, encoding="utf-8")
        draft.replace(path)


@contextlib.contextmanager
def _draft(directory: Path) -> Iterator[Path]:
    """A directory whose entries move to `directory` on success, `config.json` last: half a scaffold has none."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".scaffold-", dir=directory) as made:
            draft = Path(made)
            yield draft
            for entry in sorted(draft.iterdir(), key=lambda entry: entry.name == "config.json"):
                entry.rename(directory / entry.name)
    except OSError as error:
        raise NotScaffolded(f"cannot make {directory}: {error.strerror}") from error


def _copy_template(draft: Path, kind: str) -> None:
    with as_file(files("eventgate.dev") / "template") as template:
        for part in ("topics", "samples"):
            shutil.copytree(template / part, draft / part)
        shutil.copyfile(template / "access.json", draft / "access.json")
        shutil.copytree(template / kind, draft, dirs_exist_ok=True)
    _make_receipt_key(draft)


def _make_receipt_key(draft: Path) -> None:
    """A new key to sign receipts with, which only its owner may read and git ignores."""
    path = draft / RECEIPT_KEY_FILE
    path.parent.mkdir(mode=0o700)
    (path.parent / ".gitignore").write_text("*\n", encoding="ascii")
    write_private(path, secrets.token_urlsafe(32).encode("ascii") + b"\n")


def _take_example(draft: Path, example: Path) -> None:
    for part in ("topics", "samples"):
        shutil.rmtree(draft / part)
    shutil.copytree(example / "topics", draft / "topics")
    shutil.copyfile(example / "access.json", draft / "access.json")
    shutil.copytree(example / "events", draft / "samples", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
