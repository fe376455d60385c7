"""What ``product create --unsorted`` proposes from pictures that nobody has sorted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from cli.common import add_row, console, print_json, say, warn
from filo_core.events import UnsortedProposal
from workflows.products.unsorted import unsorted_steps

if TYPE_CHECKING:
    from filo_core.engine import Engine
    from workflows.settings.settings import Settings


def sorted_out(folder: Path, settings: Settings) -> tuple[Engine, UnsortedProposal]:
    """The engine that looked at the folder's pictures, and what it proposes.

    Raises:
        FolderError: if the folder is of no use for it.
        ProfileError: if the profile is, or cannot sort.
    """
    from filo_core.engine import load_engine

    steps = unsorted_steps(folder)
    engine = load_engine(settings.profile, settings.device, settings.models)
    proposal: UnsortedProposal | None = None
    for event in steps(engine):
        if isinstance(event, UnsortedProposal):
            proposal = event
    assert proposal is not None, "the proposal comes last"
    if proposal.unreadable:
        warn(f"{len(proposal.unreadable)} cannot be read: {', '.join(path.name for path in proposal.unreadable)}.")
    if proposal.repeated:
        warn(f"{len(proposal.repeated)} are copies of others and were left out.")
    return engine, proposal


def show_proposal(proposal: UnsortedProposal, *, as_json: bool) -> None:
    """Print a proposal of which nothing was made yet."""
    if as_json:
        print_json(proposal_json(proposal) | {"created": False})
        return
    table = Table("Proposed as good", "Oddness", "To be looked at first", "Oddness")
    for good, odd in zip(proposal.references, proposal.oddest, strict=False):
        add_row(table, good.path.name, f"{good.score:.2f}", odd.path.name, f"{odd.score:.2f}")
    console.print(table)
    say(proposal.sentence)
    say("Nothing was created. Say --yes to take them, or copy good parts into a folder of their own for --references.")


def proposal_json(proposal: UnsortedProposal) -> dict[str, Any]:
    """A proposal for programs: files, the most ordinary one first among ``ranked``, the oddest one among ``oddest``."""
    return {
        "created": True,
        "proposed": [str(picture.path) for picture in proposal.references],
        "oddest": [str(picture.path) for picture in proposal.oddest],
        "ranked": [{"file": str(picture.path), "oddness": picture.score} for picture in proposal.ranked],
        "unreadable": [str(path) for path in proposal.unreadable],
        "repeated": [str(path) for path in proposal.repeated],
    }
