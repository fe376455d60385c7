"""Tables I to VII of the paper: what it prints, and its rows run by this program.

The text of Table IV does not say which of its two rows with three ticks has which kernels; they are taken in the
order of the columns.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from filo_core.benchmark.configurations import CONFIGURATIONS, SAME_HEADS, Configuration
from filo_core.benchmark.configured import configured_maker
from filo_core.benchmark.measuring import BenchmarkResult, benchmark
from filo_core.descriptions.library import AnomalyLibrary
from filo_core.errors import FiloError
from filo_core.events import StepDone
from filo_core.method.grounding import WholeImageLocalizer
from filo_core.profiles.builder import load_profile
from filo_core.profiles.loaded import require_plain_clip
from filo_core.profiles.manifest import MANIFEST_NAME
from filo_core.resources import resource_path
from filo_core.types import AnomalyType, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from filo_core.benchmark.categories import Category
    from filo_core.profiles.loaded import LoadedProfile
    from filo_core.types import ProductDescription

Table = Literal["I", "II", "III", "IV", "V", "VI", "VII"]
TABLES: tuple[Table, ...] = ("I", "II", "III", "IV", "V", "VI", "VII")


class Published(NamedTuple):
    """AUROCs in per cent, as printed."""

    image: float
    pixel: float


class PaperEntry(BaseModel):
    """One row of a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    setup: str
    method: str
    mvtec: Published
    visa: Published
    configuration: str
    """Empty for a method that is printed and never run."""
    anomaly_list: str = ""
    """File of the list that the row's language model gave."""

    @property
    def shots(self) -> int:
        """References a category; the tables without a set-up in shots are zero-shot."""
        return int(self.setup.removesuffix("-shot")) if self.setup.endswith("-shot") else 0


class PaperTable(BaseModel):
    """One table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    rows: tuple[PaperEntry, ...]


@dataclass(frozen=True, slots=True)
class RowResult:
    """A row of the paper beside what was measured, or why nothing was."""

    row: PaperEntry
    measured: BenchmarkResult | None
    missing: str = ""
    """A sentence; empty where the row was run."""


@dataclass(frozen=True, slots=True)
class TableRun:
    """What a table is run on."""

    loaded: LoadedProfile
    """For rows without trained heads."""
    device: str
    weights: Path | None = None
    """Folder with a trained profile for each configuration that needs one, called as the configuration."""
    lists: Path | None = None
    """Folder with anomaly lists of language models, for Table VII."""
    seeds: tuple[int, ...] = (0,)
    limit: int | None = None


def read_tables() -> dict[str, PaperTable]:
    """All tables as published."""
    content = resource_path("paper_tables.json").read_bytes()
    return TypeAdapter(dict[str, PaperTable]).validate_json(content)


def run_table(table: Table, categories: Sequence[Category], setting: TableRun) -> Iterator[StepDone | RowResult]:
    """Run the rows of a table one after another: a step an image, a :class:`RowResult` a row.

    Raises:
        FiloError: if an image, a mask or a profile is unusable. What is merely absent makes a row that says so.
    """
    require_plain_clip(setting.loaded)
    for row in read_tables()[table].rows:
        missing = _missing(row, categories, setting)
        if missing:
            yield RowResult(row, None, missing)
            continue
        configuration = CONFIGURATIONS[row.configuration]
        loaded = load_profile(_heads_folder(row, setting), setting.device) if configuration.heads else setting.loaded
        library = _library(row, setting)
        maker = configured_maker(configuration, loaded, library)
        for event in benchmark(
            categories,
            maker,
            shots=row.shots,
            seeds=setting.seeds if row.shots else setting.seeds[:1],
            limit=setting.limit,
            profile=loaded.profile.name,
        ):
            if isinstance(event, StepDone):
                yield StepDone(event.done, event.total, f"{row.setup} {row.method}: {event.what}".strip())
            elif isinstance(event, BenchmarkResult):
                yield RowResult(row, event)


def _missing(row: PaperEntry, categories: Sequence[Category], setting: TableRun) -> str:
    """Why a row cannot be run here; empty where it can."""
    if not row.configuration:
        return "Printed only: this program does not contain the method."
    configuration = CONFIGURATIONS[row.configuration]
    reasons = [*_missing_weights(row, configuration, setting)]
    if row.anomaly_list and not (setting.lists is not None and (setting.lists / row.anomaly_list).is_file()):
        reasons.append(f"the anomaly list {row.anomaly_list} in the folder of --lists")
    short = [category.name for category in categories if len(category.references) < row.shots]
    if short:
        reasons.append(f"{row.shots} good images to choose from in {', '.join(short)}")
    return f"Needs {'; '.join(reasons)}." if reasons else ""


def _missing_weights(row: PaperEntry, configuration: Configuration, setting: TableRun) -> Iterator[str]:
    loaded = setting.loaded
    if configuration.heads is not None:
        folder = _heads_folder(row, setting)
        if not (folder / MANIFEST_NAME).is_file():
            yield f"trained heads in {folder} (main.py train ROOT --configuration {folder.name} --export {folder})"
    if configuration.grounding and isinstance(loaded.localizer, WholeImageLocalizer):
        yield f"Grounding DINO, which the profile {loaded.profile.name} does not have"
    if configuration.matching == "windows" and not hasattr(loaded.model.visual, "transformer"):
        yield "an image encoder of transformer blocks"


def _heads_folder(row: PaperEntry, setting: TableRun) -> Path:
    return (setting.weights or Path("WEIGHTS")) / SAME_HEADS.get(row.configuration, row.configuration)


class ListedLibrary(AnomalyLibrary):
    """Anomaly types from one language model's list, ``{class name: [anomaly, ...]}``.

    Args:
        path: JSON file.

    Raises:
        FiloError: if it is not such a file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__((), {})
        try:
            self._lists = TypeAdapter(dict[str, list[str]]).validate_python(json.loads(path.read_bytes()))
        except (OSError, ValueError, ValidationError) as error:
            raise FiloError(f"{path} is no list of anomaly names by class name: {error}.") from error

    def suggest(self, description: ProductDescription, limit: int = 12) -> tuple[AnomalyType, ...]:
        """The first ``limit`` of the list's names for the class.

        Raises:
            FiloError: if it has none.
        """
        names = self._lists.get(description.class_name)
        if not names:
            raise FiloError(f"The anomaly list has nothing for {description.class_name}. Add the class to it.")
        return tuple(AnomalyType(name, provenance=Provenance.LANGUAGE_MODEL) for name in names[:limit])


def _library(row: PaperEntry, setting: TableRun) -> AnomalyLibrary:
    if row.anomaly_list and setting.lists is not None:
        return ListedLibrary(setting.lists / row.anomaly_list)
    return AnomalyLibrary.load()
