"""The access file: its newest version where it is good, else its last good one."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from eventgate.config.contents import Content, Text, Unreadable
from eventgate.config.secrets import shown
from eventgate.config.settings import Settings
from eventgate.config.text import parse_file
from eventgate.core.auth.access import AccessPolicy, parse_access
from eventgate.core.pointer import Pointer
from eventgate.errors import ConfigurationError, Finding, SourceError

_EMPTIED: Final = "is suddenly empty"


class AccessTaken(msgspec.Struct, frozen=True):
    """The access rules in force, and what is wrong with the file.

    `policy` is None only if the file never was good. `failure` says why its newest version is not in force.
    """

    policy: AccessPolicy | None
    digest: bytes = b""
    failure: str | None = None
    findings: tuple[Finding, ...] = ()


_PATTERN_DEPTH: Final = 4
"""Tokens of the pointer to a pattern: /TOPIC/SUBJECT/FIELD/INDEX."""


class AccessSource:
    """Takes the access file, again and again, and remembers what was good."""

    def __init__(self, settings: Settings) -> None:
        self._file = shown(settings.access_config)
        self._fold_case = settings.auth.fold_subject_case
        self._allow_empty = settings.allow_empty
        self._good = AccessTaken(None)

    def take(self, content: Content) -> AccessTaken:
        """The rules that `content` makes, or the last good ones and why."""
        try:
            self._good = self._parse(content)
        except SourceError as error:
            findings: tuple[Finding, ...] = (Finding("error", self._file, str(error), hint=self._hint(str(error))),)
        except ConfigurationError as error:
            findings = error.findings
        else:
            return self._good
        return msgspec.structs.replace(self._good, failure=findings[0].message, findings=findings)

    def _parse(self, content: Content) -> AccessTaken:
        if content is None:
            raise SourceError("there is no such file")
        if isinstance(content, Unreadable):
            raise SourceError(content.reason)
        digest = hashlib.sha256(content.content).digest()
        if digest == self._good.digest:
            return self._good
        policy, findings = parse_access(self._document(content), file=self._file, fold_case=self._fold_case)
        former = self._good.policy
        if not policy.topics and former is not None and former.topics and not self._allow_empty:
            raise SourceError(_EMPTIED)
        spoilt = _spoilt_topics(findings) if former is not None else ()
        if former is None or not spoilt:
            return AccessTaken(policy, digest, findings=findings)
        failure = f"what it says of {', '.join(spoilt)} is malformed; the last good rules for that stay in force"
        return AccessTaken(policy.keeping(spoilt, former), digest, failure, findings)

    def _document(self, content: Text) -> object:
        if self._allow_empty and not content.content.strip():
            return {}
        return parse_file(content.content)

    def _hint(self, reason: str) -> str | None:
        return 'if that is meant, set "allow_empty": true' if reason == _EMPTIED else None


def _spoilt_topics(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Topics whose entries are malformed. A bad pattern is none of that: it shuts out its subject, and only that."""
    places = [Pointer(each.pointer).tokens for each in findings if each.severity == "error"]
    return tuple(sorted({tokens[0].lower() for tokens in places if 0 < len(tokens) < _PATTERN_DEPTH}))
