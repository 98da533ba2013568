"""Programs that send one event, to be copied: whatever the topic is called and whatever the event holds.

`gate` is the address of a gate without a slash at its end and without quotes; `event` is JSON, or None where it is to
be read from the file event.json. The token comes from the environment variable EVENTGATE_TOKEN.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

LONGEST: Final = 8192
"""Bytes of an event that a program can hold and still be read."""
_SAFE: Final = range(-(2**53), 2**53 + 1)
"""Whole numbers that JavaScript keeps."""


def curl(gate: str, topic: str, event: str | None) -> str:
    """A command for a POSIX shell."""
    data = "@event.json" if event is None else shlex.quote(event)
    return (
        f"curl -X POST '{_url(gate, topic)}' \\\n"
        '  -H "Authorization: Bearer $EVENTGATE_TOKEN" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        f"  --data-binary {data}\n"
    )


def python(gate: str, topic: str, event: str | None) -> str:
    """A program for the gate's own client, which tries again where that can help."""
    if event is None:
        value = 'Path("event.json").read_bytes()'
    else:
        read = json.loads(event)
        value = _python(read, "") if isinstance(read, dict | list) else repr(event)
    imports = "import os\n" if event is not None else "import os\nfrom pathlib import Path\n"
    return (
        f"{imports}\n"
        "from eventgate.client import Client\n\n"
        f"event = {value}\n\n"
        f'with Client("{gate}", os.environ["EVENTGATE_TOKEN"]) as client:\n'
        f"    print(client.post({topic!r}, event))\n"
    )


def java(gate: str, topic: str, event: str | None) -> str:
    """A source file for Java 15 or newer: `java Send.java` runs it."""
    body = 'BodyPublishers.ofFile(java.nio.file.Path.of("event.json"))'
    text = ""
    if event is not None:
        body = "BodyPublishers.ofString(event)"
        lines = json.dumps(json.loads(event), indent=2).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
        text = f'        var event = """\n{_indented(lines, 12)}""";\n'
    return (
        "import java.net.URI;\n"
        "import java.net.http.HttpClient;\n"
        "import java.net.http.HttpRequest;\n"
        "import java.net.http.HttpRequest.BodyPublishers;\n"
        "import java.net.http.HttpResponse.BodyHandlers;\n\n"
        "public class Send {\n"
        "    public static void main(String[] arguments) throws Exception {\n"
        f"{text}"
        f'        var request = HttpRequest.newBuilder(URI.create("{_url(gate, topic)}"))\n'
        '            .header("Authorization", "Bearer " + System.getenv("EVENTGATE_TOKEN"))\n'
        '            .header("Content-Type", "application/json")\n'
        f"            .POST({body})\n"
        "            .build();\n"
        "        var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());\n"
        '        System.out.println(answer.statusCode() + " " + answer.body());\n'
        "    }\n"
        "}\n"
    )


def javascript(gate: str, topic: str, event: str | None) -> str:
    """A module for Node.js 18 or newer; in a page the token comes from elsewhere."""
    start = ""
    if event is None:
        start, value, body = 'import { readFile } from "node:fs/promises";\n\n', 'await readFile("event.json")', "event"
    elif _is_kept(json.loads(event)):
        value, body = json.dumps(json.loads(event), indent=2), "JSON.stringify(event)"
    else:
        value, body = json.dumps(event), "event"
    return (
        f"{start}const event = {value};\n\n"
        f'const answer = await fetch("{_url(gate, topic)}", {{\n'
        '  method: "POST",\n'
        "  headers: {\n"
        "    Authorization: `Bearer ${process.env.EVENTGATE_TOKEN}`,\n"
        '    "Content-Type": "application/json",\n'
        "  },\n"
        f"  body: {body},\n"
        "});\n"
        "console.log(answer.status, await answer.text());\n"
    )


LANGUAGES: Final[dict[str, Callable[[str, str, str | None], str]]] = {
    "curl": curl,
    "Python": python,
    "Java": java,
    "JavaScript": javascript,
}
"""How a program is written, by its language."""


def _url(gate: str, topic: str) -> str:
    return f"{gate}/topics/{quote(topic, safe='')}"


def _python(value: Any, indent: str) -> str:
    """`value` as an expression, objects and arrays over several lines."""
    inner = indent + "    "
    if isinstance(value, dict) and value:
        members = [f"{inner}{name!r}: {_python(member, inner)},\n" for name, member in value.items()]
        return f"{{\n{''.join(members)}{indent}}}"
    if isinstance(value, list) and value:
        return f"[\n{''.join(f'{inner}{_python(item, inner)},{chr(10)}' for item in value)}{indent}]"
    return repr(value)


def _is_kept(value: Any) -> bool:
    """Whether JavaScript reads `value` as it is written and writes it the same way."""
    if isinstance(value, dict):
        return "__proto__" not in value and all(_is_kept(member) for member in value.values())
    if isinstance(value, list):
        return all(_is_kept(item) for item in value)
    return not isinstance(value, int) or value in _SAFE


def _indented(text: str, width: int) -> str:
    return "\n".join(" " * width + line for line in text.splitlines())
