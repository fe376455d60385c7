"""``main.py doctor``: what is installed, where it computes, and which profiles can be used."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
from rich.table import Table

from cli.common import add_row, console, print_json, say, settings_with, shown_url, speaks_plainly, trained_word
from cli.installation import FULL, import_problem, missing_packages, missing_sentence
from cli.options import AsJson, Database
from filo_core.errors import FiloError
from filo_core.packaged import is_packaged
from workflows.keeping.backups import backup_problem
from workflows.keeping.opening import open_record
from workflows.settings.check import problems_of
from workflows.settings.settings import Settings

PACKAGES = (
    "onnxruntime",
    "torch",
    "torchvision",
    "open_clip_torch",
    "groundingdino-py",
    "transformers",
    "opencv-python",
    "PySide6",
    "SQLAlchemy",
    "numpy",
)
"""Shown with their versions; the others only where they are missing."""
_NETWORKS = ("full", "filo")
_WITHOUT_TORCH = {
    False: "not installed, as on a station: make setup brings it",
    True: "not in the installed program, which does without torch",
}
"""What is said of them, by whether this is the installed program."""


@speaks_plainly
def doctor(database: Database = "", as_json: AsJson = False) -> None:
    """Check this installation: packages, device, profiles, database."""
    from filo_core.profiles.folders import profile_folders

    settings = settings_with(database=database)
    folders = profile_folders(settings.models)
    profiles = [_profile(folders[name], settings.models) for name in sorted(folders)]
    missing = missing_packages()
    report: dict[str, Any] = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "packages": {name: None if name in missing else _version(name) for name in (*PACKAGES, *missing)},
        "packages_problem": missing_sentence(missing) if missing else "",
        "device": _device(),
        "eyes_device": _eyes_device(settings),
        "profiles": [*profiles, *_absent(folders)],
        "home": str(settings.home),
        "settings_problems": _settings_problems(settings),
        "database": shown_url(settings.database_url),
        "database_problem": _database_problem(settings),
        "backup_problem": backup_problem(settings),
        "language_model": settings.llm_model or None,
        "display": _display_problem() or "ok",
    }
    problems = [report["packages_problem"], report["database_problem"], *report["settings_problems"].values()]
    report["ok"] = any(profile["usable"] for profile in profiles) and not any(problems)
    if as_json:
        print_json(report)
    else:
        _print(report)
    if not report["ok"]:
        raise SystemExit(1)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _device() -> str:
    try:
        import torch
    except ImportError:
        # A station: ONNX Runtime computes.
        return "cpu, without torch"
    return f"cuda ({torch.cuda.get_device_name()})" if torch.cuda.is_available() else "cpu"


def _eyes_device(settings: Settings) -> str:
    """Where the compact profile computes: tried, since a card that ONNX Runtime was built for may not work."""
    try:
        from filo_core.engine import load_model
        from filo_core.eyes.loaded import LoadedEyes
        from filo_core.profiles.folders import profile_folder
        from filo_core.trunks.providers import cards_here, device_of

        loaded = load_model(profile_folder("compact", settings.models), settings.device, settings.models)
        assert isinstance(loaded, LoadedEyes), "the shipped one"
        others = [device_of(card) for card in cards_here()]
        return f"{loaded.tried_device()} (ONNX Runtime knows: {', '.join([*others, 'cpu'])})"
    except (FiloError, ImportError) as error:
        return _words(error)


def _profile(folder: Path, models: Path) -> dict[str, Any]:
    try:
        from filo_core.engine import load_model

        loaded = load_model(folder, "cpu", models)
    except (FiloError, ImportError) as error:
        return {"name": folder.name, "usable": False, "trained": None, "why": _words(error)}
    profile = loaded.profile
    return {
        "name": profile.name,
        "usable": True,
        "trained": profile.trained,
        "why": " ".join(filter(None, (loaded.note, loaded.names_note))) if profile.trained else profile.trained_on,
        "model_hash": loaded.model_hash,
    }


def _absent(folders: Mapping[str, Path]) -> list[dict[str, Any]]:
    """Profiles that can be installed and are not."""
    if is_packaged():
        return [{"name": name, "usable": False, "trained": None, "why": _WITHOUT_TORCH[True]} for name in _NETWORKS]
    commands = {"full": "main.py models install full", "filo": "main.py models install filo --from FILE"}
    return [
        {"name": name, "usable": False, "trained": None, "why": f"not installed: {command}"}
        for name, command in commands.items()
        if name not in folders
    ]


def _settings_problems(settings: Settings) -> dict[str, str]:
    """By setting, why it cannot work."""
    values = settings.model_dump(exclude={"plant_database"}) | {
        "plant_database": settings.plant_database.get_secret_value()
    }
    try:
        found = problems_of(values, settings.models)
    except ImportError:
        # A device cannot be tried without what is missing, which is said elsewhere.
        return {}
    if Path(settings.profile).is_dir():
        # A developer's, by its folder instead of its name.
        found.pop("profile", None)
    return found


def _database_problem(settings: Settings) -> str:
    try:
        open_record(settings).close()
    except (FiloError, ImportError) as error:
        return _words(error)
    return ""


def _words(error: FiloError | ImportError) -> str:
    """The sentence of an error; what is missing is said once, at the end."""
    return import_problem(error) if isinstance(error, ImportError) and not missing_packages() else str(error)


def _display_problem() -> str:
    if platform.system() == "Linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "no display: the window needs one, every other command works without"
    return ""


def _print(report: dict[str, Any]) -> None:
    table = Table("What", "Found", title="FiLo Inspector")
    for name, version in report["packages"].items():
        add_row(table, name, version or (_WITHOUT_TORCH[is_packaged()] if name in FULL else "missing"))
    add_row(table, "Python", f"{report['python']} on {report['platform']}")
    add_row(table, "Machine", f"{report['cores']} cores, {report['memory_gb']} GB, torch on {report['device']}")
    add_row(table, "Compact profile", f"computes on {report['eyes_device']}")
    for profile in report["profiles"]:
        state = f"usable, {trained_word(profile['trained'])}" if profile["usable"] else "not usable"
        add_row(table, f"Profile {profile['name']}", f"{state}{': ' if profile['why'] else ''}{profile['why']}")
    for name, problem in report["settings_problems"].items():
        add_row(table, f"Setting {name}", problem)
    add_row(table, "Database", report["database_problem"] or report["database"])
    add_row(table, "Nightly backup", report["backup_problem"] or "no problem noted")
    add_row(table, "Language model", report["language_model"] or "none configured: the built-in library is used")
    add_row(table, "Display", report["display"])
    console.print(table)
    if report["packages_problem"]:
        say(report["packages_problem"])
