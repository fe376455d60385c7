"""Arguments and options that several commands take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from filo_core.errors import SettingsError
from filo_core.identifying import identity_of
from filo_core.identity import OWN_FIELDS, Identity
from filo_core.types import Role

Name = Annotated[str, typer.Argument(help="Name of the product.")]
Database = Annotated[str, typer.Option(help="SQLAlchemy URL of the record instead of the file in FILO_HOME.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on the last line.")]
User = Annotated[str, typer.Option("--user", help="Who signs in; needed once there are users. The PIN is asked for.")]
InspectingUser = Annotated[str, typer.Option("--user", help="Sign in as: the name kept with the inspections.")]
RoleOption = Annotated[Role, typer.Option(help="operator reviews, supervisor also signs off, admin manages users.")]
FirstDay = Annotated[
    str,
    typer.Option(
        "--from", help="First day, such as 2026-03-01, or a moment: 2026-03-01T14:00. By the clock on the wall."
    ),
]
LastDay = Annotated[str, typer.Option("--to", help="Last day, itself included, or the moment before which to stop.")]
Serial = Annotated[str, typer.Option("--serial", help="Of the part with exactly this serial.")]
Lot = Annotated[str, typer.Option("--lot", help="Of this lot.")]
Order = Annotated[str, typer.Option("--order", help="Of this order.")]
OwnField = Annotated[
    list[str] | None,
    typer.Option("--field", help="Of parts with this in a field of your own, NAME=VALUE; may be given several times."),
]


def wanted_identity(
    serial: str, lot: str, order: str, own: Sequence[str] = (), own_names: Sequence[str] = ()
) -> Identity:
    """What was asked for by these options.

    Raises:
        SettingsError: if a field of one's own is not written NAME=VALUE, or nobody has named it.
        IdentityError: if no part can be called so.
    """
    said: dict[str, object] = {"serial": serial, "lot": lot, "order": order}
    known = {*OWN_FIELDS, *filter(None, own_names)}
    for written in own:
        name, equals, value = written.partition("=")
        if not equals or name not in known:
            raise SettingsError(
                "{written!r} names no field. Write NAME=VALUE with one of {known}.",
                written=written[:60],
                known=", ".join(sorted(known)),
            )
        said[name] = value
    return identity_of(said, own_names)
