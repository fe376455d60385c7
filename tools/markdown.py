"""What the pages made by these tools have in common."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil


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


def this_machine() -> str:
    """Processors, Python, load and day of a measurement, as a page says them."""
    return (
        f"{os.cpu_count()} logical CPUs ({platform.machine()}), Python {platform.python_version()}, load average "
        f"{psutil.getloadavg()[0]:.1f} at its end (other programs' work included), on {datetime.now(UTC):%Y-%m-%d}"
    )


def replace_section(page: Path, title: str, section: str) -> None:
    """Replace one made section of a page, or add it at its end; what others wrote there stays."""
    begin, end = f"<!-- made: {title} -->", f"<!-- end: {title} -->"
    made = f"{begin}\n\n{section}\n\n{end}"
    text = page.read_text(encoding="utf-8") if page.exists() else f"# {page.stem.capitalize()}\n"
    if begin in text and end in text:
        text = text[: text.index(begin)] + made + text[text.index(end) + len(end) :]
    else:
        text = f"{text.rstrip()}\n\n## {title}\n\n{made}\n"
    page.write_text(text, encoding="utf-8")


def between_marks(page: str, begin: str, end: str, lines: Iterable[str]) -> str:
    """A page with these lines in place of what stands between two marks.

    Raises:
        ValueError: if a mark is missing, or there twice.
    """
    before, rest = page.split(begin)
    _, after = rest.split(end)
    return "\n".join((before + begin, *lines, end)) + after
