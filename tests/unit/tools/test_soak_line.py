"""The soak in its short form: the same code, fewer units."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.soak_line import camera, clock, day, full_disk, fuzz, killed_line, killed_model, outputs, warm_start
from tools.soak_line.__main__ import read_units, run
from tools.soak_line.findings import Findings, Piece, Unit, is_raised, write_page
from tools.stream_rig import FFMPEG

TIMED = ("memory grows", "slower than", "p99", "loss shown", "back after")


def lost_or_doubled(found: Findings) -> list[str]:
    """Faults that do not depend on how busy this machine is."""
    return [fault for fault in found.faults if not any(word in fault for word in TIMED)]


@pytest.mark.slow
def test_a_short_day_of_line_loses_nothing_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    first = list(day.units(tmp_path, [], 40))
    both = first + list(day.units(tmp_path, first, 60))
    assert [unit["parts"] for unit in both] == [40, 20]
    found = day.findings(both)
    assert lost_or_doubled(found) == []
    assert ("wrong or missing verdicts", 0, 0) in found.rows
    assert any("60 / 60 / 0" in str(row) for row in found.rows)


def test_a_memory_that_grows_is_measured_after_the_warm_up() -> None:
    grows = [(n, 100.0 + min(n, 3000) / 100 + n / 1000, 70.0) for n in range(50, 10_001, 50)]
    unit = {"parts": 10_000, "memory_mib": grows}
    assert day._slope([unit, unit], 1) == pytest.approx(1.0)
    assert day._slope([unit], 2) == 0.0


@pytest.mark.slow
@pytest.mark.skipif(FFMPEG is None, reason="ffmpeg is not installed (make system-test)")
def test_every_fault_of_the_camera_is_seen_and_got_over(tmp_path: Path) -> None:
    found = camera.findings(list(camera.units(tmp_path, [], 1)))
    assert lost_or_doubled(found) == []
    assert [row[0] for row in found.rows] == list(camera.FAULTS)


@pytest.mark.slow
def test_a_kill_at_each_stage_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(killed_line, "STAGES", ("judged", "answered"))
    found = killed_line.findings(list(killed_line.units(tmp_path, [], 1)))
    assert (len(found.rows), found.faults) == (2, [])


@pytest.mark.slow
@pytest.mark.timed
def test_a_model_killed_or_hung_at_each_stage_costs_at_most_its_part(tmp_path: Path) -> None:
    found = killed_model.findings(list(killed_model.units(tmp_path, [], 1)))
    assert (len(found.rows), found.faults) == (6, [])


@pytest.mark.slow
def test_the_shipped_model_judges_again_after_its_process_was_killed(tmp_path: Path) -> None:
    done = list(warm_start.units(tmp_path, [], 1))
    found = warm_start.findings(done)
    assert [row[1] for row in found.rows] == [1, 1, 1]
    # Whoever judges again without a new start was not killed.
    assert done[0]["again_s"] > done[0]["verdict_s"]


@pytest.mark.slow
def test_an_output_that_was_away_gets_everything(tmp_path: Path) -> None:
    done = list(outputs.units(tmp_path, [], 1))
    assert len(done) == (2 if outputs.MOSQUITTO else 1)
    assert outputs.findings(done).faults == []


@pytest.mark.slow
@pytest.mark.skipif(not full_disk.can_mount(), reason="this user may mount no disk of his own")
def test_a_full_disk_lets_no_part_pass_and_loses_no_answer(tmp_path: Path) -> None:
    assert full_disk.findings(list(full_disk.units(tmp_path, [], 2))).faults == []


@pytest.mark.slow
@pytest.mark.skipif(clock.LIBRARY is None, reason="faketime is not installed (make system-test)")
def test_a_clock_that_is_moved_changes_no_answer_and_no_order(tmp_path: Path) -> None:
    assert clock.findings(list(clock.units(tmp_path, [], 8))).faults == []


@pytest.mark.slow
def test_hostile_bytes_are_taken_and_what_is_not_is_named_with_its_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "INPUTS_A_UNIT", 20)
    done = list(fuzz.units(tmp_path, [], 1))
    found = fuzz.findings(done)
    assert [row[0] for row in found.rows] == list(fuzz.KINDS)
    assert found.faults == []
    assert all(unit["inputs"] >= 20 for unit in done)
    monkeypatch.setattr(fuzz, "_LONGEST_UNIT_S", 0.01)
    (hung,) = fuzz.units(tmp_path, done[:-1], 1)
    assert fuzz.findings([hung]).faults == ["image decoder, seed 0: hung"]


def test_an_interrupted_piece_goes_on_after_its_last_unit(tmp_path: Path) -> None:
    def units(_home: Path, done: list[Unit]) -> Iterator[Unit]:
        yield from ({"number": number} for number in range(len(done), 5))

    piece = Piece("counting", units, lambda done: Findings("Counting", ("what",)))
    run(tmp_path, piece, [], until=0.0)
    assert read_units(tmp_path, piece) == []
    for _ in range(2):
        run(tmp_path, piece, read_units(tmp_path, piece), until=float("inf"))
    assert [unit["number"] for unit in read_units(tmp_path, piece)] == [0, 1, 2, 3, 4]
    assert all("load" in json.loads(line) for line in (tmp_path / "counting.jsonl").read_text().splitlines())


@pytest.mark.parametrize(
    ("said", "raised"),
    [("/autogroup-12 nice -5\n", True), ("/autogroup-12 nice 0\n", False), ("", False), (None, False)],
)
def test_a_session_that_goes_before_others_is_told_and_one_without_a_group_is_not(
    tmp_path: Path, said: str | None, raised: bool
) -> None:
    session = tmp_path / "autogroup"
    if said is not None:
        session.write_text(said, encoding="ascii")
    assert is_raised(session) is raised


def test_the_page_keeps_what_others_wrote_and_says_what_was_missed(tmp_path: Path) -> None:
    page = tmp_path / "reliability.md"
    page.write_text("# Reliability\n\n## The record\n\nkept\n", encoding="utf-8")
    for value in (1, 2):
        found = Findings("Part", ("what",), [(value,)], faults=["too slow"])
        write_page(page, [found], "--parts 1", [{"load": 0.5}, {"load": 12.0, "raised": True}, {"load": 3.0}])
    text = page.read_text(encoding="utf-8")
    assert "## The record\n\nkept" in text
    assert "| 2 |" in text
    assert "| 1 |" not in text
    assert "load average 3.0 (median) to 12.0" in text
    assert "1 of 3 units at raised priority" in text
    assert text.count("**Missed:** too slow.") == 1
