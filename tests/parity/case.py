"""One request of the table, and what several of them are made of."""

from __future__ import annotations

from dataclasses import dataclass

Fields = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Case:
    """One request, and the status that docs/api.md promises.

    `target` is percent-encoded and may have a query. `{alice}` and the like in a header value stand for tokens.
    """

    name: str
    method: str
    target: str
    status: int
    headers: Fields = ()
    body: bytes | None = None

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def repeats_a_header(self) -> bool:
        """Whether hosts that have one value a header cannot even be sent this request."""
        names = [name.lower() for name, _ in self.headers]
        return len(names) != len(set(names))


ALICE: Fields = (("Authorization", b"Bearer {alice}"),)
RITA: Fields = (("Authorization", b"Bearer {rita}"),)
GOOD_RUN = b'{"event_id":"e-1","tenant_id":"t1","count":3,"at":"2026-01-02T03:04:05Z"}'
