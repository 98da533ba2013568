"""A schema as a tree that people read."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.catalogue.markup import tag
from eventgate.catalogue.tree import MOST_ROWS, tree
from tests.core.schema.schema_support import DRAFTS, compiled


def shown(schema: Any, files: dict[str, Any] | None = None) -> str:
    """The tree's HTML."""
    return tree(compiled(schema, files=files).graph.root)


def text(schema: Any, files: dict[str, Any] | None = None) -> str:
    """What people read of it, with single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", shown(schema, files))).split())


class Reader(HTMLParser):
    """Collects elements, ids and links, and sees that every element is closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.open.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string", "minLength": 1, "maxLength": 4}, "string 1 to 4 characters"),
        ({"type": "array", "minItems": 2, "maxItems": 2, "uniqueItems": True}, "exactly 2 items no item twice"),
        ({"type": "object", "maxProperties": 1}, "at most 1 member"),
        ({"minLength": 3}, "at least 3 characters"),
        ({"type": "integer", "minimum": 0, "exclusiveMaximum": 10, "multipleOf": 5}, "≥ 0 < 10 multiple of 5"),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": True}, "> 1"),
        ({"type": ["string", "null"], "format": "date"}, "string or null format date"),
        ({"enum": ["a", 1, None]}, 'string or integer or null one of "a" 1 null'),
        ({"enum": list(range(40))}, "23 and 16 more"),
        ({"const": {"a": [True]}}, 'object always {"a":[true]}'),
        ({"pattern": "^a"}, "string matches ^a"),
        ({"default": False, "deprecated": True, "readOnly": True}, "deprecated read only default false"),
        ({"dependentRequired": {"a": ["b", "c"]}}, "with a also b c"),
        ({"additionalProperties": False}, "No members."),
        ({"additionalProperties": {"type": "number"}}, "every member number"),
        ({"propertyNames": {"maxLength": 3}}, "every member's name string at most 3 characters"),
        ({"patternProperties": {"^x-": {"type": "null"}}}, "/^x-/ null"),
        ({"prefixItems": [{"const": 1}, True], "items": False}, "item 2 anything further items nothing"),
        ({"contains": {"const": 1}}, "at least one item integer always 1"),
        ({"oneOf": [{"type": "string"}, {"title": "Many", "type": "array"}]}, "exactly one of these (2)"),
        ({"oneOf": [{"type": "string"}, {"title": "Many", "type": "array"}]}, "option 2 Many array"),
        ({"not": {"required": ["a"]}}, "not allowed whatever matches object 1 member a anything required"),
        ({"if": {"required": ["a"]}, "else": {"required": ["b"]}}, "otherwise object 1 member b anything required"),
        ({"dependentSchemas": {"a": {"required": ["b"]}}}, "with a object 1 member b anything required"),
        ({"allOf": [{"properties": {"a": {"minimum": 1}}}, {"properties": {"a": {"type": "integer"}}}]}, "integer ≥ 1"),
        (True, "the event anything"),
        (False, "the event nothing"),
    ],
)  # fmt: skip
def test_what_a_schema_says_is_said_in_words(schema: Any, said: str) -> None:
    assert said in text(schema)


def test_beside_a_reference_old_drafts_have_notes_only() -> None:
    """Up to draft 7 the keywords beside `$ref` do not count."""
    place = {"$ref": "#/definitions/a", "description": "Where it is.", "maxLength": 3}
    schema = {"properties": {"p": place}, "definitions": {"a": {"type": "string"}}}
    old = text({"$schema": "http://json-schema.org/draft-07/schema#", **schema})
    assert "p string Where it is." in old
    assert "at most 3 characters" not in old
    assert "at most 3 characters" in text(schema)


def test_references_lead_into_other_files_and_by_anchors() -> None:
    schema = {
        "properties": {"a": {"$ref": "_c.json#/$defs/x"}, "b": {"$ref": "#here"}},
        "$defs": {"y": {"$anchor": "here", "const": 2}},
    }
    assert "a string b integer always 2" in text(schema, {"_c.json": {"$defs": {"x": {"type": "string"}}}})


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"next": {"$ref": "#"}}},
        {"$recursiveAnchor": True, "$schema": DRAFTS["2019-09"], "items": {"$recursiveRef": "#"}},
        {"$dynamicAnchor": "n", "additionalProperties": {"$dynamicRef": "#n"}},
        {"anyOf": [{"type": "string"}, {"properties": {"a": {"allOf": [{"$ref": "#"}]}}}]},
    ],
)  # fmt: skip
def test_a_schema_inside_of_itself_is_a_link_to_where_it_is_described(schema: Any) -> None:
    reader = read(shown(schema))
    assert "Described at /" in text(schema)
    assert "#/" in reader.links


def test_every_row_has_an_address_of_its_own_that_its_link_names() -> None:
    schema = {"properties": {"a b": {"items": {"type": "string"}}, "a%20b": {}, "a/b~": {}, "ä": {}, "": {}},
              "anyOf": [{"properties": {"a b": {}}}, {"properties": {"a b": {}}}]}  # fmt: skip
    reader = read(shown(schema))
    assert len(set(reader.ids)) == len(reader.ids) > 8
    assert not any(re.search(r"\s", each) for each in reader.ids)
    assert len(set(reader.links)) == len(reader.links) == len(reader.ids)


def test_a_large_schema_is_cut_and_says_so() -> None:
    wide = {"properties": {f"member{number}": {"type": "string"} for number in range(5000)}}
    reader = read(shown(wide))
    assert len(reader.ids) == MOST_ROWS
    assert "More than is shown here" in text(wide)


def test_references_that_double_are_cut() -> None:
    """Two to the power of 40 rows, if they were followed to their end."""
    level = {
        f"l{n}": {"properties": {"a": {"$ref": f"#/$defs/l{n + 1}"}, "b": {"$ref": f"#/$defs/l{n + 1}"}}}
        for n in range(40)
    }
    schema = {"$ref": "#/$defs/l0", "$defs": {**level, "l40": {}}}
    assert len(read(shown(schema)).ids) == MOST_ROWS


def test_a_deep_schema_is_cut_and_says_so() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(100):
        schema = {"items": schema}
    assert "More than is shown here" in text(schema)


KEYS = st.text(max_size=8)
VALUES = st.recursive(st.none() | st.booleans() | st.integers() | KEYS, lambda each: st.lists(each, max_size=3))


@given(
    name=KEYS, words=KEYS, value=VALUES,
)  # fmt: skip
def test_no_text_of_a_schema_is_markup(name: str, words: str, value: Any) -> None:
    """Whatever it is, there are the same elements."""
    found = [
        read(shown({"title": w, "properties": {n: {"title": w, "description": w, "enum": [v], "default": v}}}))
        for n, w, v in ((f"a{name}<b>", f"b{words}</p>\"'", [value, "<i>"]), ("a", "b", ["c"]))
    ]
    assert found[0].names == found[1].names
    assert len(found[0].ids) == len(found[1].ids)


def test_elements_escape_text_and_attributes() -> None:
    assert tag("p", "a<b", tag("b", "&"), None, title='"x"', hidden=True, lang=None) == (
        '<p title="&quot;x&quot;" hidden>a&lt;b<b>&amp;</b></p>'
    )
    assert tag("input", type="text", data_x=1, required=False) == '<input type="text" data-x="1">'
