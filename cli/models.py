"""``main.py models``: the model profiles of this installation, and how true the method is to recorded numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.common import add_row, console, print_json, say, speaks_plainly, trained_word
from cli.product import AsJson
from filo_core.profiles.manifest import read_manifest
from filo_core.resources import resource_path

GOLDEN_TOLERANCE = 2e-5
"""Largest relative difference that float32 on a CPU may show."""
_SHOWN = 12

app = typer.Typer(help="Model profiles.", no_args_is_help=True)


@app.command("list")
@speaks_plainly
def list_profiles(as_json: AsJson = False) -> None:
    """List the profiles that are here, and what they were trained on."""
    folders = sorted(path.parent for path in resource_path("models").glob("*/manifest.json"))
    profiles = [read_manifest(folder) for folder in folders]
    if as_json:
        print_json({"profiles": [profile.model_dump() for profile in profiles]})
        return
    table = Table("Profile", "Weights", "Trained on", "Licence")
    for profile in profiles:
        add_row(table, profile.name, trained_word(profile.trained), profile.trained_on, profile.licence)
    console.print(table)


@app.command("check-golden")
@speaks_plainly
def check_golden(
    folder: Annotated[Path, typer.Argument(help="Folder with names.json, golden.npz and the input image.")],
    as_json: AsJson = False,
) -> None:
    """Compare the FiLo compatibility mode with numbers recorded from the released code. Takes minutes and 6 GB."""
    from filo_core.filo_release.golden import compare_folder

    differences = compare_folder(folder)
    largest = max(differences.values())
    if as_json:
        print_json({"max_relative_difference": largest, "tolerance": GOLDEN_TOLERANCE, "arrays": differences})
    else:
        table = Table("Array", f"Relative difference, the {_SHOWN} largest of {len(differences)}")
        for name, value in sorted(differences.items(), key=lambda item: -item[1])[:_SHOWN]:
            add_row(table, name, f"{value:.1e}")
        console.print(table)
        say(f"Largest: {largest:.1e}; up to {GOLDEN_TOLERANCE:.0e} is rounding in float32.")
    if largest > GOLDEN_TOLERANCE:
        raise SystemExit(1)
