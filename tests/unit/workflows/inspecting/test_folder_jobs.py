"""Folder jobs outlive the program, and go on where it was killed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from filo_core.events import ImageInspected, JobEvent, RunStarted
from filo_core.imaging import ImageListing, list_images, read_image
from filo_core.line.queue import Job, JobHandle, JobListener, Priority
from filo_core.line.watched_folder import WatchedFolder
from filo_core.line.watching.looks import FolderLooks
from filo_core.line.watching.marks import Arrival
from filo_core.line.worker import Worker
from filo_core.types import AnomalyType, Inspection, InspectionFilter, Origin, ProductDescription, Verdict
from storage.engine import sqlite_url
from storage.storage import open_storage
from tests.e2e.conftest import paint_part
from tests.unit.workflows.inspecting.folder_runner import BrightEngine
from workflows.inspecting.folder_jobs import FolderJobFile, FolderJobState
from workflows.inspecting.folder_queue import FolderJobs
from workflows.products.catalogue import Catalogue
from workflows.products.steps import calibration_steps
from workflows.reporting.history import History

ROOT = Path(__file__).resolve().parents[4]
Wait = Callable[..., None]


class PlainInspector:
    """Yields an event a file, without a model; ``gate`` holds it back while it is cleared."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.dies = False
        """Whether the next file takes the worker's thread with it."""
        self.begun: list[str] = []
        self.judged: list[str] = []
        self.worker: Worker[object] = Worker(object)
        self.worker.start()

    def inspect_folder(
        self, name: str, folder: Path, listener: JobListener | None = None, only: Sequence[Any] | None = None
    ) -> JobHandle:
        listing = list_images(folder) if only is None else ImageListing(tuple(only))
        files = listing.images

        def steps(_engine: object) -> Iterator[JobEvent]:
            yield RunStarted(len(files), "0" * 64, tuple(path.name for path in listing.left_out))
            for file in files:
                self.begun.append(file.name)
                if self.dies:
                    self.dies = False
                    raise SystemExit
                assert self.gate.wait(20)
                self.judged.append(file.name)
                yield _judged(file)

        return self.worker.submit(Job(f"Inspect {folder.name}", Priority.FOLDER, steps), listener)


def _judged(file: Path) -> ImageInspected:

    return ImageInspected(
        0, Inspection(file.name, "", "0" * 64, Verdict.NOT_INSPECTED, Origin.FOLDER, datetime.now(UTC), 0.0)
    )


@pytest.fixture
def inspector() -> Iterator[PlainInspector]:
    made = PlainInspector()
    yield made
    made.gate.set()
    made.worker.stop()


@pytest.fixture
def file(tmp_path: Path) -> FolderJobFile:
    return FolderJobFile(tmp_path / "home" / "folder_jobs.json")


@pytest.fixture
def jobs(inspector: PlainInspector, file: FolderJobFile) -> Iterator[FolderJobs]:
    made = FolderJobs(inspector, file)
    made.open()
    yield made
    inspector.gate.set()
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[str, int], Path]:
    def make(name: str, count: int = 2) -> Path:
        made = tmp_path / name
        made.mkdir()
        for number in range(count):
            (made / f"{number}.png").write_bytes(b"not looked at")
        return made

    return make


def states(jobs: FolderJobs) -> list[FolderJobState]:
    return [job.state for job in jobs.jobs]


def test_jobs_run_in_their_order_and_each_state_is_in_the_file(
    jobs: FolderJobs, inspector: PlainInspector, file: FolderJobFile, folder: Callable[..., Path], wait_until: Wait
) -> None:
    inspector.gate.clear()
    jobs.add("plate", folder("a"))
    jobs.add("plate", folder("b"))
    wait_until(lambda: states(jobs) == [FolderJobState.RUNNING, FolderJobState.WAITING])
    wait_until(lambda: [job.state for job in file.read()] == [FolderJobState.RUNNING, FolderJobState.WAITING])
    inspector.gate.set()
    wait_until(lambda: states(jobs) == [FolderJobState.DONE] * 2)
    wait_until(lambda: [(job.done, job.total) for job in file.read()] == [(2, 2)] * 2)
    assert inspector.judged == ["0.png", "1.png", "0.png", "1.png"]


def test_a_paused_job_lets_the_next_one_by_and_is_still_paused_after_a_restart(
    jobs: FolderJobs, inspector: PlainInspector, file: FolderJobFile, folder: Callable[..., Path], wait_until: Wait
) -> None:
    inspector.gate.clear()
    first = jobs.add("plate", folder("a"))
    wait_until(lambda: states(jobs) == [FolderJobState.RUNNING])
    jobs.pause(first.number)
    jobs.add("plate", folder("b"))
    inspector.gate.set()
    wait_until(lambda: states(jobs) == [FolderJobState.PAUSED, FolderJobState.DONE])
    jobs.close()
    again = FolderJobs(inspector, file)
    again.open()
    assert states(again) == [FolderJobState.PAUSED, FolderJobState.DONE]
    again.resume(first.number)
    wait_until(lambda: states(again) == [FolderJobState.DONE] * 2)
    again.close()


def test_closing_interrupts_what_runs_and_the_next_start_goes_on_by_itself(
    jobs: FolderJobs, inspector: PlainInspector, file: FolderJobFile, folder: Callable[..., Path], wait_until: Wait
) -> None:
    inspector.gate.clear()
    jobs.add("plate", folder("a"))
    jobs.add("plate", folder("b"))
    wait_until(lambda: states(jobs)[0] is FolderJobState.RUNNING)
    jobs.close()
    assert [job.state for job in file.read()] == [FolderJobState.INTERRUPTED, FolderJobState.WAITING]
    inspector.gate.set()
    again = FolderJobs(inspector, file)
    again.open()
    wait_until(lambda: states(again) == [FolderJobState.DONE] * 2)
    again.close()


def test_a_cancelled_job_keeps_what_it_judged_and_adding_it_again_takes_its_place(
    jobs: FolderJobs, inspector: PlainInspector, folder: Callable[..., Path], wait_until: Wait
) -> None:
    inspector.gate.clear()
    made = folder("a")
    job = jobs.add("plate", made)
    # Running is said before the first image is in work, and then there would be nothing to keep.
    wait_until(lambda: inspector.begun)
    jobs.cancel(job.number)
    inspector.gate.set()
    wait_until(lambda: states(jobs) == [FolderJobState.CANCELLED])
    assert len(inspector.judged) == 1
    jobs.add("plate", made)
    assert len(jobs.jobs) == 1
    wait_until(lambda: states(jobs) == [FolderJobState.DONE])


def test_a_folder_that_is_gone_fails_its_own_job_with_a_sentence(
    jobs: FolderJobs, folder: Callable[..., Path], tmp_path: Path, wait_until: Wait
) -> None:
    jobs.add("plate", tmp_path / "gone")
    jobs.add("plate", folder("b"))
    wait_until(lambda: states(jobs) == [FolderJobState.FAILED, FolderJobState.DONE])
    assert "gone" in jobs.jobs[0].problem
    jobs.forget(jobs.jobs[0].number)
    assert states(jobs) == [FolderJobState.DONE]


def test_a_watched_folder_takes_every_file_that_comes_and_never_one_twice(
    jobs: FolderJobs, inspector: PlainInspector, folder: Callable[..., Path], wait_until: Wait
) -> None:
    made = folder("drop", 1)
    job = jobs.add("plate", made, watch=True)
    wait_until(lambda: states(jobs) == [FolderJobState.WATCHING] and inspector.judged == ["0.png"])
    (made / "late.png").write_bytes(b"not looked at")
    wait_until(lambda: inspector.judged == ["0.png", "late.png"])
    wait_until(lambda: states(jobs) == [FolderJobState.WATCHING])
    watched = jobs.job(job.number)
    assert watched is not None
    assert (watched.done, watched.total) == (2, 2)
    jobs.cancel(job.number)
    assert states(jobs) == [FolderJobState.CANCELLED]


@pytest.mark.parametrize("watch", [False, True])
def test_a_job_names_the_files_that_are_left_out_and_keeps_them(
    jobs: FolderJobs, file: FolderJobFile, folder: Callable[..., Path], wait_until: Wait, watch: bool
) -> None:
    made = folder("drop", 1)
    (made / "part_07.tga").write_bytes(b"perhaps a picture")
    (made / "notes.txt").write_bytes(b"no picture")
    jobs.add("plate", made, watch=watch)

    wait_until(lambda: [job.left_out for job in jobs.jobs] == [("part_07.tga",)])
    wait_until(lambda: [job.left_out for job in file.read()] == [("part_07.tga",)])


def test_a_watched_folder_names_what_is_left_out_when_it_comes(
    jobs: FolderJobs, folder: Callable[..., Path], wait_until: Wait
) -> None:
    made = folder("drop", 1)
    jobs.add("plate", made, watch=True)
    wait_until(lambda: states(jobs) == [FolderJobState.WATCHING])

    (made / "late.tga").write_bytes(b"perhaps a picture")

    wait_until(lambda: jobs.jobs[0].left_out == ("late.tga",))


def test_a_damaged_file_is_told_and_the_program_starts(
    inspector: PlainInspector, file: FolderJobFile, tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "folder_jobs.json").write_text("{")
    made = FolderJobs(inspector, file)
    made.open()
    assert "is damaged" in made.problem
    assert made.jobs == ()
    made.close()


def _program(*arguments: object) -> subprocess.Popen[str]:
    runner = Path(__file__).with_name("folder_runner.py")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, str(runner), *map(str, arguments)], stdout=subprocess.PIPE, text=True, env=environment
    )


def _until(program: subprocess.Popen[str], line: str, times: int = 1) -> list[str]:
    assert program.stdout is not None
    seen: list[str] = []
    while sum(said.startswith(line) for said in seen) < times:
        said = program.stdout.readline()
        assert said, f"the program ended before it said {line!r}: {seen}"
        seen.append(said.strip())
    return seen


def test_a_killed_program_goes_on_by_itself_and_judges_no_image_twice(tmp_path: Path) -> None:
    url, images, file = sqlite_url(tmp_path / "filo.sqlite"), tmp_path / "images", tmp_path / "folder_jobs.json"
    _sign_off(url, images, tmp_path)
    for name, first in (("a", 10), ("b", 30)):
        for number in range(6):
            paint_part(tmp_path / name / f"{number}.png", first + number)
    killed = _program(url, images, file, tmp_path / "a", tmp_path / "b")
    _until(killed, "judged 1", times=2)
    killed.kill()
    killed.wait()
    left = [job.state for job in FolderJobFile(file).read()]
    assert left == [FolderJobState.RUNNING, FolderJobState.WAITING]
    again = _program(url, images, file)
    seen = _until(again, "state 2 done")
    again.kill()
    again.wait()
    assert "state 1 done" in seen
    with open_storage(url, images) as storage:
        page = History(storage).page(InspectionFilter(product="plate"), limit=100)
    assert len(page) == len({record.image_hash for record in page}) == 12


def _sign_off(url: str, images: Path, tmp_path: Path) -> None:
    engine = BrightEngine()
    with open_storage(url, images) as storage:
        catalogue = Catalogue(storage)
        catalogue.create(ProductDescription("plate", "metal plate"))
        catalogue.set_anomaly_types("plate", (AnomalyType("stain"),))
        paint_part(tmp_path / "good.png", 0)
        catalogue.add_reference("plate", read_image(tmp_path / "good.png"))
        list(calibration_steps(catalogue, "plate")(engine))  # type: ignore[arg-type]
        catalogue.sign_off("plate", "Ada", engine.model_hash)


def test_a_watched_folder_that_is_paused_while_it_is_looked_at_stays_paused(
    jobs: FolderJobs, folder: Callable[..., Path], wait_until: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking, seen = threading.Event(), threading.Event()

    class SlowShare(WatchedFolder):
        def waiting(self) -> tuple[Arrival, ...]:
            looking.set()
            assert seen.wait(20)
            return ()

    monkeypatch.setattr("workflows.inspecting.folder_queue.WatchedFolder", SlowShare)
    jobs.add("plate", folder("a", 0), watch=True)
    assert looking.wait(20)
    jobs.pause(1)
    jobs.add("plate", folder("b", 0), watch=True)
    seen.set()
    wait_until(lambda: states(jobs)[1] is FolderJobState.WATCHING)
    assert states(jobs)[0] is FolderJobState.PAUSED


def test_a_watched_folder_that_is_away_says_so_beside_one_that_goes_on_and_is_taken_up_again(
    jobs: FolderJobs, inspector: PlainInspector, folder: Callable[..., Path], tmp_path: Path, wait_until: Wait
) -> None:
    share, healthy = folder("share", 0), folder("healthy", 0)
    jobs.add("plate", share, watch=True)
    jobs.add("plate", healthy, watch=True)
    wait_until(lambda: states(jobs) == [FolderJobState.WATCHING] * 2)
    share.rename(tmp_path / "elsewhere")
    wait_until(lambda: states(jobs)[0] is FolderJobState.AWAY)
    assert str(share) in jobs.jobs[0].problem
    paint_part(healthy / "healthy.png", 1)
    wait_until(lambda: inspector.judged == ["healthy.png"])
    paint_part(tmp_path / "elsewhere" / "share.png", 2)
    (tmp_path / "elsewhere").rename(share)
    wait_until(lambda: inspector.judged == ["healthy.png", "share.png"])
    wait_until(lambda: states(jobs) == [FolderJobState.WATCHING] * 2)
    assert jobs.jobs[0].problem == ""


def test_a_share_that_hangs_holds_up_no_other_watched_folder(
    jobs: FolderJobs,
    inspector: PlainInspector,
    folder: Callable[..., Path],
    wait_until: Wait,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    share, healthy, answers = folder("share", 0), folder("healthy", 0), threading.Event()
    check = FolderLooks.check

    def hang(looks: FolderLooks) -> bool:
        assert looks._root != share or answers.wait(20)
        return check(looks)

    monkeypatch.setattr(FolderLooks, "check", hang)
    jobs.add("plate", share, watch=True)
    jobs.add("plate", healthy, watch=True)
    wait_until(lambda: states(jobs) == [FolderJobState.AWAY, FolderJobState.WATCHING])
    paint_part(healthy / "healthy.png", 1)
    wait_until(lambda: inspector.judged == ["healthy.png"])
    answers.set()
    wait_until(lambda: states(jobs) == [FolderJobState.WATCHING] * 2)


def test_what_a_dying_worker_had_in_work_is_judged_by_its_next_life(
    jobs: FolderJobs, inspector: PlainInspector, folder: Callable[..., Path], wait_until: Wait
) -> None:
    made = folder("drop", 0)
    jobs.add("plate", made, watch=True)
    wait_until(lambda: states(jobs) == [FolderJobState.WATCHING])
    inspector.dies = True
    paint_part(made / "part.png", 1)
    wait_until(lambda: inspector.judged == ["part.png"])
    wait_until(lambda: states(jobs) == [FolderJobState.WATCHING])
    assert inspector.begun == ["part.png", "part.png"]


def test_a_part_that_was_overwritten_before_its_turn_is_judged_as_it_arrived(
    jobs: FolderJobs, inspector: PlainInspector, folder: Callable[..., Path], wait_until: Wait
) -> None:
    made = folder("drop", 0)
    inspector.gate.clear()
    jobs.add("plate", made, watch=True)
    wait_until(lambda: states(jobs) == [FolderJobState.WATCHING])
    for number in (1, 2, 3):
        paint_part(made / "latest.png", number)
        wait_until(lambda number=number: len(jobs._watched[1].waiting()) >= number)
    inspector.gate.set()
    wait_until(lambda: len(inspector.judged) == 3)
