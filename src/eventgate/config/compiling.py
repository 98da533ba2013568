"""Schemas compiled once, and again only when they or a file that they refer to changed."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

import msgspec

from eventgate.config.contents import Text, Unreadable
from eventgate.config.definitions import Definition
from eventgate.core.topics import CompiledSchema, compile_schema
from eventgate.errors import Finding, SchemaError


class Compiled(msgspec.Struct, frozen=True):
    """A schema that can judge, or the finding that says why there is none.

    `used` are the files that its compilation asked for, with their content then.
    """

    definition: Definition
    schema: CompiledSchema | None
    finding: Finding | None
    used: Mapping[str, bytes | None]


class SchemaCompiler:
    """Compiles the schemas of one gate; keeps each topic's last result."""

    def __init__(self, *, assert_formats: bool) -> None:
        self._assert_formats = assert_formats
        self._last: dict[str, Compiled] = {}

    def compile(self, definition: Definition, resources: Mapping[str, bytes]) -> Compiled:
        """The schema of `definition`, which may refer to `resources` (the files of its root)."""
        last = self._last.get(definition.name)
        if last is None or not _still_holds(last, definition, resources):
            last = self._last[definition.name] = self._compile(definition, resources)
        return last

    def forget_all_but(self, names: Container[str]) -> None:
        """Keep no results of topics that are not among `names`."""
        self._last = {name: last for name, last in self._last.items() if name in names}

    def _compile(self, definition: Definition, resources: Mapping[str, bytes]) -> Compiled:
        watched = _Watched(resources)
        try:
            schema = compile_schema(
                definition.text, uri=definition.uri, resources=watched, assert_formats=self._assert_formats
            )
        except SchemaError as error:
            finding = Finding("error", definition.file, str(error), definition.pointer + error.pointer)
            return Compiled(definition, None, finding, watched.used)
        return Compiled(definition, schema, None, watched.used)


def resources_of(root: str, files: Mapping[str, Text | Unreadable]) -> dict[str, bytes]:
    """The files below `root` by their names relative to it; of the configuration directory those directly in it."""
    prefix = f"{root.rstrip('/')}/" if root else ""
    names = (name for name in files if name.startswith(prefix) and (prefix or "/" not in name))
    readable = ((name, files[name]) for name in names)
    return {name[len(prefix) :]: found.content for name, found in readable if isinstance(found, Text)}


def _still_holds(last: Compiled, definition: Definition, resources: Mapping[str, bytes]) -> bool:
    before = last.definition
    same = (before.text, before.uri, before.root) == (definition.text, definition.uri, definition.root)
    return same and all(resources.get(name) == content for name, content in last.used.items())


class _Watched(Mapping[str, bytes]):
    """Files of which it is remembered who was asked for, absent ones too."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self.used: dict[str, bytes | None] = {}

    def __getitem__(self, name: str) -> bytes:
        self.used[name] = self._files.get(name)
        return self._files[name]

    def __iter__(self) -> Iterator[str]:
        self.used.update(self._files)
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)
