"""The report on paper, read again by a reader of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from filo_core.errors import FolderError
from filo_core.statistics.charts import Pareto, ParetoBar
from filo_core.types import InspectionFilter
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import make_draft, make_inspection, make_region, sign_product
from workflows.products.catalogue import Catalogue
from workflows.reporting.report import read_report
from workflows.reporting.report_charts import pareto_drawing
from workflows.reporting.report_pdf import write_pdf

PRODUCT = "Türgriff 门把手 & <b>"


def text_of(path: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


@pytest.fixture
def inspected(storage: Storage) -> Storage:
    """Three hours of four images, whose second hour is NG throughout."""
    recipe = sign_product(storage, draft=make_draft(PRODUCT))
    recorder = Recorder(storage, PRODUCT, station="压机 4")
    for number in range(12):
        hour = number // 4
        regions = (make_region("刮痕"),) if hour == 1 else ()
        moment = datetime(2026, 3, 4, 8 + hour, tzinfo=UTC) + timedelta(minutes=number)
        recorder.record_one(
            make_inspection(recipe, number, 0.9 if hour == 1 else 0.1, regions=regions, inspected_at=moment)
        )
    return storage


def test_the_report_shows_every_script_and_obeys_no_markup(
    inspected: Storage, catalogue: Catalogue, tmp_path: Path
) -> None:
    out = tmp_path / "report.pdf"
    write_pdf(read_report(inspected, catalogue, InspectionFilter(product=PRODUCT)), out)
    text = text_of(out)
    assert f"{PRODUCT}, from the beginning to now" in text
    assert "station 压机 4: 8 of 12" in text
    assert "Recipe: Never shown a bad part: it may miss everything." in text
    assert "Scores: 12 under limits OK ≤ 0.2500" in text
    assert "centre 33.3 %, 3 subgroups" in text
    for drawn in ("share of NG", "刮痕", "OK up to 0.2500", "NG above 0.5000"):
        assert drawn in text


def test_where_nothing_was_inspected_a_sentence_stands_for_every_chart(
    inspected: Storage, catalogue: Catalogue, tmp_path: Path
) -> None:
    out = tmp_path / "report.pdf"
    never = InspectionFilter(product=PRODUCT, since=datetime(2030, 1, 1, tzinfo=UTC))
    write_pdf(read_report(inspected, catalogue, never), out)
    text = text_of(out)
    assert "Nothing was inspected in this time." in text
    assert "A control chart needs at least two shifts or hours" in text
    assert "No score of this product in this time." in text


def test_a_place_that_cannot_be_written_is_named(inspected: Storage, catalogue: Catalogue, tmp_path: Path) -> None:
    report = read_report(inspected, catalogue, InspectionFilter(product=PRODUCT))
    with pytest.raises(FolderError, match="is a folder"):
        write_pdf(report, tmp_path)
    with pytest.raises(FolderError, match=r"cannot be written: .*\. Choose another folder"):
        write_pdf(report, tmp_path / "absent" / "report.pdf")


def test_a_hundred_anomaly_types_still_fit_a_page() -> None:
    many = Pareto(tuple(ParetoBar(f"type {number}", 1, 0.01, 0.01) for number in range(100)), 100, 3)
    few = Pareto(many.bars[:2], 2, 0)
    assert pareto_drawing(few).height < pareto_drawing(many).height < 600
