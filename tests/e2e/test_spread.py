"""``main.py inspect --ray``: one folder, several workers, one record; workers and drivers are killed meanwhile."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from filo_core.spread import on_ray
from filo_core.spread.judging import JudgingJob
from filo_core.spread.scheduling import Batch
from tests.e2e.conftest import ROOT, Result, environment, paint_part

ray = pytest.importorskip("ray", reason="Ray is an extra, [ray]")
pytestmark = pytest.mark.slow

Run = Callable[..., Result]
COUNT = 24


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four different parts, every third of them bad, one file that is none, and one copy."""
    folder = tmp_path_factory.mktemp("parts") / "lot"
    for seed in range(COUNT):
        paint_part(folder / f"{seed // 8}" / f"part {seed}.png", 500 + seed, spot=seed % 3 == 0)
    (folder / "0" / "part 99.png").write_text("no picture")
    shutil.copy(folder / "1" / "part 9.png", folder / "2" / "part 98.png")
    return folder


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A Ray cluster of this machine, that drivers join by its address."""
    port = 20000 + os.getpid() % 10000
    start = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", f"--port={port}", "--num-cpus=2",
             "--include-dashboard=false", "--disable-usage-stats"]  # fmt: skip
    held = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    os.environ |= held
    done = subprocess.run(start, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    try:
        yield f"127.0.0.1:{port}"
    finally:
        subprocess.run([*start[:3], "stop", "--force"], capture_output=True, check=False, timeout=60)
        for name in held:
            os.environ.pop(name)


def verdicts_of(home: Path) -> dict[str, tuple[str, float | None]]:
    """Verdict and score of every picture in the record; each stands there once."""
    with closing(sqlite3.connect(home / "filo.sqlite")) as connection:
        rows = connection.execute("SELECT name, verdict, image_score FROM inspections").fetchall()
    assert len({name for name, *_ in rows}) == len(rows)
    return {name: (verdict, score) for name, verdict, score in rows}


def test_workers_come_to_what_one_process_comes_to_and_a_second_run_skips_it(
    run: Run, product: str, filo_home: Path, pictures: Path, cluster: str
) -> None:
    shutil.copytree(filo_home, other := filo_home.parent / "alone")
    alone = run("inspect", product, "--folder", pictures, "--json", env={"FILO_HOME": str(other)}).json
    spread = run("inspect", product, "--folder", pictures, "--ray", cluster, "--workers", "2", "--json").json
    assert spread["inspected"] == alone["inspected"] == COUNT
    assert spread["skipped"] == alone["skipped"] == 1, "the copy"
    assert spread["unreadable_files"] == alone["unreadable_files"] == ["0/part 99.png"]
    assert {key: spread[key] for key in ("ok", "review", "ng")} == {key: alone[key] for key in ("ok", "review", "ng")}
    here, there = verdicts_of(other), verdicts_of(filo_home)
    assert here.keys() == there.keys()
    for name, (verdict, score) in here.items():
        assert there[name][0] == verdict
        assert there[name][1] == pytest.approx(score, abs=1e-5)
    again = run("inspect", product, "--folder", pictures, "--ray", cluster, "--json").json
    assert (again["inspected"], again["skipped"], again["not_inspected"]) == (0, COUNT + 1, 1)
    assert run("audit", "verify").status == 0


class Mortal(on_ray.Actor):
    """Dies over a picture with a certain name, and once over nothing at all."""

    def __init__(self, job: JudgingJob, lanes: int) -> None:
        super().__init__(job, lanes)
        self._mark = Path(os.environ["MORTAL_MARK"])

    def judge(self, batch: Batch) -> list[object]:  # type: ignore[override]
        names = [picture.name for _, picture in batch]
        if "2/part 20.png" in names and not self._mark.exists():
            self._mark.touch()
            os._exit(1)
        if "1/part 12.png" in names:
            os._exit(1)
        return super().judge(batch)  # type: ignore[return-value]


def test_a_picture_that_kills_every_worker_is_not_inspected_and_all_others_are(
    run: Run,
    product: str,
    filo_home: Path,
    pictures: Path,
    cluster: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("MORTAL_MARK", str(tmp_path / "died"))
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    monkeypatch.setattr(on_ray, "Actor", Mortal)
    monkeypatch.setattr(on_ray, "ACTOR_VARIABLES", {"MORTAL_MARK": str(tmp_path / "died")})
    done = run("inspect", product, "--folder", pictures, "--ray", cluster, "--json")
    ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    assert (tmp_path / "died").exists(), "nothing was tried"
    assert done.json["inspected"] == COUNT - 1
    assert sorted(done.json["unreadable_files"]) == ["0/part 99.png", "1/part 12.png"]
    assert "Every worker that looked at 1/part 12.png ended over it" in done.stderr
    assert verdicts_of(filo_home)["1/part 12.png"] == ("NOT_INSPECTED", None)


def test_a_driver_that_is_killed_loses_nothing_and_the_next_one_goes_on(
    run: Run, product: str, filo_home: Path, pictures: Path, cluster: str
) -> None:
    command = [sys.executable, str(ROOT / "main.py"), "inspect", product, "--folder", str(pictures), "--ray", cluster]
    with subprocess.Popen(command, env=environment(filo_home), stderr=subprocess.DEVNULL) as driver:
        until = time.monotonic() + 120
        while time.monotonic() < until and driver.poll() is None:
            if len(verdicts_of(filo_home)) >= 3:
                break
            time.sleep(0.02)
        driver.send_signal(signal.SIGKILL)
    kept = verdicts_of(filo_home)
    assert kept
    done = run("inspect", product, "--folder", pictures, "--ray", cluster, "--json").json
    judged = {name for name, (verdict, _) in kept.items() if verdict != "NOT_INSPECTED"}
    assert done["skipped"] >= len(judged)
    found = {name: verdict for name, verdict in verdicts_of_all(filo_home) if verdict != "NOT_INSPECTED"}
    assert len(found) == COUNT
    assert run("audit", "verify").status == 0


def verdicts_of_all(home: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(home / "filo.sqlite")) as connection:
        return connection.execute("SELECT name, verdict FROM inspections").fetchall()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ray", "127.0.0.1:9"], "No Ray cluster answers at 127.0.0.1:9"),
        (["--workers", "2"], "--workers goes with --ray"),
    ],
)
def test_what_cannot_be_spread_is_said(run: Run, product: str, pictures: Path, options: list[str], said: str) -> None:
    done = run("inspect", product, "--folder", pictures, *options)
    assert done.status == 1
    assert said in done.stderr.replace("\n", " ")
