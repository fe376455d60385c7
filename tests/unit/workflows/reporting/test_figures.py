from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from filo_core.calibration.agreement import AgreementStudy
from filo_core.capability import SYSTEM
from filo_core.errors import FolderError
from filo_core.statistics.charts import Pareto, PChart
from filo_core.statistics.rates import Rate
from filo_core.types import InspectionFilter, Limits, ReviewDecision, Verdict
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import make_image, make_inspection, make_refusal, make_region, sign_product
from workflows.products.catalogue import Catalogue
from workflows.products.golden import GoldenSets
from workflows.reporting.figures import FigureReader, Figures
from workflows.reporting.figures_csv import HEADER, write_csv
from workflows.reporting.history import History, ReviewError
from workflows.reporting.periods import Grouping

PRODUCT = "metal nut"
START = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
EVERYTHING = InspectionFilter(product=PRODUCT)


@pytest.fixture
def recorded(storage: Storage) -> list[int]:
    """Twelve inspections, one an hour: eight OK, one REVIEW, three NG; one file that could not be read."""
    recipe = sign_product(storage)
    recorder = Recorder(storage, PRODUCT, station="line 1")
    ids = []
    for number, score in enumerate((0.1, 0.12, 0.6, 0.14, 0.3, 0.7, 0.1, 0.2, 0.8, 0.05, 0.1, 0.2)):
        regions = (make_region("scratch" if number < 4 else "unknown"),) if score > 0.5 else ()
        moment = START + timedelta(hours=number)
        ids.append(recorder.record_one(make_inspection(recipe, number, score, regions=regions, inspected_at=moment)))
    Recorder(storage, PRODUCT, station="line 2").record_one(make_refusal(recipe))
    return ids


@pytest.fixture
def reader(storage: Storage, catalogue: Catalogue) -> FigureReader:
    return FigureReader(storage, catalogue)


def test_yield_counts_a_part_shown_twice_once_and_by_its_first_verdict(
    storage: Storage, reader: FigureReader, recorded: list[int]
) -> None:
    recipe = Catalogue(storage).recipe(PRODUCT).recipe
    from filo_core.types import Origin

    again = make_inspection(recipe, 2, 0.1, origin=Origin.LIVE)
    Recorder(storage, PRODUCT).record_one(again)
    found = reader.read(EVERYTHING).first_pass
    assert isinstance(found, Rate)
    # The unreadable file was presented and did not pass.
    assert (found.count, found.of) == (8, 13)


def test_a_review_moves_its_part_between_the_types(storage: Storage, reader: FigureReader, recorded: list[int]) -> None:
    before = reader.read(EVERYTHING).pareto
    assert isinstance(before, Pareto)
    assert [(bar.name, bar.count) for bar in before.bars] == [("scratch", 1)]
    assert before.unknown == 2
    history = History(storage)
    history.review(recorded[5], ReviewDecision.RETYPE, Verdict.NG, "ada", anomaly_type="dent")
    history.review(recorded[2], ReviewDecision.OVERRULE, Verdict.OK, "ada", reason="dust")
    after = reader.read(EVERYTHING).pareto
    assert isinstance(after, Pareto)
    assert [(bar.name, bar.count) for bar in after.bars] == [("dent", 1)]
    assert after.unknown == 1


def test_subgroups_are_hours_within_two_days_and_their_limits_differ_with_their_size(
    storage: Storage, reader: FigureReader, recorded: list[int]
) -> None:
    recorder = Recorder(storage, PRODUCT)
    recipe = Catalogue(storage).recipe(PRODUCT).recipe
    for number in range(40):
        recorder.record_one(make_inspection(recipe, 100 + number, 0.1, inspected_at=START + timedelta(minutes=1)))
    figures = reader.read(EVERYTHING)
    assert figures.grouping is Grouping.HOUR
    assert isinstance(figures.chart, PChart)
    large, small = figures.chart.points[:2]
    assert (large.inspected, small.inspected) == (41, 1)
    assert large.upper < small.upper
    assert isinstance(reader.read(EVERYTHING, Grouping.DAY).chart, PChart | str)


def test_what_another_model_judged_is_not_counted_again(
    storage: Storage, catalogue: Catalogue, reader: FigureReader, recorded: list[int]
) -> None:
    figures = reader.read(EVERYTHING)
    assert len(figures.scores.history) == 12
    assert figures.scores.limits == Limits(0.25, 0.5, 0.125)
    draft = catalogue.draft(PRODUCT)
    assert draft.limits is not None
    with storage.transaction() as transaction:
        transaction.products.sign(PRODUCT, draft.recipe(draft.limits, "d" * 64), "Ada", START)
    other = reader.read(EVERYTHING).scores
    assert (len(other.history), other.other_model) == (0, 12)


def test_recounting_history_under_its_own_limits_gives_its_verdicts(reader: FigureReader, recorded: list[int]) -> None:
    figures = reader.read(EVERYTHING)
    assert figures.scores.limits is not None
    counted = figures.scores.history.recount(figures.scores.limits).all
    assert (counted.ok, counted.review, counted.ng) == (figures.counts.ok, figures.counts.review, figures.counts.ng)


def test_agreement_is_between_the_system_and_those_who_reviewed(
    storage: Storage, reader: FigureReader, recorded: list[int]
) -> None:
    assert isinstance(reader.read(EVERYTHING).agreement, str)
    history = History(storage)
    for number, inspection_id in enumerate(recorded):
        record = history.get(inspection_id)
        if record.verdict is Verdict.REVIEW:
            continue
        if number == 0:
            history.review(inspection_id, ReviewDecision.OVERRULE, Verdict.NG, "ada", reason="crack")
        else:
            history.review(inspection_id, ReviewDecision.CONFIRM, record.verdict, "ada")
    study = reader.read(EVERYTHING).agreement
    assert isinstance(study, AgreementStudy)
    pair = study.pairs[0]
    assert (pair.first, pair.second) == (SYSTEM, "ada")
    assert pair.kappa is not None
    assert pair.kappa.parts == 11
    assert pair.kappa.lower < pair.kappa.value < 1.0


def test_a_station_and_a_period_restrict_everything(reader: FigureReader, recorded: list[int]) -> None:
    assert reader.stations() == ("line 1", "line 2")
    second = reader.read(InspectionFilter(product=PRODUCT, station="line 2"))
    assert (second.counts.inspected, second.counts.not_inspected) == (0, 1)
    early = reader.read(InspectionFilter(product=PRODUCT, since=START, until=START + timedelta(hours=3)))
    assert early.counts.inspected == 3


def test_an_empty_record_gives_sentences_and_no_numbers(reader: FigureReader, storage: Storage) -> None:
    sign_product(storage)
    figures = reader.read(EVERYTHING)
    assert figures.counts.done == 0
    for figure in (figures.first_pass, figures.pareto, figures.chart, figures.agreement):
        assert isinstance(figure, str)
        assert figure.endswith(".")


def read_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def test_the_csv_holds_the_figures_and_no_formula(
    storage: Storage, reader: FigureReader, recorded: list[int], tmp_path: Path
) -> None:
    History(storage).review(recorded[2], ReviewDecision.RETYPE, Verdict.NG, "ada", anomaly_type="=1+1")
    figures: Figures = reader.read(EVERYTHING)
    path = tmp_path / "figures.csv"
    write_csv(figures, path, Limits(0.25, 0.5, 0.125))
    rows = read_rows(path)
    assert tuple(rows[0]) == HEADER
    assert all(len(row) == len(HEADER) for row in rows)
    assert ["inspections", "OK", "8", "13"] in [row[:4] for row in rows]
    assert ["recount", "NG", "3", "12"] in [row[:4] for row in rows]
    assert "'=1+1" in [row[1] for row in rows]
    assert not [cell for row in rows for cell in row if cell.startswith("=")]


def test_a_csv_that_cannot_be_written_says_so(reader: FigureReader, recorded: list[int], tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"cannot be written.*Choose another folder"):
        write_csv(reader.read(EVERYTHING), tmp_path / "absent" / "figures.csv")


def test_the_span_is_that_of_the_moments_whatever_order_they_were_recorded_in(
    storage: Storage, reader: FigureReader, recorded: list[int]
) -> None:
    recipe = Catalogue(storage).recipe(PRODUCT).recipe
    long_ago = make_inspection(recipe, 500, 0.1, inspected_at=START - timedelta(days=30))
    Recorder(storage, PRODUCT).record_one(long_ago)
    assert reader.read(EVERYTHING).grouping is Grouping.DAY


def test_blind_reviews_and_known_parts_join_the_agreement(
    storage: Storage, reader: FigureReader, recorded: list[int]
) -> None:
    history = History(storage)
    golden = GoldenSets(storage)
    for number, inspection_id in enumerate(recorded):
        record = history.get(inspection_id)
        really = Verdict.NG if (record.image_score or 0.0) > 0.25 else Verdict.OK
        agrees = record.verdict in {really, Verdict.REVIEW}
        decision = ReviewDecision.CONFIRM if agrees else ReviewDecision.OVERRULE
        history.review(inspection_id, decision, really, "Ada", "" if agrees else "it is")
        history.review_blind(inspection_id, Verdict.NG if number == 0 else really, "Grace")
        golden.add(PRODUCT, make_image(number), really)
    study = reader.read(EVERYTHING).agreement
    assert isinstance(study, AgreementStudy)
    assert [(pair.first, pair.second) for pair in study.pairs] == [
        (SYSTEM, "Ada"),
        (SYSTEM, "Grace"),
        ("Ada", "Grace"),
    ]
    assert study.fleiss is not None
    grace = next(appraisal for appraisal in study.appraisals if appraisal.appraiser == "Grace")
    assert grace.false_alarm is not None
    assert (grace.false_alarm.count, grace.false_alarm.of) == (1, 8)
    assert grace.bands["miss"].source.startswith("AIAG")
    # What a second person says moves no verdict.
    assert history.get(recorded[0]).final_verdict is Verdict.OK


def test_who_has_judged_before_cannot_review_blind(storage: Storage, recorded: list[int]) -> None:
    history = History(storage)
    history.review(recorded[0], ReviewDecision.CONFIRM, Verdict.OK, "Ada")
    with pytest.raises(ReviewError, match="Ada has judged part 0"):
        history.review_blind(recorded[0], Verdict.OK, " Ada ")
    history.review_blind(recorded[0], Verdict.NG, "Grace")
    with pytest.raises(ReviewError, match="Grace has judged"):
        history.review_blind(recorded[0], Verdict.OK, "Grace")
    with pytest.raises(ReviewError, match="decides on OK or NG"):
        history.review_blind(recorded[0], Verdict.REVIEW, "Linus")
    with pytest.raises(ReviewError, match="Nobody reviews"):
        history.review_blind(recorded[0], Verdict.OK, "  ")
