"""The API's description: valid OpenAPI 3.1 whose schemas say what the topics' schemas say."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import pytest
import yaml

from eventgate.core.openapi.document import openapi
from eventgate.core.routes import find
from eventgate.core.topics import Topic
from tests.core.gateway_support import Bench, said
from tests.core.openapi.openapi_cases import BY_DRAFT, VALUES
from tests.core.schema.schema_support import DRAFTS, compiled, takes


def topic(name: str, schema: Any, files: dict[str, Any] | None = None) -> Topic:
    return Topic(name=name, schema=compiled(schema, files=files))


def described(*topics: Topic, token_url: bool = False, public: bool = True) -> dict[str, Any]:
    from openapi_spec_validator import validate  # not with the module: it takes seconds

    document: dict[str, Any] = json.loads(openapi(topics, token_url=token_url, version="v1", public=public))
    validate(document)
    return document


def component(document: dict[str, Any], name: str) -> jsonschema_rs.Validator:
    """The judge that a reader of the description makes of one component."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return jsonschema_rs.validator_for(schema, offline=True, validate_formats=True)


@pytest.mark.parametrize(("draft", "name", "schema"), BY_DRAFT, ids=[f"{draft} {name}" for draft, name, _ in BY_DRAFT])
def test_a_component_judges_as_the_topic_does(draft: str, name: str, schema: dict[str, Any]) -> None:
    made = topic("t", {"$schema": DRAFTS[draft], **schema})
    document = described(made)
    assert document["components"]["schemas"]["t"] is not True
    judge = component(document, "t")
    for value in VALUES:
        assert judge.is_valid(value) == takes(made.schema, value), value


def test_files_that_are_referred_to_become_components_too() -> None:
    files = {
        "common/types.json": {"$defs": {"whole": {"$ref": "../_numbers.json#/definitions/whole"}}},
        "_numbers.json": {"$schema": DRAFTS["4"], "definitions": {"whole": {"minimum": 5, "exclusiveMinimum": True}}},
    }
    schema = {"$id": "https://example.com/runs", "properties": {"a": {"$ref": "common/types.json#/$defs/whole"}}}
    document = described(topic("runs", schema, files), topic("changes", schema, files))
    for name in ("runs", "changes"):
        judge = component(document, name)
        assert judge.is_valid({"a": 6})
        assert not judge.is_valid({"a": 5})
    references = [
        value for value in json.dumps(document).split('"') if value.startswith(("http:", "https:", "common/"))
    ]
    assert references == []


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"$ref": DRAFTS["7"]}}},
        {
            "$dynamicAnchor": "n",
            "items": {"$dynamicRef": "#n"},
            "$defs": {"o": {"$id": "other", "$dynamicAnchor": "n", "type": "null"}},
        },
        {"$schema": DRAFTS["2019-09"], "contains": {"type": "string"}, "unevaluatedItems": False},
    ],
)
def test_what_cannot_be_converted_is_described_as_true(schema: dict[str, Any]) -> None:
    schemas = described(topic("t", schema))["components"]["schemas"]
    assert schemas["t"] is True
    assert not [name for name in schemas if name.startswith("t.")]


def test_a_default_that_its_own_schema_refuses_is_left_out() -> None:
    schema = {"properties": {"a": {"type": "string", "default": 5}, "b": {"type": "string", "default": "x"}}}
    properties = described(topic("t", schema))["components"]["schemas"]["t"]["properties"]
    assert properties == {"a": {"type": "string"}, "b": {"type": "string", "default": "x"}}


def test_titles_and_descriptions_stay() -> None:
    schema = {"title": "Runs", "description": "A run.", "examples": [{}], "deprecated": True, "x-unknown": 1}
    assert described(topic("t", schema))["components"]["schemas"]["t"] == {
        "title": "Runs",
        "description": "A run.",
        "examples": [{}],
        "deprecated": True,
    }


@pytest.mark.parametrize("name", ["a b", "ümlaut", "a%2fb", "{x}", "public.cps.za.runs", "error", "problem"])
def test_every_topic_has_a_path_that_leads_to_it(name: str) -> None:
    document = described(topic(name, {"properties": {"a": {"$ref": "#/$defs/d"}}, "$defs": {"d": {"type": "integer"}}}))
    paths = [path for path in document["paths"] if path.startswith("/topics/")]
    assert sorted(find(unquote(path))[0].name for path in paths) == ["example", "topic", "validate"]
    assert {find(unquote(path))[1] for path in paths} == {name}
    for path in (path for path in paths if "post" in document["paths"][path]):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert not component(document, body["$ref"].rpartition("/")[2]).is_valid({"a": "x"})


def test_topics_whose_names_look_alike_keep_their_own_schemas() -> None:
    deep = {"$ref": "#/$defs/d", "$defs": {"d": {"type": "integer"}}}
    document = described(
        topic("a b", {"type": "null"}), topic("a+b", {"type": "string"}), topic("x", deep), topic("x.d", False)
    )
    for path, valid, invalid in (("a%20b", None, "x"), ("a%2Bb", "x", None), ("x", 1, "x")):
        body = document["paths"][f"/topics/{path}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        judge = component(document, body["$ref"].rpartition("/")[2])
        assert judge.is_valid(valid)
        assert not judge.is_valid(invalid)


def test_the_statuses_of_a_post_are_all_described() -> None:
    document = described(topic("t", {}))
    refusals = {"400", "401", "403", "404", "405", "413", "415", "422", "429", "431", "500", "503"}
    assert set(document["paths"]["/topics/t"]["post"]["responses"]) == {"202", "207", "409", *refusals}
    assert set(document["paths"]["/topics/t/validate"]["post"]["responses"]) == {"200", "207", *refusals}
    assert document["paths"]["/topics/t"]["post"]["security"] == [{"bearer": []}]


def test_cloudevents_are_described_with_the_topics_schema() -> None:
    document = described(topic("t", {"type": "integer"}))
    content = document["paths"]["/topics/t"]["post"]["requestBody"]["content"]
    assert content == document["paths"]["/topics/t/validate"]["post"]["requestBody"]["content"]
    judges = {
        media: jsonschema_rs.validator_for({**each["schema"], "components": document["components"]}, offline=True)
        for media, each in content.items()
    }
    good = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data": 1}
    judge = judges["application/cloudevents+json"]
    for bad in ({"data": "x"}, {"id": ""}, {"id": "a\n"}, {"specversion": "0.3"}, {"datacontenttype": "text/xml"}):
        assert not judge.is_valid({**good, **bad})
    assert not judge.is_valid({"data": 1})
    assert judge.is_valid(good)
    assert judges["application/x-ndjson"].is_valid("1\n2")


async def test_answers_to_batches_are_as_described() -> None:
    document = described(topic("t", {}))
    batch, error, result = (component(document, name) for name in ("Batch", "Error", "Result"))
    bench = Bench()
    headers = {"content-type": "application/x-ndjson"}
    for path, lines, is_error in (
        ("", b'{"a":1}', False),
        ("", b'{"a":1}\n{}', False),
        ("", b"{}\n1", True),
        ("/validate", b'{"a":1}\n{}', False),
    ):
        answer = said(await bench.post(lines, path=f"/topics/orders{path}", headers=headers))
        assert batch.is_valid(answer)
        assert error.is_valid(answer) is is_error
        assert all(result.is_valid(each) for each in answer["results"])


def test_every_described_path_is_a_route_with_these_methods() -> None:
    for path, operations in described(topic("t", {}), token_url=True)["paths"].items():
        assert {method.upper() for method in operations} == set(find(path)[0].methods)


def test_the_token_path_is_there_only_where_the_gate_has_one() -> None:
    assert "/token" in described(token_url=True)["paths"]
    assert "/token" not in described()["paths"]


def test_what_is_not_public_needs_a_token() -> None:
    """Whatever tells of topics; health and the like do not."""
    for public in (True, False):
        paths = described(topic("t", {}), token_url=True, public=public)["paths"]
        for path, operations in paths.items():
            told = path.startswith(("/api", "/topics"))
            for operation in (operations[name] for name in ("get", "head") if name in operations):
                assert ("security" in operation) is ("401" in operation["responses"]) is (told and not public)


def test_the_description_is_yaml_too_and_the_same_bytes_for_the_same_topics() -> None:
    topics = [topic("b", {"$ref": "#/$defs/x", "$defs": {"x": {}}}), topic("a", True)]
    text = openapi(topics, token_url=True, version="v1")
    assert text == openapi(reversed(topics), token_url=True, version="v1")
    assert yaml.safe_load(text) == json.loads(text)


def test_integers_of_any_size_survive() -> None:
    assert described(topic("t", {"maximum": 10**30}))["components"]["schemas"]["t"] == {"maximum": 10**30}


def test_a_description_of_many_topics_is_small() -> None:
    """What topics share is said once, and nobody reads half a megabyte by its indentation."""
    document = openapi([topic(f"topic-{n}", {"type": "object"}) for n in range(100)], token_url=False, version="v1")
    assert len(document) < 100 * 6_000
    assert openapi([topic("t", True)], token_url=False, version="v1").startswith(b"{\n  ")
