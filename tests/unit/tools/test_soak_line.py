"""The soak in its short form: the same code, fewer parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import soak_line
from tools.soak_line import Findings, away_receiver, day_of_line, faulty_camera, killed_line, write_page
from tools.stream_rig import FFMPEG

TIMED = ("memory grows", "slower than", "p99", "loss shown", "back after")


def lost_or_doubled(found: Findings) -> list[str]:
    """Faults that do not depend on how busy this machine is."""
    return [fault for fault in found.faults if not any(word in fault for word in TIMED)]


@pytest.mark.slow
def test_a_short_day_of_line_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    found = day_of_line(tmp_path, 120)
    assert lost_or_doubled(found) == []
    assert ("wrong or missing verdicts", 0, 0) in found.rows


@pytest.mark.slow
@pytest.mark.skipif(FFMPEG is None, reason="ffmpeg is not installed (make system-test)")
def test_every_fault_of_the_camera_is_seen_and_got_over() -> None:
    assert lost_or_doubled(faulty_camera(1)) == []


@pytest.mark.slow
def test_a_kill_at_each_stage_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak_line, "STAGES", ("judged", "answered"))
    assert killed_line(tmp_path, 1).faults == []


def test_an_output_that_was_away_gets_everything(tmp_path: Path) -> None:
    assert away_receiver(tmp_path, 20).faults == []


def test_the_page_keeps_what_others_wrote_and_says_what_was_missed(tmp_path: Path) -> None:
    page = tmp_path / "reliability.md"
    page.write_text("# Reliability\n\n## The record\n\nkept\n", encoding="utf-8")
    for value in (1, 2):
        write_page(page, [Findings("Part", ("what",), [(value,)], faults=["too slow"])], "--parts 1")
    text = page.read_text(encoding="utf-8")
    assert "## The record\n\nkept" in text
    assert "| 2 |" in text
    assert "| 1 |" not in text
    assert text.count("**Missed:** too slow.") == 1
