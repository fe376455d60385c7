"""What an attack is, and how one is run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from filo_core.errors import FiloError

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE_S = 180.0


class Finding(NamedTuple):
    """What came of one attack: its name as a sentence, whether the program held, and by what (or what got through)."""

    name: str
    held: bool
    how: str


class NotHereError(FiloError):
    """The attack cannot be run on this machine; the message says what is missing."""


Attack = Callable[[Path], Finding]
"""Attacks a home nobody else uses: an empty folder, given to it; its docstring's first line names it until it ends."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. ``held`` is None where the attack could not be run."""

    section: str
    name: str
    held: bool | None
    how: str


def run_attack(section: str, attack: Attack) -> Row:
    """Run one attack on a home of its own, which is removed afterwards; one that raises has found something."""
    name = (attack.__doc__ or attack.__name__).strip().splitlines()[0].rstrip(".")
    try:
        with tempfile.TemporaryDirectory(prefix="filo-attack-", ignore_cleanup_errors=True) as folder:
            home = Path(folder) / "home"
            home.mkdir(mode=0o700)
            return Row(section, *attack(home))
    except NotHereError as error:
        return Row(section, name, None, str(error))
    except Exception as error:  # noqa: BLE001 whatever breaks in an attack, the others are run
        return Row(section, name, held=False, how=f"The attack broke: {type(error).__name__}: {error}")


def run_all(sections: Mapping[str, Sequence[Attack]], tell: Callable[[Row], None] = lambda _: None) -> list[Row]:
    """Run the attacks of each section in their order.

    Args:
        sections: attacks by the section's name.
        tell: told each row as soon as it is known.
    """
    rows = []
    for section, attacks in sections.items():
        for attack in attacks:
            rows.append(run_attack(section, attack))
            tell(rows[-1])
    return rows


def program(
    home: Path, *arguments: str, typed: str = "", variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``main.py`` with these arguments on ``home``, as a person at a terminal would.

    Args:
        home: the attack's.
        arguments: of the command line.
        typed: what is typed into it.
        variables: set beside those of the home; nothing that the user has set as ``FILO_…`` reaches in.
    """
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *arguments],
        cwd=ROOT,
        env=surroundings(home) | dict(variables or {}),
        input=typed,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )


def surroundings(home: Path) -> dict[str, str]:
    """The environment of a program on ``home``: this one's, without what the user has set for the program."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FILO_")}
    # The keyring is the user's own: no attack writes into it.
    return kept | {"FILO_HOME": str(home), "FILO_SECRETS": "file", "QT_QPA_PLATFORM": "offscreen"}
