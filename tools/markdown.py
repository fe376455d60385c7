"""What the pages made by these tools have in common."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def percent_number(rate: float) -> str:
    """A share in per cent, without the sign."""
    return f"{100 * rate:.3g}"


def say(what: str) -> None:
    """Progress, beside the page that is written."""
    sys.stderr.write(what + "\n")
