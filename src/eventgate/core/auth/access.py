"""Who may write to which topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any, Final

from eventgate.core.auth.grants import Constraint, FullMatch, Grant
from eventgate.core.pointer import Pointer, join
from eventgate.errors import ConfigurationError, Finding, NotListed

__all__ = ["AccessPolicy", "Grant", "fold_ascii", "parse_access"]

_ANNOTATIONS: Final = frozenset({"$schema", "$comment"})
"""Members of the document that are no topics."""
_UPPER_TO_LOWER: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def fold_ascii(text: str) -> str:
    """Lower-case A to Z and nothing else: full case folding would make one subject of two."""
    return text.translate(_UPPER_TO_LOWER)


class AccessPolicy:
    """Grants by topic and subject, immutable. What is not granted is forbidden."""

    def __init__(self, grants: Mapping[str, Mapping[str, Grant]], *, fold_case: bool) -> None:
        """Take the grants: topic name (lower case) -> subject as configured -> grant."""
        self._fold_case = fold_case
        self._subjects = {topic: tuple(sorted(subjects)) for topic, subjects in grants.items()}
        self._folded = {topic: frozenset(map(fold_ascii, subjects)) for topic, subjects in grants.items()}
        self._grants = {
            topic: {self._name(subject): grant for subject, grant in subjects.items()}
            for topic, subjects in grants.items()
        }

    @property
    def topics(self) -> tuple[str, ...]:
        """The names of the topics that the policy speaks of, sorted."""
        return tuple(sorted(self._grants))

    def subjects(self, topic: str) -> tuple[str, ...]:
        """Who may write to `topic`, as configured, sorted."""
        return self._subjects.get(topic, ())

    def keeping(self, topics: Iterable[str], former: AccessPolicy) -> AccessPolicy:
        """This policy with the grants that `former` has for `topics` in the place of its own."""
        kept = copy(self)
        for name in ("_subjects", "_folded", "_grants"):
            theirs = getattr(former, name)
            setattr(kept, name, getattr(self, name) | {topic: theirs[topic] for topic in topics if topic in theirs})
        return kept

    def check_topic(self, subject: str, topic: str) -> Grant:
        """What `subject` may write to `topic` (lower case).

        Raises `NotListed`: `case_differs` if it is listed in another ASCII case and case counts, else `not_listed`.
        """
        grant = self._grants.get(topic, {}).get(self._name(subject))
        if grant is not None:
            return grant
        if fold_ascii(subject) in self._folded.get(topic, ()):
            raise NotListed("case_differs", "the token's subject is listed for this topic in other upper or lower case")
        raise NotListed("not_listed", "the token's subject is not listed for this topic")

    def _name(self, subject: str) -> str:
        return fold_ascii(subject) if self._fold_case else subject


def parse_access(document: object, *, file: str, fold_case: bool) -> tuple[AccessPolicy, tuple[Finding, ...]]:
    """The policy in an access document: topic -> list of subjects, or subject -> constraints.

    Every part that cannot be understood is a finding and grants nothing: a bad pattern or constraint shuts out its
    subject, a bad entry its topic. Raises `ConfigurationError` only if `document` is no JSON object.
    """
    if not isinstance(document, dict):
        raise ConfigurationError((Finding("error", file, "the access document is not a JSON object", hint=_FORM),))
    reader = _Reader(file, fold_case)
    grants: dict[str, dict[str, Grant]] = {}
    for name, entry in document.items():
        if name in _ANNOTATIONS:
            continue
        topic = name.lower()
        if topic in grants:
            reader.error([name], f"the topic {topic} is given twice; names are compared in lower case")
            grants[topic] = {}
        else:
            grants[topic] = reader.topic(name, entry)
    return AccessPolicy(grants, fold_case=fold_case), tuple(reader.findings)


_FORM: Final = 'write {"TOPIC": ["SUBJECT"]} or {"TOPIC": {"SUBJECT": {"FIELD": ["PATTERN"]}}}'


class _Reader:
    """Reads the topics of one document and notes what is wrong with them."""

    def __init__(self, file: str, fold_case: bool) -> None:
        self.findings: list[Finding] = []
        self._file = file
        self._fold_case = fold_case
        self._patterns: dict[str, FullMatch] = {}

    def error(self, place: list[str | int], message: str, hint: str | None = None) -> None:
        self.findings.append(Finding("error", self._file, message, pointer=join(place), hint=hint))

    def topic(self, name: str, entry: Any) -> dict[str, Grant]:
        if isinstance(entry, list):
            return self._listed(name, entry)
        if isinstance(entry, dict):
            return self._constrained(name, entry)
        self.error([name], "a topic has a list of subjects, or an object of subjects and constraints", _FORM)
        return {}

    def _listed(self, topic: str, subjects: list[Any]) -> dict[str, Grant]:
        grants: dict[str, Grant] = {}
        seen: set[str] = set()
        for index, subject in enumerate(subjects):
            if not isinstance(subject, str) or not subject:
                self.error([topic, index], "a subject is a non-empty string")
            elif self._name(subject) in seen:
                message = "this subject is listed twice"
                self.findings.append(Finding("warning", self._file, message, pointer=join([topic, index])))
            else:
                seen.add(self._name(subject))
                grants[subject] = Grant()
        return grants

    def _constrained(self, topic: str, subjects: dict[str, Any]) -> dict[str, Grant]:
        grants: dict[str, Grant] = {}
        given = Counter(map(self._name, subjects))
        for subject, constraints in subjects.items():
            if not subject:
                self.error([topic, subject], "a subject is a non-empty string")
            elif given[self._name(subject)] > 1:
                self.error([topic, subject], "this subject is given twice; fold_subject_case makes them one")
            elif (read := self._constraints([topic, subject], constraints)) is not None:
                grants[subject] = Grant(read)
        return grants

    def _name(self, subject: str) -> str:
        return fold_ascii(subject) if self._fold_case else subject

    def _constraints(self, place: list[str | int], constraints: Any) -> tuple[Constraint, ...] | None:
        """All constraints of a subject; None if one is bad, when findings say which."""
        if constraints is None:
            return ()
        if not isinstance(constraints, dict):
            self.error(place, "constraints are an object of fields and patterns", "write {} for none")
            return None
        read = [self._constraint([*place, field], field, patterns) for field, patterns in constraints.items()]
        good = tuple(constraint for constraint in read if constraint is not None)
        return good if len(good) == len(read) else None

    def _constraint(self, place: list[str | int], field: str, patterns: Any) -> Constraint | None:
        try:
            pointer = Pointer(field if field.startswith("/") else join([field]))
        except ValueError as error:
            self.error(place, str(error))
            return None
        if not isinstance(patterns, list) or not patterns:
            self.error(place, "a field has a list of one or more patterns")
            return None
        read = [self._pattern([*place, index], pattern) for index, pattern in enumerate(patterns)]
        good = tuple(pattern for pattern in read if pattern is not None)
        return Constraint(field, pointer, good) if len(good) == len(read) else None

    def _pattern(self, place: list[str | int], pattern: Any) -> FullMatch | None:
        if not isinstance(pattern, str):
            self.error(place, "a pattern is a string")
            return None
        try:
            if pattern not in self._patterns:
                self._patterns[pattern] = FullMatch(pattern)
        except ValueError as error:
            self.error(place, f"bad pattern: {error}", "look-around and back references are not available")
            return None
        return self._patterns[pattern]
