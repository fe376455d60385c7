"""``main.py backup`` and ``main.py restore``: a copy of the record, and the way back from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import typed
from cli.common import print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, User
from cli.signing_in import managing, signed_in
from workflows.keeping.backups import back_up_record
from workflows.keeping.restoring import restore_record


@speaks_plainly
def backup(
    target: Annotated[
        Path,
        typer.Argument(
            help="Folder for record and images, or a file such as monday.sqlite with a list of images.",
            parser=typed.path,
        ),
    ],
    user: User = "",
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Copy the record while it is in use, and check the copy."""
    settings = settings_with(database=database)
    with managing(settings, user) as (access, _):
        made = back_up_record(settings, target, access)
    if as_json:
        print_json({"file": str(made.file), "inspections": made.inspections, "images": made.images, "head": made.head})
        return
    say(f"{made.inspections} inspections were copied to {made.file}, which is intact.")
    say(f"Head {made.head}. Note it elsewhere: a later check finds whether it is still in the record.")
    where = "copied with it" if made.file.parent == target else f"listed in {made.file}.images.txt, but not copied"
    say(f"{made.images} images and maps are {where}.")
    _say_missing(made.missing)


@speaks_plainly
def restore(
    source: Annotated[Path, typer.Argument(help="Folder or file written by backup.", parser=typed.path)],
    user: User = "",
    database: Database = "",
) -> None:
    """Put a backup in the record's place; the record that was there is kept aside. Close all windows first."""
    settings = settings_with(database=database)
    restored, kept = restore_record(settings, source, lambda storage: signed_in(storage, user, settings)[0])
    say(f"{restored.inspections} inspections were restored to {restored.file}.")
    if kept is not None:
        say(f"The record that was there is now {kept}.")
    _say_missing(restored.missing)


def _say_missing(missing: int) -> None:
    if missing:
        say(f"{missing} images that the record speaks of are not in the image store. Copy them back if you have them.")
