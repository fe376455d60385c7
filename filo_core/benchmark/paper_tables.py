"""Tables I to VII of the paper: what it prints, and its rows run by this program.

The text of Table IV does not say which of its two rows with three ticks has which kernels; they are taken in the
order of the columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, TypeAdapter

from filo_core.benchmark.asked_lists import read_lists
from filo_core.benchmark.configurations import CONFIGURATIONS
from filo_core.benchmark.rows import TableRun, is_released, lacking, measured
from filo_core.descriptions.library import AnomalyLibrary
from filo_core.errors import FiloError
from filo_core.events import StepDone
from filo_core.profiles.loaded import require_plain_clip
from filo_core.resources import resource_path
from filo_core.types import AnomalyType, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from filo_core.benchmark.categories import Category
    from filo_core.benchmark.measuring import BenchmarkResult
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
    differs: str = ""
    """In what the row is not the method it is called after; empty where it is that method."""

    @property
    def method(self) -> str:
        """What the row may be called: a namesake says so."""
        return f"{self.row.method}-like" if self.differs else self.row.method


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
            yield RowResult(row, None, missing, _differs(row, setting))
            continue
        events = measured(
            row.configuration,
            f"{row.setup} {row.method}".strip(),
            categories,
            setting,
            shots=row.shots,
            library=_library(row, setting),
        )
        for event in events:
            yield event if isinstance(event, StepDone) else RowResult(row, event, "", _differs(row, setting))


def _differs(row: PaperEntry, setting: TableRun) -> str:
    if not row.configuration or is_released(row.configuration, setting):
        return ""
    return CONFIGURATIONS[row.configuration].differs


def _missing(row: PaperEntry, categories: Sequence[Category], setting: TableRun) -> str:
    """Why a row cannot be run here; empty where it can."""
    if not row.configuration:
        return "Printed only: this program does not contain the method."
    more = []
    if row.anomaly_list and not (setting.lists is not None and (setting.lists / row.anomaly_list).is_file()):
        more.append(
            f"the anomaly list {row.anomaly_list} in the folder of --lists ('main.py models lists --table VII' asks "
            "the language model that is set up)"
        )
    return lacking(row.configuration, categories, setting, row.shots, more)


class ListedLibrary(AnomalyLibrary):
    """Anomaly types from one language model's list, ``{class name: [anomaly, ...]}``.

    Args:
        path: JSON file.

    Raises:
        FiloError: if it is not such a file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__((), {})
        self._lists = read_lists(path)

    def suggest(self, description: ProductDescription, limit: int = 12) -> tuple[AnomalyType, ...]:
        """The first ``limit`` of the list's names for the class.

        Raises:
            FiloError: if it has none.
        """
        names = self._lists.get(description.class_name)
        if not names:
            raise FiloError(
                "The anomaly list has nothing for {class_name}. Add the class to it.", class_name=description.class_name
            )
        return tuple(AnomalyType(name, provenance=Provenance.LANGUAGE_MODEL) for name in names[:limit])


def _library(row: PaperEntry, setting: TableRun) -> AnomalyLibrary | None:
    if row.anomaly_list and setting.lists is not None:
        return ListedLibrary(setting.lists / row.anomaly_list)
    return None
