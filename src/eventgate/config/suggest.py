"""The nearest known name, for people who mistyped one."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the known name nearest to `name`, or all of them where they are few and none is near."""
    import difflib  # with the first mistake: cold starts do without

    names = sorted(set(known))
    folded = {each.lower(): each for each in reversed(names)}
    if near := difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6):
        return f"did you mean {folded[near[0]]}?"
    if 0 < len(names) <= 12:
        return f"known here: {', '.join(names)}"
    return None
