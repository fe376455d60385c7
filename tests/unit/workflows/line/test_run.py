"""A whole line on a real record, killed, starved of disk and of its broker: one answer a trigger, whatever happens."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from filo_core.errors import DatabaseInUseError, SourceError, StorageError
from filo_core.line.outputs.csv_file import CsvSink
from filo_core.line.sources.choose import source_at
from filo_core.line.triggers.continuous import ContinuousTrigger
from filo_core.types import InspectionFilter, Verdict
from storage import outbox as outbox_module
from storage.engine import sqlite_url
from storage.storage import open_storage
from tools.brightness import Brightness
from tools.line_rig import STAGES, line_in, part_trigger
from workflows.line import run as line_module
from workflows.reporting.history import History

ROOT = Path(__file__).resolve().parents[4]
CLIP = ROOT.parent / "shared" / "data" / "video" / "bottle-detection.mp4"


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.005)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run_rig(home: Path, first: int, parts: int, stage: str = "", at: int = 0) -> list[str]:
    """What a line in a process of its own printed until its end."""
    arguments = [str(home), str(first), str(parts), stage, str(at)]
    done = subprocess.run(
        [sys.executable, "-m", "tools.line_rig", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode == 0) is (not stage), done.stderr
    # A kill may cut the last line off.
    return [line for line in done.stdout.splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.parametrize("stage", STAGES)
def test_a_line_killed_at_any_stage_has_one_answer_a_trigger_afterwards(stage: str, tmp_path: Path) -> None:
    before = run_rig(tmp_path, 1, 5, stage, 3)
    asked = [line.split()[1] for line in before if line.startswith("asked")]
    said = {line.split()[1]: line.split()[2] for line in before if line.startswith("said")}

    run_rig(tmp_path, 101, 2)

    delivered = rows(tmp_path / "out.csv")
    names = [row["trigger_id"] for row in delivered]
    accepted = asked if stage != "delivered" else [name for name in asked if name in names]
    assert names == [*accepted, "part-101", "part-102"]
    assert len({row["key"] for row in delivered}) == len(names)
    for row in delivered:
        # What was said before the kill is what is delivered; what was never said reads as NG.
        expected = said.get(row["trigger_id"])
        if row["trigger_id"] == asked[-1] and expected is None and stage in {"opened", "judged", "kept"}:
            expected = Verdict.NOT_INSPECTED.value
        if expected is not None:
            assert row["verdict"] == expected


def test_an_answer_is_in_the_record_and_delivered(tmp_path: Path) -> None:
    with line_in(tmp_path, [CsvSink(tmp_path / "out.csv")], detector=Brightness()) as line:
        for number in range(1, 5):
            assert line.station.ask(part_trigger(number)).wait(20) is not None
        wait_until(lambda: not line.outbox.backlog())
    assert [row["verdict"] for row in rows(tmp_path / "out.csv")] == ["OK", "OK", "OK", "NG"]
    with open_storage(sqlite_url(tmp_path / "filo.sqlite"), tmp_path / "images") as storage:
        assert History(storage).count(InspectionFilter()) == 4


@pytest.mark.skipif(not CLIP.is_file(), reason="the clip of a real line is not beside this checkout")
def test_a_clip_of_a_real_line_is_inspected_picture_by_picture_at_its_own_pace(tmp_path: Path) -> None:
    source = source_at(str(CLIP), loop=False)
    with line_in(tmp_path, [CsvSink(tmp_path / "out.csv")], source, Brightness()) as line:
        line.parts.append(ContinuousTrigger(source, line.station))
        begun = time.monotonic()
        line.parts[-1].start()
        wait_until(lambda: line.station.counters.answers >= 20)
        seconds, played = time.monotonic() - begun, source.frames
        line.parts[-1].stop()
        counters = line.station.counters
        wait_until(lambda: not line.outbox.backlog())
    assert counters.not_inspected == 0
    # 29.8 pictures a second, however fast they are judged; what is not judged in time is dropped, not queued.
    assert played <= 30 * (seconds + 2.0)
    delivered = rows(tmp_path / "out.csv")
    numbers = [int(row["trigger_id"].rpartition("-")[2]) for row in delivered]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == counters.answers
    assert {row["verdict"] for row in delivered} <= {"OK", "REVIEW", "NG"}
    # Bottles come and go: no picture is the one before.
    assert len({row["score"] for row in delivered}) > len(delivered) // 2


def test_one_output_named_twice_is_refused_before_anything_starts(tmp_path: Path) -> None:
    twice = [CsvSink(tmp_path / "out.csv"), CsvSink(tmp_path / "out.csv")]
    with (
        pytest.raises(SourceError, match=r"out\.csv is an output twice"),
        line_in(tmp_path, twice, detector=Brightness()),
    ):
        pass
    with line_in(tmp_path, twice[:1], detector=Brightness()):
        pass


def test_a_part_asked_for_again_after_a_restart_is_neither_judged_nor_delivered_again(tmp_path: Path) -> None:
    answers = []
    for _ in range(2):
        with line_in(tmp_path, [CsvSink(tmp_path / "out.csv")], detector=Brightness()) as line:
            answers.append(line.station.ask(part_trigger(4)).wait(20))
            wait_until(lambda line=line: not line.outbox.backlog())
    assert answers[0] == answers[1]
    assert len(rows(tmp_path / "out.csv")) == 1


def test_a_full_disk_costs_verdicts_but_no_answers_and_delivery_catches_up(tmp_path: Path) -> None:
    with line_in(tmp_path, [CsvSink(tmp_path / "out.csv")], detector=Brightness()) as line:
        assert line.station.ask(part_trigger(1)).wait(20) is not None
        wait_until(lambda: not line.outbox.backlog())
        engine = line.outbox._engine
        with engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        engine.dispose()

        # Every new connection finds the file as large as it may be.
        def limit(connection: object, _entry: object) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

        event.listen(engine, "connect", limit)
        answered = [line.station.ask(part_trigger(number)).wait(20) for number in range(2, 120)]
        full = [result for result in answered if result is not None and "full" in result.reason]
        assert full
        assert all(result.verdict is Verdict.NOT_INSPECTED for result in full)
        assert "full" in line.problem
        event.remove(engine, "connect", limit)
        engine.dispose()
        wait_until(lambda: not (line.station.unkept or line.outbox.open_triggers() or line.outbox.backlog()))
        after = line.station.ask(part_trigger(201)).wait(20)
        assert after is not None
        assert after.verdict is Verdict.OK
        wait_until(lambda: not line.outbox.backlog())
    names = [row["trigger_id"] for row in rows(tmp_path / "out.csv")]
    assert sorted(names) == sorted(f"part-{number}" for number in (*range(1, 120), 201))


def test_the_clock_moved_back_and_forth_changes_no_answer_and_no_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with line_in(tmp_path, [CsvSink(tmp_path / "out.csv")], detector=Brightness()) as line:
        for number, days in enumerate((0, -400, 800, -1, 0), start=1):
            now = datetime.now(UTC).timestamp() + days * 86_400
            monkeypatch.setattr(outbox_module, "_now", lambda now=now: now)
            first = line.station.ask(part_trigger(number)).wait(20)
            assert line.station.ask(part_trigger(number)).wait(20) == first
        wait_until(lambda: not line.outbox.backlog())
    assert [row["trigger_id"] for row in rows(tmp_path / "out.csv")] == [f"part-{n}" for n in range(1, 6)]


def test_two_lines_on_one_outbox_are_refused(tmp_path: Path) -> None:
    second = line_in(tmp_path, detector=Brightness())
    with line_in(tmp_path, detector=Brightness()), pytest.raises(DatabaseInUseError):
        second.__enter__()


def test_a_part_that_cannot_start_ends_the_others_and_frees_the_outbox(tmp_path: Path) -> None:
    class Taken:
        problem = ""

        def start(self) -> None:
            raise SourceError("Port 5020 cannot be used. Choose another.")

        def stop(self) -> None:
            pass

    with pytest.raises(SourceError), line_in(tmp_path, detector=Brightness(), parts=[Taken()]):
        pytest.fail("the line must not start")
    with line_in(tmp_path, detector=Brightness()) as line:
        assert line.station.ask(part_trigger(1)).wait(20) is not None


def test_a_line_that_cannot_start_for_a_full_disk_frees_the_outbox_for_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise StorageError("The disk is full. Free some space.")

    with monkeypatch.context() as patched:
        patched.setattr(outbox_module.Outbox, "forget_old", full)
        with pytest.raises(StorageError), line_in(tmp_path, detector=Brightness()):
            pytest.fail("the line must not start")
    with line_in(tmp_path, detector=Brightness()) as line:
        assert line.station.ask(part_trigger(1)).wait(20) is not None


def test_a_part_that_fails_to_stop_keeps_no_other_from_stopping(tmp_path: Path) -> None:
    class Stuck:
        problem = ""

        def start(self) -> None:
            pass

        def stop(self) -> None:
            raise OSError("the port does not close")

    with (
        pytest.raises(OSError, match="does not close"),
        line_in(tmp_path, detector=Brightness(), parts=[Stuck()]) as line,
    ):
        pass
    assert not any(courier.is_running for courier in line.couriers)
    with line_in(tmp_path, detector=Brightness()) as line:
        assert line.station.ask(part_trigger(1)).wait(20) is not None


def test_a_line_that_runs_for_weeks_keeps_one_of_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_module, "_FORGET_EVERY", 3)
    with line_in(tmp_path, [CsvSink(tmp_path / "out.csv")], detector=Brightness()) as line:
        assert line.station.ask(part_trigger(1)).wait(20) is not None
        wait_until(lambda: not line.outbox.backlog())
        later = datetime.now(UTC).timestamp() + 8 * 86_400
        monkeypatch.setattr(outbox_module, "_now", lambda: later)
        for number in (2, 3):
            assert line.station.ask(part_trigger(number)).wait(20) is not None
        wait_until(lambda: not line.outbox.backlog())
        with line.outbox._engine.connect() as connection:
            kept = connection.exec_driver_sql("SELECT trigger_id FROM triggers ORDER BY id").scalars().all()
    assert kept == ["part-2", "part-3"]
