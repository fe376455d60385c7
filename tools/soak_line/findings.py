"""What a piece of the soak is, what it found, and how that becomes a page."""

from __future__ import annotations

import csv
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tools.markdown import markdown_table

ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- soak_line: begin -->", "<!-- soak_line: end -->"
PATIENCE_S = 60.0
Unit = dict[str, Any]
"""What one unit of a piece found; JSON."""


@dataclass(slots=True)
class Findings:
    """One piece's table, and what went wrong."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[object, ...]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    note: str = ""

    def require(self, holds: bool, fault: str) -> None:
        """Note a fault unless ``holds``."""
        if not holds:
            self.faults.append(fault)


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of the soak.

    Attributes:
        name: its file's name.
        units: the units still to be done, from the folder of its data and those that are done.
        findings: what all units together say.
        missing: why it cannot be measured here; empty when it can.
    """

    name: str
    units: Callable[[Path, list[Unit]], Iterator[Unit]]
    findings: Callable[[list[Unit]], Findings]
    missing: str = ""


def is_raised(session: Path = Path("/proc/self/autogroup")) -> bool:
    """Whether this process goes before others: by its nice value, its session's on Linux, or as a real-time one."""
    return (
        psutil.Process().nice() < 0
        or _session_nice(session) < 0
        or (hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER)
    )


def _session_nice(session: Path) -> int:
    # Empty where a process belongs to no session's group, as in most containers; missing elsewhere than on Linux.
    said = session.read_text(encoding="ascii") if session.is_file() else ""
    return int(said.rpartition(" ")[2]) if said else 0


def wait_for(condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> float:
    """Seconds until the condition holds."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < patience_s, "nothing happens any more"
        # Not time.sleep: libfaketime, which moves the clock under this, does not understand how Python sleeps.
        threading.Event().wait(0.005)
    return time.monotonic() - started


def delivered_names(path: Path) -> list[str]:
    """The triggers in an output file, in their order."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [row["trigger_id"] for row in csv.DictReader(file)]


def write_page(page: Path, findings: list[Findings], options: str, done: list[Unit]) -> None:
    """Replace this tool's section of the page, or add it; what others wrote there stays."""
    lines = [BEGIN, "", f"Made by `python -m tools.soak_line {options}` on {_machine(done)}.", ""]
    for found in findings:
        lines += [f"### {found.title}", ""]
        lines += [markdown_table(found.header, found.rows), ""] if found.rows else []
        lines += [found.note, ""] if found.note else []
        lines += [f"**Missed:** {'; '.join(found.faults)}.", ""] if found.faults else []
    section = "\n".join([*lines, END])
    text = page.read_text(encoding="utf-8") if page.exists() else "# Reliability\n"
    if BEGIN in text:
        text = text[: text.index(BEGIN)] + section + text[text.index(END) + len(END) :]
    else:
        text = f"{text.rstrip()}\n\n## The line\n\n{section}\n"
    page.write_text(text, encoding="utf-8")


def _machine(done: list[Unit]) -> str:
    loads = sorted(unit["load"] for unit in done) or [psutil.getloadavg()[0]]
    load = f"load average {loads[len(loads) // 2]:.1f} (median) to {loads[-1]:.1f}, other programs' work included"
    raised = sum(unit.get("raised", False) for unit in done)
    load += f"; {raised} of {len(done)} units at raised priority" if raised else ""
    return f"{psutil.cpu_count()} logical CPUs ({platform.machine()}), Python {platform.python_version()}, {load}"
