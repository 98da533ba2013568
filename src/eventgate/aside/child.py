"""The process that judges: it reads questions until there are no more, and answers each."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import BinaryIO, Final

from eventgate.aside.messages import LENGTH_BYTES, Question, Verdict, framed, read_question
from eventgate.core import json
from eventgate.core.topics import CompiledSchema, SchemaSource
from eventgate.errors import InvalidEvent

_KEPT: Final = 64
"""Compiled schemas that are kept for the next question."""
_DEEP: Final = 1024
"""The gate has looked how deep the event is."""


def main() -> None:
    """Answer on standard output what is asked on standard input."""
    serve(sys.stdin.buffer, sys.stdout.buffer, signal.alarm)


def serve(questions: BinaryIO, answers: BinaryIO, alarm: Callable[[int], object]) -> None:
    """Answer all questions; returns at their end, which comes when the gate is gone.

    `alarm` is set to the seconds that a question has, and to 0 when it is answered. While it judges, a process hears
    of nothing: without an alarm that ends it, it would outlive a gate that was killed.
    """
    judge = Judge()
    while length := int.from_bytes(questions.read(LENGTH_BYTES), "big"):
        content = questions.read(length)
        question = read_question(content)
        alarm(question.seconds)
        verdict = judge.verdict(question)
        alarm(0)
        answers.write(framed(verdict))
        answers.flush()


class Judge:
    """Judges by schemas, which are compiled once."""

    def __init__(self) -> None:
        self._compiled: dict[SchemaSource, CompiledSchema] = {}

    def verdict(self, question: Question) -> Verdict:
        """What the schema says of the event."""
        schema = self._schema(question.schema)
        try:
            schema.check(json.parse(question.event, _DEEP), len(question.event))
        except InvalidEvent as invalid:
            return Verdict(invalid.problems, invalid.truncated)
        return Verdict()

    def _schema(self, source: SchemaSource) -> CompiledSchema:
        if source not in self._compiled:
            if len(self._compiled) >= _KEPT:
                self._compiled.clear()
            self._compiled[source] = source.compiled()
        return self._compiled[source]
