"""`SECURITY.md` claims nothing that no test shows."""

from __future__ import annotations

import re

from tests.project.markdown import rows
from tests.project.sources import ROOT

SECURITY = ROOT / "SECURITY.md"
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_claim_names_a_test_that_there_is() -> None:
    claims = [cells for cells in rows(SECURITY.read_text()) if len(cells) == 3]
    assert len(claims) > 30
    lost = []
    for danger, _, tests in claims:
        named = TEST.findall(tests)
        if not named or TEST.sub("", tests).strip(" ,"):
            lost.append(danger)
        lost += [f"{path}::{name}" for path, name in named if not has(path, name)]
    assert lost == []


def has(path: str, name: str) -> bool:
    """Whether a file of tests is there, with the test `name` if one is named."""
    file = ROOT / path
    return file.is_file() and re.search(rf"^(async )?def {name or 'test_'}", file.read_text(), re.MULTILINE) is not None
