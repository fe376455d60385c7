from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from filo_core.events import RunCounts
from filo_core.types import Inspection, InspectionFilter, Verdict
from gui.folder.phases import RunPhase
from gui.folder.presenter import FolderPresenter
from gui.folder.result_detail import ResultDetail
from gui.state import AppState
from tests.unit.gui.conftest import picture
from workflows.export.formats import ExportFormat
from workflows.inspecting.folder_jobs import FolderJobState
from workflows.workbench import Workbench

Until = Callable[..., None]


@pytest.fixture
def presenter(state: AppState, product: str) -> Iterator[FolderPresenter]:
    made = FolderPresenter(state)
    yield made
    made.close_down()


def finish(presenter: FolderPresenter, until: Until, phase: RunPhase = RunPhase.FINISHED) -> None:
    until(lambda: presenter.phase is phase, f"the run is {phase}")
    until(lambda: all(row.verdict for row in presenter.model.rows), "every row knows its verdict")


def phase_of(presenter: FolderPresenter) -> RunPhase:
    return presenter.phase


def verdicts(presenter: FolderPresenter) -> dict[str, Verdict | None]:
    return {row.name: row.verdict for row in presenter.model.rows}


def test_a_folder_is_judged_and_every_image_listed(
    presenter: FolderPresenter, product: str, parts: Path, until: Until
) -> None:
    presenter.start(product, parts)
    finish(presenter, until)
    assert presenter.progress.total == 8
    assert presenter.progress.counts == RunCounts(ok=3, review=2, ng=2, not_inspected=1, unreadable=("deep/torn.png",))
    assert verdicts(presenter)["part_0.png"] is Verdict.OK
    assert verdicts(presenter)["part_3.png"] is Verdict.REVIEW
    assert verdicts(presenter)["part_6.png"] is Verdict.NG
    assert verdicts(presenter)["deep/torn.png"] is Verdict.NOT_INSPECTED
    assert [presenter.model.count(verdict) for verdict in Verdict] == [3, 2, 2, 1]


def test_a_finished_job_of_an_earlier_start_shows_its_results_from_the_record(
    presenter: FolderPresenter, workbench: Workbench, product: str, parts: Path, tmp_path: Path, until: Until
) -> None:
    presenter.start(product, parts)
    finish(presenter, until)
    first, number = verdicts(presenter), presenter.number
    other = tmp_path / "other"
    other.mkdir()
    picture(20, 77).save(other / "elsewhere.png")
    presenter.start(product, other)
    finish(presenter, until)
    # What a start of the program forgets at its end.
    workbench.folder_jobs._events.clear()
    presenter.show_job(number)
    until(lambda: len(presenter.model.rows) == 8, "the results")
    assert verdicts(presenter) == first, "and none of another folder"
    assert presenter.progress.counts.inspected == 7
    assert presenter.progress.counts.not_inspected == 1
    assert presenter.progress.done == 8
    details: list[ResultDetail] = []
    presenter.detail_loaded.connect(details.append)
    presenter.load_detail(next(row for row in presenter.model.rows if row.verdict is Verdict.NG))
    until(lambda: bool(details))
    assert details[0].content is not None


def test_an_unreadable_file_is_told_in_a_sentence(
    presenter: FolderPresenter, product: str, parts: Path, until: Until
) -> None:
    sentences: list[str] = []
    presenter.not_inspected.connect(sentences.append)
    presenter.start(product, parts)
    finish(presenter, until)
    assert len(sentences) == 1
    assert "torn.png" in sentences[0]


def test_other_screens_hear_of_every_verdict_after_it_is_in_the_record(
    presenter: FolderPresenter, state: AppState, workbench: Workbench, product: str, parts: Path, until: Until
) -> None:
    heard: list[tuple[Inspection, int]] = []
    everything = InspectionFilter(product=product)
    state.inspection_recorded.connect(lambda found: heard.append((found, workbench.history.count(everything))))
    presenter.start(product, parts)
    finish(presenter, until)
    assert len(heard) == 8
    assert all(recorded >= number for number, (_, recorded) in enumerate(heard, start=1))


def test_a_second_run_skips_what_was_judged_and_shows_the_earlier_verdicts(
    presenter: FolderPresenter, product: str, parts: Path, until: Until
) -> None:
    presenter.start(product, parts)
    finish(presenter, until)
    first = verdicts(presenter)
    presenter.start(product, parts)
    finish(presenter, until)
    assert presenter.progress.counts.skipped == 7
    assert presenter.progress.counts.inspected == 0
    assert verdicts(presenter) == first
    skipped = next(row for row in presenter.model.rows if row.name == "part_6.png")
    assert skipped.judged_before
    assert skipped.score == pytest.approx(0.92, abs=0.05)


def test_a_cancelled_run_goes_on_where_it_ended(
    presenter: FolderPresenter, workbench: Workbench, engine: Any, product: str, parts: Path, until: Until
) -> None:
    # It gets no verdict, so that every run tries it again.
    (parts / "deep" / "torn.png").unlink()
    engine.gate.clear()
    presenter.start(product, parts)
    until(lambda: presenter.phase is RunPhase.RUNNING)
    presenter.cancel()
    assert phase_of(presenter) is RunPhase.CANCELLING
    engine.gate.set()
    until(lambda: presenter.phase is RunPhase.CANCELLED)
    judged = workbench.history.count(InspectionFilter(product=product))
    assert judged < 7
    presenter.start(product, parts)
    finish(presenter, until)
    assert presenter.progress.counts.skipped == judged
    assert workbench.history.count(InspectionFilter(product=product)) == 7


def test_a_paused_run_stands_still_until_it_goes_on(
    presenter: FolderPresenter, workbench: Workbench, engine: Any, product: str, parts: Path, until: Until
) -> None:
    engine.gate.clear()
    presenter.start(product, parts)
    until(lambda: presenter.phase is RunPhase.RUNNING)
    presenter.pause()
    engine.gate.set()
    until(lambda: presenter.phase is RunPhase.PAUSED)
    paused_at = workbench.history.count(InspectionFilter(product=product))
    assert paused_at < 8
    # Another job passes the worker meanwhile: the paused one had every chance to go on.
    workbench.inspector.calibrate(product).wait(10)
    assert workbench.history.count(InspectionFilter(product=product)) == paused_at
    presenter.resume()
    finish(presenter, until)
    assert presenter.progress.done == 8


def test_cancelling_before_the_folder_is_listed_judges_at_most_one_image(
    presenter: FolderPresenter, workbench: Workbench, engine: Any, product: str, parts: Path, until: Until
) -> None:
    presenter.start(product, parts)
    presenter.cancel()
    until(lambda: presenter.phase is RunPhase.CANCELLED)
    assert workbench.history.count(InspectionFilter(product=product)) <= 1


@pytest.mark.parametrize("missing", ["nowhere", "empty"])
def test_a_folder_without_images_is_refused_in_a_sentence_that_names_it(
    presenter: FolderPresenter, product: str, tmp_path: Path, until: Until, missing: str
) -> None:
    (tmp_path / "empty").mkdir()
    failures: list[tuple[str, str]] = []
    presenter.failed.connect(lambda sentence, details: failures.append((sentence, details)))
    presenter.start(product, tmp_path / missing)
    until(lambda: presenter.phase is RunPhase.FAILED)
    assert missing in failures[0][0]
    assert failures[0][1] == ""


def test_a_job_that_fails_says_why(
    presenter: FolderPresenter, workbench: Workbench, product: str, parts: Path, until: Until
) -> None:
    failures: list[str] = []
    presenter.failed.connect(lambda sentence, _: failures.append(sentence))
    image_hash = workbench.catalogue.draft(product).references[0].image_hash
    stored = next(workbench.settings.images.rglob(f"*{image_hash[8:]}*"))
    stored.chmod(0o644)
    stored.unlink()
    presenter.start(product, parts)
    until(lambda: presenter.phase is RunPhase.FAILED)
    assert failures
    assert "Something unexpected" not in failures[0]


def load(presenter: FolderPresenter, until: Until, name: str) -> ResultDetail:
    loaded: list[ResultDetail] = []
    presenter.detail_loaded.connect(loaded.append)
    presenter.load_detail(next(row for row in presenter.model.rows if row.name == name))
    until(lambda: bool(loaded), "the picture is loaded")
    return loaded[-1]


@pytest.mark.parametrize("runs", [1, 2], ids=["just judged", "judged before"])
def test_a_chosen_result_comes_with_picture_heat_map_and_regions(
    presenter: FolderPresenter, product: str, parts: Path, until: Until, runs: int
) -> None:
    for _ in range(runs):
        presenter.start(product, parts)
        finish(presenter, until)
    detail = load(presenter, until, "part_6.png")
    assert detail.content is not None
    assert detail.content.has_heat_map
    assert [region.anomaly_type for region in detail.content.regions] == ["scratch"]
    assert detail.record is not None
    assert detail.record.name == "part_6.png"
    assert detail.trained is False


def test_an_unreadable_result_comes_with_its_sentence(
    presenter: FolderPresenter, product: str, parts: Path, until: Until
) -> None:
    presenter.start(product, parts)
    finish(presenter, until)
    detail = load(presenter, until, "deep/torn.png")
    assert detail.content is None
    assert "torn.png" in detail.problem


def test_of_results_chosen_in_a_hurry_the_last_one_is_loaded(
    presenter: FolderPresenter, product: str, parts: Path, until: Until
) -> None:
    presenter.start(product, parts)
    finish(presenter, until)
    loaded: list[ResultDetail] = []
    presenter.detail_loaded.connect(loaded.append)
    rows = list(presenter.model.rows)
    for row in rows:
        presenter.load_detail(row)
    until(lambda: bool(loaded) and loaded[-1].row is rows[-1])
    assert len(loaded) <= 2


def test_the_run_goes_on_when_the_screen_is_built_anew_and_is_shown_whole(
    presenter: FolderPresenter, state: AppState, engine: Any, product: str, parts: Path, until: Until
) -> None:
    engine.gate.clear()
    presenter.start(product, parts)
    until(lambda: presenter.phase is RunPhase.RUNNING)
    presenter.close_down()
    anew = FolderPresenter(state)
    assert phase_of(anew) is RunPhase.RUNNING
    engine.gate.set()
    finish(anew, until)
    assert anew.progress.counts == RunCounts(ok=3, review=2, ng=2, not_inspected=1, unreadable=("deep/torn.png",))
    assert len(anew.model.rows) == 8
    anew.close_down()


def test_a_second_folder_waits_its_turn_and_is_shown_when_it_comes(
    presenter: FolderPresenter, engine: Any, product: str, parts: Path, until: Until
) -> None:
    engine.gate.clear()
    presenter.start(product, parts)
    until(lambda: presenter.phase is RunPhase.RUNNING)
    presenter.start(product, parts / "deep")
    assert presenter.folder == parts
    until(lambda: [job.state for job in presenter.jobs] == [FolderJobState.RUNNING, FolderJobState.WAITING])
    engine.gate.set()
    until(lambda: [job.state for job in presenter.jobs] == [FolderJobState.DONE] * 2)
    until(lambda: presenter.folder == parts / "deep")
    presenter.show_job(presenter.jobs[0].number)
    finish(presenter, until)
    assert len(presenter.model.rows) == 8
    assert presenter.progress.counts.inspected == 7


def test_the_verdicts_of_a_run_are_exported_with_those_of_an_earlier_one(
    presenter: FolderPresenter, product: str, parts: Path, tmp_path: Path, until: Until
) -> None:
    presenter.start(product, parts / "deep")
    finish(presenter, until)
    for _ in range(2):
        presenter.start(product, parts)
        finish(presenter, until)
    told: list[tuple[int, tuple[Path, ...]]] = []
    presenter.exported.connect(lambda count, paths: told.append((count, paths)))
    out = tmp_path / "out"
    out.mkdir()
    for _ in range(2):
        presenter.export(out, (ExportFormat.CSV, ExportFormat.JSON_LINES))
    until(lambda: len(told) == 2)
    first, again = (out / "parts.csv", out / "parts.jsonl"), (out / "parts 2.csv", out / "parts 2.jsonl")
    assert told == [(8, first), (8, again)], "nothing that is there is replaced"
    assert len(first[1].read_text(encoding="utf-8").splitlines()) == 8
    with first[0].open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["name"] for row in rows) == sorted(verdicts(presenter))
    assert [row["verdict"] for row in rows].count("NG") == 2


def test_an_export_into_a_folder_that_is_gone_is_told_in_a_sentence(
    presenter: FolderPresenter, product: str, parts: Path, tmp_path: Path, until: Until
) -> None:
    presenter.start(product, parts)
    finish(presenter, until)
    told: list[str] = []
    presenter.failed.connect(lambda sentence, _details: told.append(sentence))
    presenter.export(tmp_path / "gone", (ExportFormat.COCO,))
    until(lambda: bool(told))
    assert "gone is no folder. Choose one that is there." in told[0]


def test_a_watched_folder_goes_on_with_what_comes(
    presenter: FolderPresenter, product: str, parts: Path, until: Until
) -> None:
    presenter.start(product, parts, watch=True)
    until(lambda: presenter.phase is RunPhase.WATCHING and presenter.progress.done == 8)
    picture(25, 99).save(parts / "late.png")
    until(lambda: "late.png" in verdicts(presenter))
    until(lambda: presenter.phase is RunPhase.WATCHING)
    assert presenter.progress.total == 9
    assert verdicts(presenter)["late.png"] is Verdict.OK
    presenter.cancel()
    until(lambda: presenter.phase is RunPhase.CANCELLED)


def test_a_large_picture_is_found_in_a_long_record(
    presenter: FolderPresenter, product: str, tmp_path: Path, until: Until
) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    Image.new("RGB", (2000, 1500), (240, 0, 0)).save(folder / "large.png")
    presenter.start(product, folder)
    finish(presenter, until)
    detail = load(presenter, until, "large.png")
    assert detail.content is not None
    assert detail.content.size == (2000, 1500)
