from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from filo_core.types import InspectionFilter, InspectionRecord, Recipe, ReviewDecision, Verdict
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.making import make_inspection, make_region, sign_product
from workflows.keeping.forwarding import Forwarder
from workflows.reporting.history import History

PRODUCT = "metal nut"


@dataclass(frozen=True)
class Station:
    """A station with a record of its own."""

    name: str
    storage: Storage
    recipe: Recipe
    folder: Path

    def judge(self, shades: range) -> None:
        """Inspect; every third one is NG, has a region, and is reviewed."""
        recorder = Recorder(self.storage, PRODUCT, operator="Ada")
        for shade in shades:
            bad = shade % 3 == 0
            made = make_inspection(self.recipe, shade, 0.9 if bad else 0.1, regions=[make_region()] if bad else [])
            number = recorder.record_one(made)
            if bad:
                History(self.storage).review(number, ReviewDecision.CONFIRM, Verdict.NG, self.name)

    def forwarder(self, plant_url: str, **more: object) -> Forwarder:
        return Forwarder(self.storage, self.name, plant_url, scratch=self.folder / "scratch", **more)  # type: ignore[arg-type]


@pytest.fixture
def stations(tmp_path: Path) -> Iterator[tuple[Station, Station]]:
    """Two stations that inspect under the same signed recipe."""
    with ExitStack() as stack:
        made = []
        for name in ("line 1", "line 2"):
            folder = tmp_path / name
            storage = stack.enter_context(open_storage(sqlite_url(folder / "filo.sqlite"), folder / "images"))
            made.append(Station(name, storage, sign_product(storage), folder))
        yield made[0], made[1]


@pytest.fixture(params=["sqlite", "postgresql"])
def plant_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "plant.sqlite")
    address: str = request.getfixturevalue("postgres_url")
    return address


def records(url: str, folder: Path) -> list[InspectionRecord]:
    """Everything in a plant's record, oldest first; its audit chain must hold."""
    with open_storage(url, folder / "reader") as plant:
        assert plant.verify().intact
        with plant.reading() as transaction:
            return list(transaction.inspections.following(InspectionFilter(), 0, 10_000))


def names(shades: range) -> list[str]:
    return [f"part {shade}.png" for shade in shades]
