"""Which writer types there are, and how plugins come in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from eventgate.core.writer import WriterSpec
from eventgate.writers import registry
from tests.unmeasured import unmeasured

SPEC_MODULE = """
from eventgate.writers.discard import SPEC
"""


def install(folder: Path, distribution: str, entry_points: str, **modules: str) -> None:
    """Put a distribution into `folder` as an installer does."""
    info = folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[eventgate.writers]\n{entry_points}\n")
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that packages can be installed into."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize("type", registry.BUILT_IN)
def test_every_built_in_type_is_fully_described(type: str) -> None:
    """It has a summary, and its settings are documented."""
    spec = registry.find_spec(type)
    assert spec.summary
    for struct in (spec.settings, spec.topic_settings):
        assert struct.__struct_config__.forbid_unknown_fields
        schema = msgspec.json.schema(struct)["$defs"][struct.__name__]
        assert all(each.get("description") for each in schema["properties"].values())


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    """Neither SQLite nor the scan of installed packages: a gate without them starts faster."""
    code = (
        "import sys; from eventgate.writers import registry; registry.find_spec('discard');"
        "print([name for name in ('sqlite3', 'importlib.metadata', 'asyncio') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=unmeasured())
    assert run.stdout == "[]\n"


def test_an_unknown_type_is_told_the_known_ones() -> None:
    """The text is for the operator."""
    with pytest.raises(LookupError, match=r"no writer type 'sqllite'; known are discard, .*sqlite"):
        registry.find_spec("sqllite")


def test_a_plugin_is_found_by_its_type(site: Path) -> None:
    """And listed without being imported."""
    install(site, "acme-writers", "acme = acme_a:SPEC\nbroken = acme_b:SPEC", acme_a=SPEC_MODULE, acme_b="1 / 0")
    assert {"acme", "broken", "discard", "sqlite"} <= set(registry.known_types())
    assert isinstance(registry.find_spec("acme"), WriterSpec)
    assert registry.plugin_problems() == ()


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("import no_such_client", "ModuleNotFoundError: No module named 'no_such_client'"),
        ("raise SystemError('bad build')", "SystemError: bad build"),
        ("OTHER = 1", "AttributeError"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_named(site: Path, module: str, says: str) -> None:
    """With its distribution and what is wrong; the others work on."""
    name = f"acme_{abs(hash(module))}"
    install(site, "acme-writers", f"acme = {name}:SPEC", **{name: module})
    with pytest.raises(LookupError, match="'acme' of the distribution acme-writers cannot be imported") as raised:
        registry.find_spec("acme")
    assert says in str(raised.value)
    assert registry.find_spec("discard")


def test_what_is_no_specification_is_not_taken_for_one(site: Path) -> None:
    """An entry point may name anything."""
    install(site, "acme-writers", "acme = acme_c:SPEC", acme_c="SPEC = 'text'")
    with pytest.raises(LookupError, match="not a WriterSpec"):
        registry.find_spec("acme")


def test_a_plugin_does_not_take_a_built_in_type_away(site: Path) -> None:
    """The built-in one is used, and the plugin is named among the problems."""
    install(site, "acme-writers", "sqlite = acme_d:SPEC", acme_d="1 / 0")
    assert registry.find_spec("sqlite").summary
    assert registry.plugin_problems() == (
        "the distribution acme-writers offers a writer type 'sqlite', but the built-in one is used",
    )


def test_a_type_that_two_distributions_claim_is_neither_s(site: Path) -> None:
    """Which one is found first would be chance."""
    install(site, "acme-writers", "twice = acme_e:SPEC", acme_e=SPEC_MODULE)
    install(site, "bolt-writers", "twice = bolt_e:SPEC", bolt_e=SPEC_MODULE)
    with pytest.raises(LookupError, match="acme-writers and the distribution bolt-writers both offer"):
        registry.find_spec("twice")
    assert len(registry.plugin_problems()) == 1
