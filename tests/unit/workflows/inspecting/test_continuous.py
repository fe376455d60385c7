"""Continuous live inspection with outputs, on a real record and a real file: each verdict delivered, each once."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from filo_core.errors import DatabaseInUseError, StorageError
from filo_core.line.outputs.csv_file import CsvSink
from filo_core.line.sinks.base import Sink
from filo_core.line.worker import Worker
from filo_core.types import Inspection, InspectionFilter, RecipeVersion, Verdict
from storage.engine import sqlite_url
from storage.outbox import Outbox
from storage.recorder import Recorder
from storage.storage import open_storage
from tests.unit.filo_core.line.station_parts import HandFedSource
from tools.brightness import Brightness
from tools.line_rig import PRODUCT, sign
from workflows.inspecting.continuous import ContinuousInspection
from workflows.line.delivery import BackOff, Delivery
from workflows.reporting.history import History

QUICK = BackOff(0.005, 0.02)
WaitUntil = Callable[..., None]


class Stand:
    """What a test sees of a running inspection."""

    def __init__(
        self, live: ContinuousInspection, camera: HandFedSource, seen: list[Inspection], wait_until: WaitUntil
    ) -> None:
        self.live = live
        self.seen = seen
        self.camera = camera
        self._wait_until = wait_until

    def show(self, *brightnesses: int) -> None:
        """One frame after the other, each judged before the next."""
        for brightness in brightnesses:
            count = len(self.seen)
            self.camera.put(brightness)
            self._wait_until(lambda count=count: len(self.seen) > count)


Running = Callable[..., AbstractContextManager[Stand]]


def allow() -> None:
    """Every part may get a verdict."""


@pytest.fixture
def running(tmp_path: Path, wait_until: WaitUntil) -> Running:
    @contextmanager
    def run(*sinks: Sink, require: Callable[[], None] = allow) -> Iterator[Stand]:
        with open_storage(sqlite_url(tmp_path / "filo.sqlite"), tmp_path / "images") as storage:
            recipe = sign(storage)
            worker: Worker[Brightness] = Worker(Brightness)
            worker.start()
            camera, seen = HandFedSource(), list[Inspection]()
            live = ContinuousInspection(
                camera,
                worker,  # type: ignore[arg-type]
                RecipeVersion(recipe, 1, "soak", datetime.now(UTC)),
                lambda engine: engine,  # type: ignore[arg-type, return-value]
                seen.append,
                Recorder(storage, PRODUCT),
                require,
                partial(Delivery, tmp_path / "outbox.sqlite", sinks, QUICK) if sinks else None,
            )
            stand = Stand(live, camera, seen, wait_until)
            try:
                live.start()
                yield stand
            finally:
                live.stop()
                worker.stop()

    return run


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def backlog(tmp_path: Path) -> dict[str, int]:
    opened = Outbox(tmp_path / "outbox.sqlite")
    try:
        return opened.backlog()
    finally:
        opened.close()


def recorded(tmp_path: Path) -> int:
    with open_storage(sqlite_url(tmp_path / "filo.sqlite"), tmp_path / "images") as storage:
        return History(storage).count(InspectionFilter())


def test_every_verdict_reaches_the_file_once_with_an_id_of_its_own(running: Running, tmp_path: Path) -> None:
    with running(CsvSink(tmp_path / "out.csv")) as stand:
        stand.show(0, 255, 10)
        assert stand.live.delivery_state.outputs == 1
    delivered = rows(tmp_path / "out.csv")
    assert [row["verdict"] for row in delivered] == ["OK", "NG", "OK"]
    assert [row["reads_as"] for row in delivered] == ["OK", "NG", "OK"]
    assert len({row["trigger_id"] for row in delivered}) == 3
    assert [row["decided_at"] for row in delivered] == [str(seen.inspected_at) for seen in stand.seen]
    assert recorded(tmp_path) == 3


def test_an_output_that_is_away_stops_nothing_and_the_next_start_delivers_what_waited(
    running: Running, tmp_path: Path, wait_until: WaitUntil
) -> None:
    blocked = tmp_path / "out.csv"
    blocked.mkdir()
    with running(CsvSink(blocked), CsvSink(tmp_path / "other.csv")) as stand:
        wait_until(lambda: stand.live.is_running)
        stand.show(0, 255)
        wait_until(lambda: "cannot be written" in stand.live.delivery_state.problem)
        stand.show(10)
        assert stand.live.problem == ""
        assert stand.live.delivery_state.waiting == 3
    assert stand.live.delivery_state.waiting == 3
    assert len(rows(tmp_path / "other.csv")) == 3
    blocked.rmdir()
    with running(CsvSink(blocked), CsvSink(tmp_path / "other.csv")) as stand:
        stand.show(255)
        wait_until(lambda: stand.live.delivery_state.waiting == 0)
        assert stand.live.delivery_state.problem == ""
    assert [row["verdict"] for row in rows(blocked)] == ["OK", "NG", "OK", "NG"]
    assert rows(blocked) == rows(tmp_path / "other.csv")
    assert not backlog(tmp_path)


def test_what_a_crash_left_open_is_delivered_as_not_inspected(running: Running, tmp_path: Path) -> None:
    with running(CsvSink(tmp_path / "out.csv")) as stand:
        stand.show(0)
        # As when the program ends between the record and the answer.
        stand.live._delivered._ledger.open("frame-crashed-1", 0.0)
    with running(CsvSink(tmp_path / "out.csv")) as stand:
        stand.show(255)
    assert [row["verdict"] for row in rows(tmp_path / "out.csv")] == ["OK", "NOT_INSPECTED", "NG"]


def test_a_verdict_that_may_not_be_goes_out_as_not_inspected(
    running: Running, tmp_path: Path, wait_until: WaitUntil
) -> None:
    refusing = True

    def require() -> None:
        if refusing:
            raise StorageError("The golden set failed.")

    with running(CsvSink(tmp_path / "out.csv"), require=require) as stand:
        stand.camera.put(0)
        wait_until(lambda: stand.live.problem == "The golden set failed.")
        refusing = False
        stand.show(10)
    delivered = rows(tmp_path / "out.csv")
    assert [row["verdict"] for row in delivered] == ["NOT_INSPECTED", "OK"]
    assert delivered[0]["reason"] == "The golden set failed."
    assert [seen.verdict for seen in stand.seen] == [Verdict.OK]


def test_an_answer_that_cannot_be_kept_at_once_is_kept_before_the_next_one(
    running: Running, tmp_path: Path, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        raise StorageError("The disk is full.")

    with running(CsvSink(tmp_path / "out.csv")) as stand:
        with monkeypatch.context() as patched:
            patched.setattr(Outbox, "close_trigger", full)
            stand.camera.put(0)
            wait_until(lambda: stand.live.problem == "The disk is full.")
        stand.show(255)
    # The first is in the record, but nobody was told a verdict: outside it reads as NG.
    assert [row["verdict"] for row in rows(tmp_path / "out.csv")] == ["NOT_INSPECTED", "NG"]


def test_a_second_run_on_one_outbox_is_refused_in_a_sentence(running: Running, tmp_path: Path) -> None:
    with (
        running(CsvSink(tmp_path / "out.csv")),
        pytest.raises(DatabaseInUseError, match="This station inspects already"),
        running(CsvSink(tmp_path / "out.csv")),
    ):
        pytest.fail("the second must not start")


def test_without_outputs_there_is_no_outbox(running: Running, tmp_path: Path) -> None:
    with running() as stand:
        stand.show(0)
        assert stand.live.delivery_state.outputs == 0
    assert not (tmp_path / "outbox.sqlite").exists()
    assert recorded(tmp_path) == 1
