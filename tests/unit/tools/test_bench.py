"""The benches: stages are told apart, figures follow from the seconds, and pictures are the same everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from filo_core.imaging import read_image
from filo_core.types import Eyes, Sight
from tools.bench import stages
from tools.bench.peers import Timed, peer_table
from tools.bench.product import fill_with_pictures
from tools.bench.program import ProgramCost, program_table
from tools.bench.stages import STAGES, StageTimes, measure_stages, stage_table

FAST = Eyes(Sight.FAST, 256)


def test_time_within_a_stage_counts_for_the_inner_one_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(stages.time, "process_time", lambda: now[0])
    clock = stages._Clock()
    with clock.stage("join"):
        now[0] += 1.0
        with clock.stage("L"):
            now[0] += 5.0
        now[0] += 2.0
    assert clock.taken(("join", "L", "D")) == {"join": 3.0, "L": 5.0, "D": 0.0}
    assert clock.taken(("join", "L")) == {"join": 0.0, "L": 0.0}


def test_every_stage_of_a_picture_is_timed_and_stored() -> None:
    times = measure_stages(FAST, 3)
    assert set(times.seconds) == set(STAGES) - {"D"}
    assert all(len(values) == 3 for values in times.seconds.values())
    assert 0.0 < times.median("L") < times.whole


def test_a_stage_that_eyes_do_not_have_is_a_dash_and_shares_add_up() -> None:
    times = StageTimes(FAST, {"decode": [0.01] * 4, "L": [0.03] * 4})
    table = stage_table([times])
    assert "| D, the deep trunk | – | – |" in table
    assert "| decode: file, hash and pixels | 10.0 (10.0 to 10.0) | 25 % |" in table
    assert "| **together** | **40.0** |  |" in table


def test_what_the_program_takes_stands_beside_the_target() -> None:
    cost = ProgramCost(FAST, [1.0, 1.2, 1.4], [0.9, 1.0, 1.1], 41.0, 0.05, 210.0)
    table = program_table([cost])
    assert "1.2 s (1.0 to 1.4; target 1.5)" in table
    assert "41.0 images/s (target 40)" in table
    assert "210 MB (target 400)" in table


def test_pictures_all_differ_and_are_the_same_every_time(tmp_path: Path) -> None:
    first = [read_image(path) for path in fill_with_pictures(tmp_path / "a", 40)]
    again = [read_image(path) for path in fill_with_pictures(tmp_path / "b", 40)]
    assert len({image.image_hash for image in first}) == 40
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)


def test_ratios_are_to_patchcore_on_a_resnet_18() -> None:
    ours = Timed("ours, `fast 256`", 0.5, processor=[0.03] * 4)
    base = Timed("PatchCore, ResNet-18", processor=[0.06] * 4)
    table = peer_table([ours, base])
    assert "| ours, `fast 256` | 30 (30 to 30) | 0.50 (target 0.5) |" in table
    assert "| PatchCore, ResNet-18 | 60 (60 to 60) | 1.00 |" in table
