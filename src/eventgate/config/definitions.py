"""What each topic is defined to be, before its schema is compiled."""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Iterator, Mapping

import msgspec

from eventgate.config.contents import Unreadable
from eventgate.config.index import Entry, Index
from eventgate.config.named_files import fill_use
from eventgate.config.settings import OnInvalid, Spool, TopicSettings
from eventgate.config.snapshot import Snapshot
from eventgate.config.suggest import did_you_mean
from eventgate.config.writers import ConfiguredWriter, parse_use
from eventgate.core.pointer import Pointer
from eventgate.core.writer import WriterUse
from eventgate.errors import Finding

_NAME_LENGTH = 255


class Definition(msgspec.Struct, frozen=True):
    """One topic. It cannot serve if `findings` hold an error.

    `text` is its schema as written, `file` and `pointer` say where; `uri` is the schema's name among the files of
    `root`, which its references are relative to.
    """

    name: str
    file: str
    pointer: str = ""
    text: bytes = b""
    root: str = ""
    uri: str = ""
    event_id: Pointer | None = None
    key: Pointer | None = None
    guard: str | None = None
    uses: Mapping[str, WriterUse] = {}
    timeout_seconds: float | None = None
    spool: bool = False
    keep_invalid: bool = False
    findings: tuple[Finding, ...] = ()

    @property
    def is_found(self) -> bool:
        """Whether there is a schema to compile, be it empty."""
        return bool(self.uri)

    @property
    def error(self) -> str | None:
        """Why it cannot serve."""
        return next((_reason(finding) for finding in self.findings if finding.severity == "error"), None)


def define_topics(
    snapshot: Snapshot,
    index: Index,
    writers: Mapping[str, ConfiguredWriter],
    longest_seconds: float,
    spool: Spool | None = None,
) -> dict[str, Definition]:
    """Every topic that `snapshot` and `index` speak of, by name."""
    files: dict[str, list[str]] = {}
    for topic, file in snapshot.candidates:
        files.setdefault(topic, []).append(file)
    maker = _Maker(snapshot, index.defaults, writers, longest_seconds, spool)
    names = sorted({*files, *index.entries})
    return {name: maker.define(name, files.get(name, []), index.entries.get(name)) for name in names}


class _Maker:
    def __init__(
        self,
        snapshot: Snapshot,
        defaults: TopicSettings,
        writers: Mapping[str, ConfiguredWriter],
        longest_seconds: float,
        spool: Spool | None,
    ) -> None:
        self._snapshot = snapshot
        self._defaults = defaults
        self._writers = writers
        self._longest = longest_seconds
        self._spool = spool
        self._by_lower_case = {name.lower(): name for name in snapshot.files}

    def define(self, name: str, files: list[str], entry: Entry | None) -> Definition:
        """The topic `name`, whose schema may be one of `files`, as `entry` says."""
        place = self._snapshot.index_name if entry and entry.pointer else files[0]
        pointer = entry.pointer if entry else ""
        definition = Definition(
            name, place, pointer, findings=(*(entry.findings if entry else ()), *_name(name, place))
        )
        settings = entry.settings if entry else self._defaults
        if settings is None:
            return definition
        definition = self._with_schema(definition, settings, files, entry.text if entry else None)
        return self._with_settings(definition, settings, place, pointer)

    def _with_schema(
        self, topic: Definition, settings: TopicSettings, files: list[str], text: bytes | None
    ) -> Definition:
        if text is not None:
            folder = self._snapshot.base
            uri = posixpath.join(folder, f"_inline.{topic.name}.json")
            root = self._root(uri)
            pointer = f"{topic.pointer}/schema"
            return msgspec.structs.replace(topic, text=text, pointer=pointer, root=root, uri=_below(uri, root))
        if isinstance(settings.schema, str):
            file = self._path(settings.schema)
            hint = did_you_mean(settings.schema, self._names()) if file is None else None
            return self._from_file(topic, file, f"{topic.pointer}/schema", hint)
        if not files:
            beside = self._by_lower_case.get(posixpath.join(self._snapshot.base, f"{topic.name}.json").lower())
            return self._from_file(topic, beside, topic.pointer)
        if len(files) > 1:
            return _wrong(topic, f"is defined by {' and '.join(files)}; case does not count", "")
        return self._from_file(topic, files[0], topic.pointer)

    def _from_file(self, topic: Definition, file: str | None, pointer: str, hint: str | None = None) -> Definition:
        if file is None:
            return _wrong(topic, "the file of its schema does not exist", pointer, hint)
        found = self._snapshot.files[file]
        root = self._root(file)
        topic = msgspec.structs.replace(topic, file=file, pointer="", root=root)
        if isinstance(found, Unreadable):
            return _wrong(topic, found.reason, "")
        return msgspec.structs.replace(topic, text=found.content, uri=_below(file, root))

    def _path(self, given: str) -> str | None:
        """The file that an index means: beside the index, else below the configuration directory."""
        for base in (self._snapshot.base, ""):
            path = posixpath.normpath(posixpath.join(base, given))
            if path in self._snapshot.files:
                return path
        return None

    def _names(self) -> list[str]:
        base = self._snapshot.base
        return [_below(name, base) for name in self._snapshot.files if not base or name.startswith(f"{base}/")]

    def _root(self, file: str) -> str:
        return next((root for root in self._snapshot.roots if not root or file.startswith(root.rstrip("/") + "/")), "")

    def _with_settings(self, topic: Definition, settings: TopicSettings, file: str, pointer: str) -> Definition:
        event_id, key = _pointer(settings.event_id), _pointer(settings.key)
        uses, findings = self._uses(settings, file, pointer)
        findings = (*topic.findings, *findings, *self._judge(settings, uses, file, pointer))
        return msgspec.structs.replace(
            topic,
            event_id=event_id,
            key=key,
            guard=settings.guard,
            uses=uses,
            timeout_seconds=settings.request_timeout_seconds,
            spool=settings.spool,
            keep_invalid=self._on_invalid(settings) == "keep",
            findings=findings,
        )

    def _on_invalid(self, settings: TopicSettings) -> OnInvalid:
        return settings.on_invalid or (self._spool.on_invalid if self._spool else "drop")

    def _uses(
        self, settings: TopicSettings, file: str, pointer: str
    ) -> tuple[dict[str, WriterUse], tuple[Finding, ...]]:
        """The writers of a topic: those that it names, or all."""
        named = settings.writers if settings.writers is not None else {name: {} for name in self._writers}
        uses: dict[str, WriterUse] = {}
        findings: tuple[Finding, ...] = ()
        for name, raw in named.items():
            place = f"{pointer}/writers/{name.replace('~', '~0').replace('/', '~1')}"
            if name not in self._writers:
                hint = did_you_mean(name, self._writers)
                findings += (Finding("error", file, "no writer of this name is configured", place, hint),)
                continue
            use, wrong = parse_use(raw, self._writers[name], file=file, pointer=place)
            if use is not None:
                use, wrong = fill_use(use, self._writers[name], self._snapshot.named, file=file, pointer=place)
            if wrong and settings.writers is None:
                message = f"the writer {name} needs settings of its own for this topic: {wrong[0].message}"
                wrong = (Finding("error", file, message, pointer),)
            findings += wrong
            if use is not None:
                uses[name] = use
        return uses, findings

    def _judge(
        self, settings: TopicSettings, uses: Mapping[str, WriterUse], file: str, pointer: str
    ) -> Iterator[Finding]:
        for name in ("event_id", "key"):
            if getattr(settings, name) is not None and _pointer(getattr(settings, name)) is None:
                message = "is no JSON Pointer; one begins with /, as /event_id"
                yield Finding("error", file, message, f"{pointer}/{name}")
        if self._spool is None:
            for name, wanted in (("spool", settings.spool), ("on_invalid", settings.on_invalid == "keep")):
                if wanted:
                    message = "there is no spool: config.json has no section `spool`"
                    yield Finding("error", file, message, f"{pointer}/{name}", '{"store": "sqlite:spool.db"} is one')
        if settings.writers is not None and not settings.writers:
            message = "names no writer; a writer of the type discard is how to want none"
            yield Finding("error", file, message, f"{pointer}/writers")
        if settings.guard is not None and settings.guard not in uses:
            message = "the guard is not among the topic's writers"
            yield Finding("error", file, message, f"{pointer}/guard", did_you_mean(settings.guard, uses))
        if (settings.request_timeout_seconds or 0) > self._longest:
            message = "is longer than limits.request_timeout_seconds, which holds"
            yield Finding("warning", file, message, f"{pointer}/request_timeout_seconds")


def _name(name: str, file: str) -> Iterator[Finding]:
    if not name or "/" in name or not name.isprintable() or len(name) > _NAME_LENGTH:
        message = f"a topic's name has 1 to {_NAME_LENGTH} printable characters and no slash"
        yield Finding("error", file, message)


@functools.lru_cache(maxsize=1024)
def _pointer(text: str | None) -> Pointer | None:
    try:
        return Pointer(text) if text else None
    except ValueError:
        return None


def _below(file: str, root: str) -> str:
    return posixpath.relpath(file, root) if root else file


def _wrong(topic: Definition, message: str, pointer: str, hint: str | None = None) -> Definition:
    finding = Finding("error", topic.file, message, pointer, hint)
    return msgspec.structs.replace(topic, findings=(*topic.findings, finding))


def _reason(finding: Finding) -> str:
    hint = f" ({finding.hint})" if finding.hint else ""
    return f"{finding.file}{'#' + finding.pointer if finding.pointer else ''}: {finding.message}{hint}"
