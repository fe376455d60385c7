"""Arguments and options that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

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
