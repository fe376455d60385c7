from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from filo_core.types import Box, Position, Region, TypeShare, Verdict
from gui.style_sheet import apply_theme
from gui.theme import DARK, LIGHT, current_theme
from gui.widgets.controls import ElidedLabel, button, plain_label
from gui.widgets.empty_page import EmptyPage
from gui.widgets.fact_list import FactList
from gui.widgets.icons import ICON_NAMES, icon
from gui.widgets.message_fold import MessageFold, MessageKind
from gui.widgets.regions_list import RegionsList
from gui.widgets.untrained_note import UntrainedNote
from gui.widgets.verdict_banner import VerdictBanner
from gui.widgets.verdicts import VerdictChip, draw_verdict_chip, draw_verdict_sign, verdict_word
from tests.unit.gui.products.test_accessible import cut_off

Held = Callable[..., QWidget]


def region(number: int, kind: str = "dent") -> Region:
    return Region(Box(number, 2, 30, 40), 99, 0.5, kind, 0.7, Position.TOP_LEFT)


@pytest.fixture
def held(qtbot: QtBot) -> Iterator[Callable[..., QWidget]]:
    """Puts widgets into a window that is shown and lives as long as the test."""
    windows: list[QWidget] = []

    def show(*widgets: QWidget) -> QWidget:
        window = QWidget()
        layout = QVBoxLayout(window)
        for widget in widgets:
            layout.addWidget(widget)
        qtbot.addWidget(window)
        window.show()
        windows.append(window)
        return window

    yield show
    windows.clear()


def colours(image: QImage) -> set[str]:
    step = 3
    places = ((x, y) for x in range(0, image.width(), step) for y in range(0, image.height(), step))
    return {image.pixelColor(x, y).name() for x, y in places}


@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_banner_carries_a_verdict_by_word_for_readers_and_by_colour(
    qtbot: QtBot, held: Held, verdict: Verdict
) -> None:
    banner = VerdictBanner()
    held(banner)
    banner.set_verdict(verdict, "score 0.123")
    tone = current_theme().verdict(verdict)
    assert verdict_word(verdict) in banner.accessibleName()
    assert banner.accessibleDescription() == "score 0.123"
    assert {tone.ground, tone.text} <= colours(banner.grab().toImage())


@pytest.mark.parametrize("verdict", [Verdict.OK, Verdict.REVIEW, Verdict.NG])
def test_letters_of_a_verdict_are_readable_at_three_metres(qtbot: QtBot, held: Held, verdict: Verdict) -> None:
    banner = VerdictBanner()
    held(banner)
    # As the smallest window shows it. A letter of 12 mm is readable at three metres: 45 px at 96 dpi.
    banner.setFixedSize(656, 124)
    banner.set_verdict(verdict, "scratch – top left, and 2 more")
    image = banner.grab().toImage()
    text = QColor(current_theme().verdict(verdict).text)
    above_caption = range(90)
    rows = [y for y in above_caption for x in range(0, image.width(), 2) if image.pixelColor(x, y) == text]
    assert max(rows) - min(rows) >= 45


def test_signs_of_the_verdicts_differ_without_their_colours(qtbot: QtBot) -> None:
    shapes = set()
    for verdict in Verdict:
        image = QImage(48, 48, QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        draw_verdict_sign(painter, verdict, QRectF(6, 6, 36, 36), QColor("black"))
        painter.end()
        shapes.add(tuple(image.pixel(x, y) for x in range(48) for y in range(48)))
    assert len(shapes) == len(Verdict)


@pytest.mark.parametrize("word", ["NOT INSPECTED", "NICHT GEPRÜFT"])
def test_the_longest_verdict_is_whole_in_the_strip_of_live(qtbot: QtBot, word: str) -> None:
    rect = QRectF(0, 0, 97, 24)
    image = QImage(97, 24, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    draw_verdict_chip(painter, Verdict.NOT_INSPECTED, rect, word)
    painter.end()
    ground = QColor(current_theme().verdict(Verdict.NOT_INSPECTED).ground)
    # A word that is cut off reaches the edge.
    assert {image.pixelColor(x, y).name() for x in (94, 95) for y in range(8, 16)} == {ground.name()}


def test_a_chip_without_a_verdict_takes_no_room(qtbot: QtBot, held: Held) -> None:
    chip = VerdictChip()
    held(chip, plain_label("beside"))
    assert not chip.isVisible()
    chip.set_verdict(Verdict.NG)
    assert chip.isVisible()
    assert chip.accessibleName() == "NG"


def test_nothing_opens_as_a_window_of_its_own_before_it_has_a_place(qtbot: QtBot) -> None:
    before = {widget for widget in QApplication.topLevelWidgets() if widget.isVisible()}
    made = [VerdictChip(Verdict.OK), UntrainedNote(False), MessageFold(), EmptyPage("live", "Nothing.", "Go", "There")]
    for widget in made:
        qtbot.addWidget(widget)
    assert {widget for widget in QApplication.topLevelWidgets() if widget.isVisible()} == before


@pytest.mark.parametrize("name", ICON_NAMES)
def test_every_icon_draws_something_in_the_colour_of_the_text(qtbot: QtBot, name: str) -> None:
    image = icon(name).pixmap(48, 48).toImage()
    drawn = {
        image.pixelColor(x, y).name() for x in range(48) for y in range(48) if image.pixelColor(x, y).alpha() == 255
    }
    assert LIGHT.text in drawn


def test_icons_follow_a_change_of_the_theme(qtbot: QtBot, qapp: QApplication) -> None:
    made = icon("stop")
    assert made.pixmap(24, 24).toImage().pixelColor(12, 12) == QColor(LIGHT.text)
    apply_theme(qapp, DARK)
    assert made.pixmap(24, 24).toImage().pixelColor(12, 12) == QColor(DARK.text)


def test_an_unknown_icon_is_refused() -> None:
    with pytest.raises(KeyError):
        icon("unheard of")


def test_text_from_outside_is_shown_as_it_is_and_never_as_markup(qtbot: QtBot, held: Held) -> None:
    nasty = "<b>bold</b><img src='x'>"
    label, elided = plain_label(nasty), ElidedLabel(nasty)
    held(label, elided).resize(600, 100)
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert elided.textFormat() is Qt.TextFormat.PlainText
    elided.setFixedWidth(60)
    assert elided.text() != nasty
    assert elided.full_text == nasty
    assert "<b>" not in elided.toolTip()


def test_every_label_of_the_shared_widgets_is_plain_text(qtbot: QtBot, held: Held) -> None:
    fold = MessageFold()
    window = held(fold, EmptyPage("live", "<i>x</i>", "<i>y</i>", "z"), UntrainedNote(False), FactList(("a",)))
    fold.show_error("<b>bad</b>", "<b>details</b>")
    formats = {label.textFormat() for label in window.findChildren(QLabel)}
    assert formats == {Qt.TextFormat.PlainText}


def test_an_error_shows_its_sentence_and_folds_its_details(qtbot: QtBot, held: Held) -> None:
    fold = MessageFold()
    held(fold)
    assert not fold.isVisible()
    fold.show_error("part.png ends early. Copy it again.", "Traceback")
    details = fold.findChild(QPlainTextEdit)
    assert details is not None
    assert fold.isVisible()
    assert fold.kind is MessageKind.ERROR
    assert not details.isVisible()
    QTest.mouseClick(fold._more, Qt.MouseButton.LeftButton)
    assert details.isVisible()
    assert details.toPlainText() == "Traceback"


def test_a_message_without_details_offers_none_and_can_be_closed(qtbot: QtBot, held: Held) -> None:
    fold = MessageFold()
    held(fold)
    fold.show_warning("Two references are nearly the same.")
    assert not fold._more.isVisible()
    with qtbot.waitSignal(fold.closed):
        QTest.mouseClick(fold._close, Qt.MouseButton.LeftButton)
    assert not fold.isVisible()
    assert fold.sentence == ""


def test_a_message_changes_its_colours_with_the_theme(qtbot: QtBot, held: Held, qapp: QApplication) -> None:
    fold = MessageFold(closable=False)
    held(fold)
    fold.show_note("Saved.")
    assert LIGHT.note.ground in colours(fold.grab().toImage())
    apply_theme(qapp, DARK)
    qapp.processEvents()
    assert DARK.note.ground in colours(fold.grab().toImage())


def test_an_empty_page_offers_the_next_action(qtbot: QtBot, held: Held) -> None:
    page = EmptyPage("products", "No product yet.", "Set up the first product", "Five steps, a few minutes. " * 4)
    held(page).resize(900, 500)
    asked = page.findChild(QPushButton)
    assert asked is not None
    with qtbot.waitSignal(page.action_requested):
        QTest.mouseClick(asked, Qt.MouseButton.LeftButton)
    hint = page._hint
    assert hint.height() >= hint.heightForWidth(hint.width())


@pytest.mark.parametrize(("trained", "shown"), [(False, True), (True, False), (None, False)])
def test_the_untrained_note_is_there_exactly_when_the_weights_are_untrained(
    qtbot: QtBot, held: Held, trained: bool | None, shown: bool
) -> None:
    note = UntrainedNote()
    held(note, plain_label("beside"))
    note.set_trained(trained)
    assert note.isVisible() is shown
    assert "ntrained" in note.text()


def test_regions_are_listed_with_type_and_position(qtbot: QtBot, held: Held) -> None:
    regions = RegionsList()
    held(regions)
    regions.set_regions((region(1), region(2, "<u>scratch</u>")))
    assert "dent" in regions.item(0).text()
    assert "top left" in regions.item(0).text()
    assert "<u>scratch</u>" in regions.item(1).text()
    with qtbot.waitSignal(regions.region_chosen) as chosen:
        regions.setCurrentRow(1)
    assert chosen.args == [1]


def test_the_share_beside_a_name_is_the_names_and_the_peak_stands_apart(held: Held) -> None:
    regions = RegionsList()
    held(regions)
    shares = (TypeShare("dent", 0.7), TypeShare("burr", 0.2))
    regions.set_regions((replace(region(1), type_shares=shares), region(2, "unknown")), named=("", "hole"))
    assert regions.item(0).text() == "1   dent 70 % – top left"
    tip = regions.item(0).toolTip().splitlines()
    assert tip == ["dent 70 %, burr 20 %", "peak of the map 0.50", "30 × 40 px at (1, 2)"]
    assert regions.item(1).text() == "2   hole – top left"
    assert "Named by a person" in regions.item(1).toolTip()


def test_choosing_a_region_from_the_picture_does_not_echo(qtbot: QtBot, held: Held) -> None:
    regions = RegionsList()
    held(regions)
    regions.set_regions((region(1), region(2)))
    with qtbot.assertNotEmitted(regions.region_chosen):
        regions.choose(1)
    assert regions.currentRow() == 1


def test_without_regions_the_list_says_so_and_nothing_can_be_chosen(qtbot: QtBot, held: Held) -> None:
    regions = RegionsList()
    held(regions)
    regions.set_regions((), "No region stands out.")
    assert regions.item(0).text() == "No region stands out."
    assert not regions.item(0).flags() & Qt.ItemFlag.ItemIsSelectable


def test_facts_keep_their_places_when_values_change(qtbot: QtBot, held: Held) -> None:
    facts = FactList(("Latency", "Dropped"))
    held(facts)
    facts.set_values(("31 ms", "4"))
    assert facts.values == ("31 ms", "4")
    with pytest.raises(ValueError, match="shorter"):
        facts.set_values(("31 ms",))


def test_a_button_is_named_for_screen_readers_without_its_mnemonic(qtbot: QtBot) -> None:
    made = button("&Start", "play", tip="Begin")
    qtbot.addWidget(made)
    assert made.accessibleName() == "Start"
    assert made.accessibleDescription() == "Begin"


def test_a_long_value_in_a_narrow_place_takes_a_second_line_instead_of_losing_its_first_digit(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    facts = FactList(("Bewertung", "Kamera"), holder)
    column = QVBoxLayout(holder)
    column.addWidget(facts)
    column.addStretch(1)
    facts.set_values(("0,083  (unter dieser Schwelle in Ordnung: 0,156)", "läuft"))
    holder.setFixedSize(220, 300)
    holder.show()
    assert cut_off(holder) == []
