"""One configuration measured, or why it cannot be: what the paper's tables and figures are made of."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.benchmark.baselines import detector_maker
from filo_core.benchmark.configurations import CONFIGURATIONS, SAME_HEADS
from filo_core.benchmark.configured import configured_maker
from filo_core.benchmark.measuring import PAPER_MAP_SIDE, BenchmarkResult, benchmark
from filo_core.descriptions.library import AnomalyLibrary
from filo_core.engine import Engine
from filo_core.events import StepDone
from filo_core.method.grounding import WholeImageLocalizer
from filo_core.profiles.builder import load_profile
from filo_core.profiles.manifest import MANIFEST_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from filo_core.benchmark.categories import Category, LabelledImage
    from filo_core.benchmark.configurations import Configuration
    from filo_core.profiles.loaded import LoadedProfile
    from filo_core.types import Prediction

    OnRowPrediction = Callable[[str, str, LabelledImage, Prediction], None]
    """Gets a row's name, a category's name, one of its test images and what was predicted."""

ELSEWHERE = "OTHER_DATA_SET"
"""Stands in a command for the data set to learn from, where it is not known."""


@dataclass(frozen=True, slots=True)
class TableRun:
    """What tables and figures are run on."""

    loaded: LoadedProfile
    """For rows without trained heads."""
    device: str
    weights: Path | None = None
    """Folder with a trained profile for each configuration that needs one, called as the configuration."""
    lists: Path | None = None
    """Folder with anomaly lists of language models, for Table VII."""
    seeds: tuple[int, ...] = (0,)
    limit: int | None = None
    profile: str = ""
    """Name or folder of ``loaded``, as a command takes it."""
    learn_from: str = ELSEWHERE
    """Data set that heads are to be trained on: another one than is judged."""
    program: tuple[str, ...] = ("main.py",)
    """How a command begins."""
    library: AnomalyLibrary | None = None
    """Suggests the anomaly types; the built-in one unless given."""
    on_prediction: OnRowPrediction | None = None


def measured(
    name: str,
    label: str,
    categories: Sequence[Category],
    setting: TableRun,
    *,
    shots: int = 0,
    library: AnomalyLibrary | None = None,
) -> Iterator[StepDone | BenchmarkResult]:
    """Measure a configuration: a step an image, the result last.

    Args:
        name: of the configuration; what it needs must be here, see :func:`lacking`.
        label: stands in front of each step, and in the pictures' folder.
        categories: to measure on.
        setting: of the table or figure.
        shots: references a category.
        library: suggests the anomaly types; the setting's unless given.

    Raises:
        FiloError: if an image, a mask or a profile is unusable.
    """
    configuration = CONFIGURATIONS[name]
    loaded = load_profile(heads_folder(name, setting), setting.device) if configuration.heads else setting.loaded
    if loaded.profile.method == "filo":
        maker = detector_maker(Engine(loaded))
    else:
        maker = configured_maker(configuration, loaded, library or setting.library or AnomalyLibrary.load())
    shown = setting.on_prediction
    for event in benchmark(
        categories,
        maker,
        shots=shots,
        seeds=setting.seeds if shots else setting.seeds[:1],
        limit=setting.limit,
        profile=loaded.profile.name,
        on_prediction=None if shown is None else lambda *what: shown(label, *what),
        map_side=PAPER_MAP_SIDE,
    ):
        if isinstance(event, StepDone):
            yield StepDone(event.done, event.total, f"{label}: {event.what}")
        elif isinstance(event, BenchmarkResult):
            yield event


def lacking(
    name: str, categories: Sequence[Category], setting: TableRun, shots: int = 0, more: Sequence[str] = ()
) -> str:
    """Why a configuration cannot be run here, as a sentence; empty where it can.

    Args:
        name: of the configuration.
        categories: to measure on.
        setting: of the table or figure.
        shots: references a category.
        more: what else is missing.
    """
    reasons = [*_missing_parts(name, CONFIGURATIONS[name], setting), *more]
    short = [category.name for category in categories if len(category.references) < shots]
    if short:
        reasons.append(f"{shots} good images to choose from in {', '.join(short)}")
    if not reasons:
        return ""
    # The command stands at the end, so that it can be taken and typed as it is.
    command = _training_command(name, setting) if _lacks_heads(name, setting) else ""
    return f"Needs {'; '.join(reasons)}." + (f" Train them: {command}" if command else "")


def heads_folder(name: str, setting: TableRun) -> Path:
    """Where the trained profile of a configuration is looked for."""
    return (setting.weights or Path("WEIGHTS")) / SAME_HEADS.get(name, name)


def is_released(name: str, setting: TableRun) -> bool:
    """Whether the heads of a configuration are FiLo's released network itself."""
    folder = heads_folder(name, setting)
    return name == "filo" and '"method": "filo"' in _text_of(folder / MANIFEST_NAME)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _missing_parts(name: str, configuration: Configuration, setting: TableRun) -> Iterator[str]:
    loaded, released = setting.loaded, is_released(name, setting)
    if _lacks_heads(name, setting):
        yield f"trained heads in {heads_folder(name, setting)}"
    if configuration.grounding and isinstance(loaded.localizer, WholeImageLocalizer) and not released:
        yield f"Grounding DINO, which the profile {loaded.profile.name} does not have"
    if configuration.matching == "windows" and loaded.profile.encoder != "transformer":
        yield "an image encoder of transformer blocks"


def _lacks_heads(name: str, setting: TableRun) -> bool:
    needed = CONFIGURATIONS[name].heads is not None
    return needed and not (heads_folder(name, setting) / MANIFEST_NAME).is_file()


def _training_command(name: str, setting: TableRun) -> str:
    folder = heads_folder(name, setting)
    words = [*setting.program, "train", setting.learn_from, "--configuration", folder.name]
    words += ["--profile", setting.profile] if setting.profile else []
    words += ["--checkpoint", f"{folder}.ckpt", "--export", str(folder)]
    return shlex.join(words)
