from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyqtgraph as pg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtPdf import QPdfDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from filo_core.statistics.charts import Weighing, pareto
from filo_core.types import ReviewDecision, Verdict
from gui.state import AppState, Screen
from gui.statistics.drawing import MOST_BARS, draw_pareto
from gui.statistics.panel import StatisticsPanel
from gui.style_sheet import apply_theme
from gui.theme import DARK, LIGHT
from workflows.workbench import Workbench

Until = Callable[..., None]


def show(panel: StatisticsPanel, until: Until, product: str = "") -> None:
    panel.show()
    until(lambda: panel.presenter.figures is not None, "the record is read")
    if product:
        panel.presenter.figures = None
        panel.bar.choose_product(product)
        until(lambda: panel.presenter.figures is not None, "the product's figures are read")


def test_figures_and_charts_of_the_product_in_hand_are_shown(
    panel: StatisticsPanel, state: AppState, counted: str, until: Until
) -> None:
    state.set_current_product(counted)
    show(panel, until)
    assert panel.bar.product.currentText() == counted
    assert panel.first_pass.figure == "66.7 %"
    assert "8 of 12" in panel.first_pass.words
    assert panel.load.figure == "8.3 %"
    assert panel.counts.text().startswith("12 inspections: 8 OK, 1 REVIEW, 3 NG")
    assert panel.chart.sentence == ""
    assert "NG on average" in panel.chart.plot.accessibleDescription()
    assert panel.pareto.plot.accessibleDescription() == "scratch 1, no known type 2"
    assert not panel.empty.isVisible()


def test_too_little_evidence_gives_a_sentence_in_place_of_a_number(
    panel: StatisticsPanel, counted: str, until: Until
) -> None:
    show(panel, until, counted)
    assert panel.agreement.figure == "–"
    assert panel.agreement.words.startswith("Agreement needs the verdicts of two appraisers")
    assert "There are no images reviewed as good yet" in panel.limits.errors.text()


def test_reviews_give_a_kappa_with_its_interval(
    panel: StatisticsPanel, workbench: Workbench, counted: str, until: Until
) -> None:
    history = workbench.history
    for inspection_id in range(1, 13):
        record = history.get(inspection_id)
        if record.verdict is not Verdict.REVIEW:
            history.review(inspection_id, ReviewDecision.CONFIRM, record.verdict, "ada")
    show(panel, until, counted)
    assert panel.agreement.figure == "1.00"
    assert "kappa with ada: 95 % interval 0.28 to 1.00, 11 parts" in panel.agreement.words
    assert "system – ada" in panel.pairs.text()


def test_limits_move_by_keyboard_and_by_their_lines_and_the_past_is_recounted(
    panel: StatisticsPanel, counted: str, until: Until
) -> None:
    show(panel, until, counted)
    assert "8 OK, 1 REVIEW, 3 NG" in panel.limits.recounted.text()
    assert not panel.limits.take_button.isEnabled()
    panel.limits.ok_spin.setFocus()
    panel.limits.ok_spin.selectAll()
    QTest.keyClicks(panel.limits.ok_spin, panel.limits.ok_spin.locale().toString(0.45, "f", 3))
    QTest.keyClick(panel.limits.ok_spin, Qt.Key.Key_Return)
    assert "9 OK, 0 REVIEW, 3 NG" in panel.limits.recounted.text()
    assert panel.load.figure == "0 %"
    lines = [item for item in panel.limits.card.plot.drawn if isinstance(item, pg.InfiniteLine)]
    assert len(lines) == 2
    max(lines, key=lambda line: line.value()).setValue(0.72)
    assert "9 OK, 1 REVIEW, 2 NG" in panel.limits.recounted.text()
    assert panel.limits.ng_spin.value() == pytest.approx(0.72)
    panel.limits.reset_button.click()
    assert "8 OK, 1 REVIEW, 3 NG" in panel.limits.recounted.text()
    assert min(line.value() for line in lines) == pytest.approx(0.3)


def test_new_limits_go_into_the_draft_and_the_user_is_told_to_sign(
    panel: StatisticsPanel, workbench: Workbench, counted: str, until: Until
) -> None:
    show(panel, until, counted)
    panel.limits.ng_spin.setValue(0.55)
    panel.limits.take_button.click()
    limits = workbench.catalogue.draft(counted).limits
    assert limits is not None
    assert limits.ng == pytest.approx(0.55)
    assert "Sign it off" in panel.message.sentence


def test_an_empty_record_says_what_to_do_next(
    panel: StatisticsPanel, state: AppState, product: str, until: Until
) -> None:
    asked: list[str] = []
    state.screen_requested.connect(lambda screen, _: asked.append(screen))
    show(panel, until)
    assert panel.empty.isVisible()
    assert panel.empty.sentence == "Nothing has been inspected yet."
    assert not panel.bar.csv_button.isEnabled()
    panel.empty.action_requested.emit()
    assert asked == [Screen.FOLDER]


def test_a_filter_that_leaves_nothing_offers_to_show_everything(
    panel: StatisticsPanel, counted: str, until: Until
) -> None:
    show(panel, until)
    panel.presenter.figures = None
    panel.bar.period.setCurrentIndex(1)
    panel.bar.on_changed()
    until(lambda: panel.presenter.figures is not None)
    assert panel.empty.sentence == "No inspection fits this filter."
    panel.empty.action_requested.emit()
    until(lambda: panel.presenter.figures is not None and panel.presenter.figures.counts.done == 12)
    assert not panel.empty.isVisible()


def test_new_verdicts_are_counted_on_the_button_and_read_when_the_screen_comes_back(
    panel: StatisticsPanel, state: AppState, counted: str, until: Until
) -> None:
    show(panel, until)
    state.review_recorded.emit(None)
    assert panel.refresh_button.text() == "1 new: refresh (F5)"
    panel.hide()
    panel.presenter.figures = None
    panel.show()
    until(lambda: panel.presenter.figures is not None)
    assert panel.refresh_button.text() == "Refresh (F5)"


def test_a_chart_that_is_drawn_again_keeps_nothing_of_the_one_before(
    panel: StatisticsPanel, counted: str, until: Until
) -> None:
    show(panel, until, counted)
    before = [len(card.plot.drawn) for card in (panel.chart, panel.pareto, panel.limits.card)]
    children = len(panel.limits.card.plot.view.childGroup.childItems())
    panel.presenter.figures = None
    panel.refresh()
    until(lambda: panel.presenter.figures is not None)
    assert [len(card.plot.drawn) for card in (panel.chart, panel.pareto, panel.limits.card)] == before
    assert len(panel.limits.card.plot.view.childGroup.childItems()) == children


def test_charts_follow_the_theme(panel: StatisticsPanel, qapp: QApplication, counted: str, until: Until) -> None:
    show(panel, until, counted)
    for theme in (DARK, LIGHT):
        apply_theme(qapp, theme)
        QApplication.processEvents()
        image = panel.chart.plot.grab().toImage()
        drawn = {image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(image.height())}
        assert {theme.surface, theme.accent.ground} <= drawn


def test_the_report_on_one_product_is_a_pdf_under_the_limits_that_are_set(
    panel: StatisticsPanel, counted: str, until: Until, tmp_path: Path
) -> None:
    show(panel, until, counted)
    panel.limits.ok_spin.setValue(0.45)
    path = tmp_path / "report.pdf"
    panel.presenter.export_pdf(path)
    until(lambda: bool(panel.message.sentence), "the report is written", 60)
    assert panel.message.sentence == f"Written to {path}."
    document = QPdfDocument()
    document.load(str(path))
    text = "".join(document.getAllText(page).text() for page in range(document.pageCount()))
    document.close()
    for words in ("metal nut", "First-pass yield: 8 of 12", "OK ≤ 0.4500"):
        assert words in text


def test_a_report_that_cannot_be_written_or_is_about_no_product_says_so(
    panel: StatisticsPanel, counted: str, until: Until, tmp_path: Path
) -> None:
    show(panel, until)
    panel.presenter.export_pdf(tmp_path / "report.pdf")
    assert "Choose one product" in panel.message.sentence
    panel.message.clear()
    panel.presenter.figures = None
    panel.bar.choose_product(counted)
    until(lambda: panel.presenter.figures is not None)
    panel.presenter.export_pdf(tmp_path / "absent" / "report.pdf")
    until(lambda: bool(panel.message.sentence), "the failure is told", 60)
    assert "cannot be written" in panel.message.sentence


def test_what_rare_types_cost_on_average_is_written_nowhere(panel: StatisticsPanel) -> None:
    counts = {f"type {number}": 20 - number for number in range(12)}
    found = pareto(counts, Weighing.COST, {name: 1.0 + number / 7 for number, name in enumerate(counts)})
    draw_pareto(panel.pareto.plot, found, LIGHT)
    words = [item.toPlainText() for item in panel.pareto.plot.drawn if isinstance(item, pg.TextItem)]
    assert all(" × " in text for text in words[:MOST_BARS])
    assert words[MOST_BARS].split("(")[0].strip().isdecimal()


def test_rare_types_share_the_last_bar(panel: StatisticsPanel) -> None:
    found = pareto({f"type {number}": 20 - number for number in range(12)} | {"unknown": 3})
    draw_pareto(panel.pareto.plot, found, LIGHT)
    words = [item.toPlainText() for item in panel.pareto.plot.drawn if isinstance(item, pg.TextItem)]
    assert len(words) == MOST_BARS + 2
    assert words[0].startswith("20 ")
    assert words[MOST_BARS].endswith("100 % so far)")
    assert words[-1] == "3"
    ticks = [text for _, text in panel.pareto.plot.left._tickLevels[0]]
    assert ticks[MOST_BARS:] == ["5 more types", "no known type"]
