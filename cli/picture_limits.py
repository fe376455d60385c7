"""``main.py product picture``: when a picture is too blurred, dark or bright to be judged."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from cli.common import print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, Name, User
from cli.signing_in import managing
from filo_core.errors import SettingsError
from filo_core.types import ProductDraft
from workflows.keeping.opening import open_record
from workflows.products.catalogue import Catalogue


@speaks_plainly
def picture(
    name: Name,
    teach: Annotated[bool, typer.Option("--teach", help="Take the limits from the good images.")] = False,
    off: Annotated[bool, typer.Option("--off", help="Judge every picture, whatever it looks like.")] = False,
    user: User = "",
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Show, teach or remove what focus and light a picture needs: without them its verdict is withheld."""
    if teach and off:
        raise SettingsError("Give one of --teach and --off.")
    settings = settings_with(database=database)
    if not teach and not off:
        with open_record(settings) as storage:
            draft = Catalogue(storage).draft(name)
    else:
        with managing(settings, user) as (access, _):
            draft = Catalogue(access.storage, access).judge_pictures(name, judges=teach)
    _show(draft, as_json=as_json)


def _show(draft: ProductDraft, *, as_json: bool) -> None:
    limits, name = draft.picture_limits, draft.description.name
    if as_json:
        print_json({"product": name, "picture": None if limits is None else asdict(limits)})
    elif limits is None:
        say(f"{name}: every picture is judged, whatever its focus and light.")
    else:
        say(
            f"{name}: a verdict is withheld below {limits.least_focus:.3f} of focus, and outside of "
            f"{100 * limits.darkest:.0f} to {100 * limits.brightest:.0f} % of full brightness."
        )
