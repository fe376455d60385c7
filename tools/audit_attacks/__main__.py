"""Runs the attacks, prints the table, and exits with 1 unless every one was held."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tools.audit_attacks import line, people, record
from tools.audit_attacks.frame import Row, run_all, surroundings

SECTIONS = {"line": line.ATTACKS, "people": people.ATTACKS, "record": record.ATTACKS}
_WORDS = {True: "held", False: "NOT HELD", None: "not run"}
_COLOURS = {True: "green", False: "bold red", None: "yellow"}


def main(arguments: list[str] | None = None) -> int:
    """Run the sections that are asked for; 0 when all were held. What cannot be run here is said, and is no failure."""
    parser = argparse.ArgumentParser(prog="python -m tools.audit_attacks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; all unless given")
    asked = parser.parse_args(arguments)
    unknown = sorted(set(asked.sections) - set(SECTIONS))
    if unknown:
        parser.error(f"There is no section {unknown[0]}. There are {', '.join(SECTIONS)}.")
    progress = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="filo-attack-") as folder:
        # Attacks within this process must not meet what the user has set, nor their home.
        _set_surroundings(Path(folder))
        chosen = {name: SECTIONS[name] for name in asked.sections or SECTIONS}
        rows = run_all(chosen, lambda row: progress.print(f"{_WORDS[row.held]:8} {escape(row.name)}", highlight=False))
    print_table(rows, Console())
    return 1 if any(row.held is False for row in rows) else 0


def print_table(rows: list[Row], console: Console) -> None:
    """A line an attack, and the counts below."""
    table = Table("section", "attack", "", "how")
    for row in rows:
        word = f"[{_COLOURS[row.held]}]{_WORDS[row.held]}[/]"
        table.add_row(row.section, escape(row.name), word, escape(row.how))
    console.print(table)
    counts = [sum(row.held is held for row in rows) for held in (True, False, None)]
    console.print(f"{counts[0]} held, {counts[1]} not held, {counts[2]} not run")


def _set_surroundings(home: Path) -> None:
    for name in [name for name in os.environ if name.startswith("FILO_")]:
        del os.environ[name]
    os.environ.update(surroundings(home))


if __name__ == "__main__":
    sys.exit(main())
