from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from filo_core.errors import StorageError
from filo_core.types import Limits
from gui.records.choices import Choices, Period
from gui.state import AppState
from gui.statistics.presenter import BINS, StatisticsPresenter, Wanted
from tests.unit.gui.statistics.conftest import SCORES
from workflows.reporting.figures import Figures
from workflows.reporting.periods import Grouping
from workflows.workbench import Workbench

Until = Callable[..., None]


@pytest.fixture
def presenter(state: AppState) -> Iterator[StatisticsPresenter]:
    made = StatisticsPresenter(state, today=lambda: date(2026, 3, 5))
    yield made
    made.close_down()


def read(presenter: StatisticsPresenter, until: Until, wanted: Wanted) -> Figures:
    presenter.figures = None
    presenter.apply(wanted)
    until(lambda: presenter.figures is not None, "the figures are read")
    assert presenter.figures is not None
    return presenter.figures


def of(product: str, period: Period = Period.ANY) -> Wanted:
    return Wanted(Choices(product=product, verdicts=frozenset(), period=period))


def test_figures_are_read_away_from_the_windows_thread(
    presenter: StatisticsPresenter, counted: str, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []
    read_figures = presenter._reader.read

    def watched(*arguments: object) -> Figures:
        threads.append(threading.current_thread())
        return read_figures(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(presenter._reader, "read", watched)
    figures = read(presenter, until, of(counted))
    assert figures.counts.done == len(SCORES)
    assert threading.main_thread() not in threads


def test_moving_a_limit_recounts_the_past_exactly(presenter: StatisticsPresenter, counted: str, until: Until) -> None:
    read(presenter, until, of(counted))
    for ok, ng in ((0.3, 0.6), (0.1, 0.75), (0.05, 0.8), (0.0, 0.0), (0.9, 0.95)):
        presenter.reset_limits()
        presenter.move_ng(ng)
        presenter.move_ok(ok)
        assert presenter.limits is not None
        assert presenter.recount is not None
        verdicts = [presenter.limits.verdict(score) for score in SCORES]
        counts = presenter.recount.all
        assert (counts.ok, counts.review, counts.ng) == tuple(
            verdicts.count(verdict) for verdict in ("OK", "REVIEW", "NG")
        )


def test_a_limit_pushes_the_other_one_before_it(presenter: StatisticsPresenter, counted: str, until: Until) -> None:
    read(presenter, until, of(counted))
    presenter.move_ok(0.7)
    assert presenter.limits == Limits(0.7, 0.7, 0.4)
    presenter.move_ng(0.2)
    assert presenter.limits == Limits(0.2, 0.2, 0.4)
    assert presenter.are_moved
    presenter.reset_limits()
    assert not presenter.are_moved


def test_limits_of_several_products_cannot_be_moved_at_once(
    presenter: StatisticsPresenter, counted: str, until: Until
) -> None:
    read(presenter, until, Wanted())
    presenter.move_ok(0.7)
    assert presenter.limits is None
    assert presenter.recount is None
    assert presenter.histogram() is not None


def test_limits_taken_over_stand_in_the_draft_and_not_in_the_recipe(
    presenter: StatisticsPresenter, workbench: Workbench, counted: str, until: Until
) -> None:
    read(presenter, until, of(counted))
    presenter.move_ok(0.35)
    assert presenter.take_over()
    draft = workbench.catalogue.draft(counted)
    assert draft.limits == Limits(0.35, 0.6, 0.4)
    assert draft.changed_since_signing
    assert workbench.catalogue.recipe(counted).recipe.limits.ok == 0.3


def test_the_histogram_holds_every_score_and_reaches_beyond_the_limits(
    presenter: StatisticsPresenter, counted: str, until: Until
) -> None:
    read(presenter, until, of(counted))
    histogram = presenter.histogram()
    assert histogram is not None
    assert len(histogram.counts) == BINS
    assert sum(histogram.counts) == len(SCORES)
    assert histogram.edges[-1] > 0.8


def test_a_period_without_inspections_gives_sentences(
    presenter: StatisticsPresenter, counted: str, until: Until
) -> None:
    figures = read(presenter, until, of(counted, Period.TODAY))
    assert figures.counts.done == 0
    assert isinstance(figures.first_pass, str)
    assert presenter.histogram() is None
    assert read(presenter, until, of(counted, Period.YESTERDAY)).counts.done == len(SCORES)


def test_only_the_newest_wish_is_answered(presenter: StatisticsPresenter, counted: str, until: Until) -> None:
    taken: list[str] = []
    presenter.figures_changed.connect(
        lambda: taken.append(presenter.figures.wanted.station if presenter.figures else "")
    )
    presenter.apply(Wanted(Choices(verdicts=frozenset(), station="nowhere")))
    presenter.apply(Wanted(Choices(verdicts=frozenset(), station="line 1"), Grouping.DAY))
    until(lambda: bool(taken), "the figures are read")
    assert taken == ["line 1"]


def test_a_record_that_cannot_be_read_is_told(
    presenter: StatisticsPresenter, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    presenter.failed.connect(lambda sentence, _: told.append(sentence))

    def refuse(*_: object) -> Figures:
        raise StorageError("filo.sqlite cannot be read. Check the disk.")

    monkeypatch.setattr(presenter._reader, "read", refuse)
    presenter.refresh()
    until(lambda: bool(told), "the failure is told")
    assert told == ["filo.sqlite cannot be read. Check the disk."]


def test_the_csv_is_written_with_the_limits_that_are_set(
    presenter: StatisticsPresenter, counted: str, until: Until, tmp_path: Path
) -> None:
    read(presenter, until, of(counted))
    presenter.move_ok(0.5)
    written: list[str] = []
    presenter.exported.connect(written.append)
    presenter.export_csv(tmp_path / "out.csv")
    until(lambda: bool(written), "the table is written")
    assert "OK up to 0.5, NG above 0.6" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
