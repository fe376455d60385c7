"""A forwarder that is killed right after a commit, and in the middle of one."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.unit.workflows.keeping.forwarding.conftest import Station, names, records

ROOT = Path(__file__).resolve().parents[5]
PARTS, KILLS = 45, 4

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a thing of POSIX")]


def test_a_killed_forwarder_leaves_nothing_out_and_sends_nothing_twice(
    stations: tuple[Station, Station], plant_url: str, tmp_path: Path
) -> None:
    station, _ = stations
    station.judge(range(PARTS))
    chance, pause = random.Random(20260304), threading.Event()
    for _ in range(KILLS):
        with start(station, plant_url) as program:
            assert program.stdout is not None
            for _ in range(1 + chance.randrange(3)):
                program.stdout.readline()
            # At once: between a commit and whatever follows it. Later: in the middle of the next one.
            pause.wait(chance.choice((0.0, chance.uniform(0, 0.02))))
            program.kill()
    assert len(records(plant_url, tmp_path)) < PARTS
    with start(station, plant_url) as program:
        program.communicate()
    assert program.returncode == 0
    arrived = records(plant_url, tmp_path)
    assert [record.name for record in arrived] == names(range(PARTS))
    assert [record.review is not None for record in arrived] == [shade % 3 == 0 for shade in range(PARTS)]


def start(station: Station, plant_url: str) -> subprocess.Popen[str]:
    own = station.storage._url.render_as_string(hide_password=False)
    arguments = [own, str(station.folder / "images"), plant_url, str(station.folder / "scratch")]
    command = [sys.executable, "-m", "tests.unit.workflows.keeping.forwarding.killed_forwarder", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
