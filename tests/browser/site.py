"""What the pages show in these tests: topics as people write them, and one that means no good."""

from __future__ import annotations

import json
from pathlib import Path

from tests.deployment import Deployment

HOSTILE = "<img src=x onerror=alert(1)>\"'&{{7*7}}</textarea></pre></script><script>alert(2)</script>"
COMMON = {"$defs": {"amount": {"description": "A sum of money.", "type": "number", "minimum": 0}}}
DEALS = {
    "title": "Closed deal",
    "description": "A deal that both sides have signed.",
    "x-owner": "Sales platform",
    "x-tags": ["sales", "contracts"],
    "type": "object",
    "required": ["event_id", "kind", "price"],
    "properties": {
        "event_id": {"type": "string", "description": "Names the event.", "minLength": 3, "maxLength": 40},
        "kind": {"enum": ["new", "renewal"], "description": "What sort of deal it is."},
        "price": {"$ref": "_common.json#/$defs/amount"},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/part"}},
        "signed": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "previous": {"type": "string"},
    },
    "if": {"properties": {"kind": {"const": "renewal"}}},
    "then": {"required": ["previous"]},
    "additionalProperties": False,
    "$defs": {
        "part": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "parts": {"type": "array", "items": {"$ref": "#/$defs/part"}}},
        }
    },
}
TRAPS = {
    "title": HOSTILE,
    "description": HOSTILE,
    "x-owner": HOSTILE,
    "x-tags": [HOSTILE],
    "type": "object",
    "properties": {HOSTILE: {"description": HOSTILE, "enum": [HOSTILE], "pattern": "<b>", "default": HOSTILE}},
    "examples": [{HOSTILE: HOSTILE}],
}
GOOD = {"event_id": "d-1", "kind": "new", "price": 10, "parts": [{"name": "a"}]}
BAD = """{
  "event_id": "d-2",
  "kind": "renewal",
  "price": -1,
  "parts": [
    {"name": "a"},
    {"name": 7}
  ]
}"""


def furnish(site: Deployment) -> None:
    """Give `site` these topics, two writers and receipts."""
    site.topic("deals", DEALS)
    site.topic("traps", TRAPS)
    (site.conf / "topics" / "_common.json").write_text(json.dumps(COMMON))
    (site.conf / "topics" / "index.json").write_text(json.dumps({"deals": {"event_id": "/event_id"}}))
    (site.conf / "receipt.key").write_text("0123456789abcdef0123456789abcdef")
    site.access |= {"deals": ["alice"], "traps": ["alice"]}
    site.config |= {
        "writers": {"sqlite": {"path": str(Path(site.conf, "events.db"))}, "discard": {}},
        "receipts": {"active": "one", "keys": {"one": "file:receipt.key"}},
    }
    site.write()
