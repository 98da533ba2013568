"""`lint` says everything that is wrong with a directory at once, errors first."""

from __future__ import annotations

from pathlib import Path

from eventgate.config.lint import lint
from tests.config.directories import SCHEMA, make, write

ROOT = Path(__file__).parents[2]


async def test_the_sample_configuration_is_in_order() -> None:
    assert await lint(str(ROOT / "conf"), {}) == ()


async def test_all_findings_of_all_files_come_together(tmp_path: Path) -> None:
    make(
        tmp_path,
        schemas={"orders": SCHEMA, "users": "{"},
        access={"order": ["ann"], "users": {"bob": {"country": ["(?=a)"]}}},
        limits={"max_dept": 5},
        writers={"sqlite": {"paht": "a"}, "kafka": {}},
        cors={"origins": ["nowhere"]},
    )
    write(tmp_path / "topics/index.json", {"orders": {"guard": "kafka", "key": "id"}})
    found = await lint(str(tmp_path), {})
    assert {(each.file, each.pointer) for each in found if each.severity == "error"} >= {
        ("config.json", "/limits/max_dept"),
        ("config.json", "/writers/sqlite/paht"),
        ("config.json", "/writers/kafka"),
        ("config.json", "/cors/origins/0"),
        ("topics/index.json", "/orders/key"),
        ("topics/index.json", "/orders/guard"),
        ("topics/users.json", ""),
    }
    assert [each for each in found if each.file == "access.json" and each.severity == "error"]
    assert [each.hint for each in found if each.pointer == "/order"] == ["did you mean orders?"]
    severities = [each.severity for each in found]
    assert severities == sorted(severities)


async def test_a_missing_directory_is_one_finding(tmp_path: Path) -> None:
    assert len(await lint(str(tmp_path / "absent"), {})) == 1


async def test_no_finding_holds_a_secret(tmp_path: Path) -> None:
    make(tmp_path, token_provider_url="env:LOGIN", limits={"max_depth": "env:LOGIN"})
    found = await lint(str(tmp_path), {"LOGIN": "hunter2"})
    assert found
    assert "hunter2" not in repr(found)


async def test_an_index_entry_of_the_wrong_shape_hides_nothing_else_of_its_topic(tmp_path: Path) -> None:
    """Its other settings, and its schema, are looked at all the same."""
    make(tmp_path, schemas={"orders": {"type": "objekt"}})
    write(tmp_path / "topics/index.json", {"orders": {"spool": "yes", "gard": "x", "key": "id", "guard": "kafka"}})
    found = {(each.file, each.pointer) for each in await lint(str(tmp_path), {}) if each.severity == "error"}
    index = {("topics/index.json", f"/orders/{name}") for name in ("spool", "gard", "key", "guard")}
    assert found == index | {("topics/orders.json", "/type")}


async def test_answers_that_lambda_would_not_pass_on_are_warnings(tmp_path: Path) -> None:
    """A schema, and with it the description of all topics."""
    make(tmp_path, schemas={"orders": {"description": "x" * 6_500_000}, "users": SCHEMA})
    found = [each for each in await lint(str(tmp_path), {}) if "Lambda" in each.message]
    assert [(each.severity, each.message.partition(" answers")[0]) for each in found] == [
        ("warning", "GET /topics/orders"),
        ("warning", "GET /api"),
    ]


async def test_a_description_of_ones_own_counts_as_it_is(tmp_path: Path) -> None:
    """Its quotes too, which Lambda's runtime escapes."""
    make(tmp_path, schemas={"orders": SCHEMA})
    (tmp_path / "api.yaml").write_text('"' * 3_200_000)
    found = [each.message for each in await lint(str(tmp_path), {}) if "Lambda" in each.message]
    assert found == ["GET /api answers with 3,200,000 bytes: more than AWS Lambda passes on"]
