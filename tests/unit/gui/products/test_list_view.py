from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from filo_core.types import InspectionFilter, ProductDescription, ProductDraft, WizardStep
from gui.products.card_facts import NEWEST, Mood
from gui.products.card_grid import AT_ONCE
from gui.products.list_presenter import Read
from gui.products.list_view import ProductListView
from gui.products.product_card import CardDeed
from gui.state import AppState, Screen
from gui.widgets.message_fold import MessageKind
from tests.unit.gui.conftest import RedEngine

Until = Callable[..., None]


@pytest.fixture
def view(qtbot: QtBot, state: AppState, until: Until) -> Iterator[ProductListView]:
    made = ProductListView(state)
    qtbot.addWidget(made)
    made.resize(1100, 600)
    made.show()
    until(lambda: made.is_read, "the products are read")
    yield made
    made.close_down()


@pytest.fixture
def several(state: AppState, view: ProductListView, until: Until) -> tuple[str, ...]:
    """Products without anything in them, in the order of their names."""
    names = ("Anchor", "Bolt", "cover", "Nut M6", "nut M8", "Washer")
    for name in reversed(names):
        state.workbench.catalogue.create(ProductDescription(name, "part"))
    state.products_changed.emit()
    until(lambda: view.is_read, "the products are read")
    return names


def read_again(view: ProductListView, until: Until) -> None:
    view.reload()
    until(lambda: view.is_read, "the products are read")


def states(view: ProductListView) -> dict[str, str]:
    """What the cards in sight say of their products."""
    return {name: view.grid.card(name)._state.text for name in view.grid.names}


def press(widget: QWidget, key: Qt.Key) -> None:
    QTest.keyClick(widget.window().focusWidget() or widget, key)


def test_the_first_start_says_what_to_do_next(view: ProductListView, qtbot: QtBot) -> None:
    assert view._empty.isVisible()
    assert "No product" in view._empty.sentence
    assert not view.search.isVisible()
    with qtbot.waitSignal(view.new_requested):
        QTest.mouseClick(view._empty._button, Qt.MouseButton.LeftButton)


def test_a_card_says_what_comes_next(product: str, view: ProductListView, state: AppState, until: Until) -> None:
    state.workbench.catalogue.create(ProductDescription("A new one", "biscuit"))
    read_again(view, until)
    assert states(view) == {
        "A new one": "Add at least one good image; four are better.",
        product: "Never shown a bad part: it may miss everything.",
    }
    assert view.grid.card("A new one").facts.what == "biscuit · not signed yet"
    moods = [view.grid.card(name).facts.mood for name in view.grid.names]
    assert moods == [Mood.UNFINISHED, Mood.UNSURE]


def test_a_card_shows_the_last_verdicts_and_the_yield_of_today(
    product: str, view: ProductListView, state: AppState, parts: Path, until: Until
) -> None:
    read_again(view, until)
    assert view.grid.card(product).facts.newest == ()
    state.workbench.inspector.inspect_folder(product, parts).wait(20)
    view._look()
    until(lambda: bool(view.grid.card(product).facts.newest), "the verdicts are there")
    facts = view.grid.card(product).facts
    page = state.workbench.history.page(InspectionFilter(product=product), limit=8)
    # The first of them is one of its good images, and no news of the line.
    assert facts.newest == tuple(record.final_verdict for record in page if record.known_as is None)[:NEWEST]
    assert facts.today == "Today: 28.6 % OK of 7"
    assert facts.newest_sentence.startswith("Last verdicts, newest first:")


def test_the_picture_is_read_when_its_card_is_in_sight(
    product: str, view: ProductListView, state: AppState, until: Until
) -> None:
    read_again(view, until)
    until(lambda: view.grid.card(product).picture.is_there, "the first good image")
    assert list(view._pictures._made) == [state.workbench.catalogue.draft(product).references[0].image_hash]


def test_a_product_that_another_program_has_made_appears_by_itself(
    view: ProductListView, state: AppState, until: Until
) -> None:
    view._look_again.start(20)
    assert view.grid.names == []
    state.workbench.catalogue.create(ProductDescription("Made elsewhere", "nut"))
    until(lambda: view.grid.names == ["Made elsewhere"], "it is there without a word")
    view.hide()
    assert not view._look_again.isActive(), "nobody looks at a list that is not shown"


def test_names_of_products_are_shown_as_they_are(view: ProductListView, state: AppState, until: Until) -> None:
    odd = "<b>bold</b> & \"quoted\" 'x'; --"
    state.workbench.catalogue.create(ProductDescription(odd, "nut"))
    read_again(view, until)
    assert view.grid.card(odd)._name.text() == odd
    assert view.grid.card(odd)._name.textFormat() is Qt.TextFormat.PlainText


def test_only_a_signed_product_can_be_inspected_by_its_buttons(
    product: str, view: ProductListView, state: AppState, qtbot: QtBot, until: Until
) -> None:
    state.workbench.catalogue.create(ProductDescription("draft", "nut"))
    read_again(view, until)
    buttons = view.grid.card("draft").buttons
    assert not buttons[CardDeed.INSPECT].isEnabled()
    assert not buttons[CardDeed.LIVE].isEnabled()
    assert buttons[CardDeed.SET_UP].isEnabled()
    for deed, screen in ((CardDeed.INSPECT, Screen.FOLDER), (CardDeed.LIVE, Screen.LIVE)):
        view.grid.choose("draft")
        with qtbot.waitSignal(state.screen_requested) as requested:
            QTest.mouseClick(view.grid.card(product).buttons[deed], Qt.MouseButton.LeftButton)
        assert requested.args == [screen.value, product]
        assert view.chosen == product
    with qtbot.waitSignal(view.open_requested) as opened:
        QTest.mouseDClick(view.grid.card("draft"), Qt.MouseButton.LeftButton)
    assert opened.args == ["draft"]


def test_arrow_keys_choose_a_card_and_enter_opens_it(
    several: tuple[str, ...], view: ProductListView, state: AppState, qtbot: QtBot
) -> None:
    assert view.grid._columns == 2
    view.grid.choose("Anchor")
    view.grid.take_focus()
    seen = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_End, Qt.Key.Key_Home):
        press(view, key)
        seen.append(view.chosen)
        assert view.grid.card(view.chosen).hasFocus()
    assert seen == ["Bolt", "Nut M6", "cover", "Anchor", "Washer", "Anchor"]
    press(view, Qt.Key.Key_Up)
    press(view, Qt.Key.Key_Left)
    assert view.chosen == "Anchor"
    press(view, Qt.Key.Key_PageDown)
    assert view.chosen == "Washer"
    assert state.current_product == "Washer"
    with qtbot.waitSignal(view.open_requested) as opened:
        press(view, Qt.Key.Key_Return)
    assert opened.args == ["Washer"]


def test_tab_passes_the_chosen_card_alone(several: tuple[str, ...], view: ProductListView) -> None:
    view.grid.choose("cover")
    card = view.grid.card("cover")
    view.grid.take_focus()
    reached = []
    for _ in range(8):
        press(view, Qt.Key.Key_Tab)
        reached.append(view.window().focusWidget())
    assert reached[:2] == [card.buttons[CardDeed.SET_UP], card.more_button]
    others = {other for name in several if name != "cover" for other in view.grid.card(name).findChildren(QWidget)}
    assert not others & set(reached)


def test_a_product_is_found_by_a_part_of_its_name(several: tuple[str, ...], view: ProductListView) -> None:
    press(view, Qt.Key.Key_Tab)
    QTest.keyClick(view.window().focusWidget(), Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert view.search.hasFocus()
    QTest.keyClicks(view.search, "NUT")
    assert view.grid.names == ["Nut M6", "nut M8"]
    assert [card.facts.name for card in view.grid._cards.values() if card.isVisible()] == ["Nut M6", "nut M8"]
    assert view._found.text() == "2 of 6"
    assert view.chosen == "Nut M6"
    press(view, Qt.Key.Key_Down)
    assert view.grid.card("Nut M6").hasFocus()
    QTest.keyClicks(view.search, "zzz")
    assert view.chosen == ""
    assert "No product is called that" in view._nothing.sentence
    QTest.mouseClick(view._nothing._button, Qt.MouseButton.LeftButton)
    assert view.grid.names == list(several)
    assert view.chosen == "Nut M6", "as before the search"


def test_what_a_card_does_not_show_stands_in_its_menu(
    product: str, view: ProductListView, state: AppState, until: Until
) -> None:
    state.workbench.catalogue.create(ProductDescription("draft", "nut"))
    read_again(view, until)
    enabled = {name: [a.isEnabled() for a in view.grid.card(name).menu().actions()] for name in ("draft", product)}
    assert enabled == {"draft": [False, True, True, True, True], product: [True] * 5}
    done: list[tuple[str, str]] = []
    view.grid.wanted.connect(lambda name, deed: done.append((name, deed)))
    view.deeds._slots[CardDeed.CLONE] = lambda name: None

    def pick() -> None:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        QTest.keyClick(menu, Qt.Key.Key_C)

    view.grid.choose("draft")
    view.grid.take_focus()
    QTimer.singleShot(0, pick)
    press(view, Qt.Key.Key_Menu)
    assert done == [("draft", CardDeed.CLONE.value)]


def test_three_hundred_products_are_painted_a_screen_at_a_time(
    qtbot: QtBot, state: AppState, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = tuple(ProductDraft(ProductDescription(f"Part {n:03}", "part")) for n in range(300))
    monkeypatch.setattr(state.workbench.catalogue, "drafts", lambda: drafts)
    view = ProductListView(state)
    qtbot.addWidget(view)
    view.resize(1100, 600)
    made: list[int] = []
    take = view._take

    def taken(read: Read) -> None:
        take(read)
        made.append(len(view.grid._cards))

    monkeypatch.setattr(view, "_take", taken)
    view.show()
    until(lambda: bool(made), "the products are read")
    assert made == [AT_ONCE]
    until(lambda: view.is_read, "every card is made")
    assert len(view.grid.names) == 300
    view.grid.take_focus()
    press(view, Qt.Key.Key_End)
    last = view.grid.card("Part 299")
    assert last.hasFocus()
    assert not last.visibleRegion().isEmpty(), "it was scrolled to"
    view.close_down()


def test_a_clone_gets_a_free_name_and_is_chosen(
    product: str, view: ProductListView, state: AppState, until: Until
) -> None:
    read_again(view, until)
    first = view._presenter.suggested_clone_name(product)
    view.deeds.clone(product, first)
    until(lambda: view.is_read, "the products are read")
    assert view.chosen == first == f"{product} 2"
    assert view._presenter.suggested_clone_name(product) == f"{product} 3"
    assert state.workbench.catalogue.draft(first).signed_version is None


@pytest.mark.parametrize("name", ["metal nut", "METAL NUT", "  "])
def test_a_clone_under_a_taken_or_empty_name_is_refused_in_words(
    product: str, view: ProductListView, name: str
) -> None:
    view.deeds.clone(product, name)
    assert view.message.kind is MessageKind.ERROR
    assert view.message.sentence
    assert len(view.grid.names) <= 1


def test_an_exported_product_comes_back_beside_the_one_of_its_name(
    product: str, view: ProductListView, state: AppState, tmp_path: Path, until: Until
) -> None:
    file = tmp_path / "nut.filo.zip"
    view.deeds.export(product, file)
    until(file.exists)
    until(lambda: "written" in view.message.sentence)
    view.deeds.import_file(file)
    until(lambda: "imported" in view.message.sentence and view.is_read)
    assert view.chosen == f"{product} 2"
    assert len(state.workbench.catalogue.references(f"{product} 2")) == 2


def test_a_damaged_product_file_is_refused_by_name(view: ProductListView, tmp_path: Path, until: Until) -> None:
    file = tmp_path / "torn.filo.zip"
    file.write_bytes(b"PK\x03\x04 nothing")
    view.deeds.import_file(file)
    until(lambda: view.message.kind is MessageKind.ERROR)
    assert "torn.filo.zip" in view.message.sentence
    assert view.grid.names == []


def test_deleting_asks_first_and_keeping_is_the_default(
    view: ProductListView, state: AppState, qapp: QApplication, until: Until
) -> None:
    state.workbench.catalogue.create(ProductDescription("draft", "nut"))
    read_again(view, until)
    view.grid.take_focus()
    asked: list[str] = []

    def answer(key: Qt.Key) -> None:
        question = qapp.activeModalWidget()
        assert isinstance(question, QMessageBox)
        asked.append(question.text())
        if key == Qt.Key.Key_D:
            next(b for b in question.buttons() if b.text() == "Delete").click()
        else:
            QTest.keyClick(question, key)

    QTimer.singleShot(0, lambda: answer(Qt.Key.Key_Return))
    press(view, Qt.Key.Key_Delete)
    assert view.chosen == "draft"
    QTimer.singleShot(0, lambda: answer(Qt.Key.Key_D))
    press(view, Qt.Key.Key_Delete)
    until(lambda: view.is_read, "the products are read")
    assert view.grid.names == []
    assert len(asked) == 2
    assert "draft" in asked[0]


def test_a_product_that_was_inspected_cannot_be_deleted(
    product: str, view: ProductListView, state: AppState, parts: Path
) -> None:
    handle = state.workbench.inspector.inspect_folder(product, parts)
    handle.wait(20)
    view.deeds.delete(product)
    assert view.message.kind is MessageKind.ERROR
    assert product in view.message.sentence
    assert state.workbench.catalogue.draft(product).description.name == product


def test_a_deleted_product_comes_back_with_everything_but_its_signature(
    product: str, view: ProductListView, state: AppState, until: Until
) -> None:
    catalogue = state.workbench.catalogue
    before = catalogue.draft(product)
    view.deeds.delete(product)
    assert view.undo_bar.sentence == f"{product} was deleted."
    until(lambda: view.is_read, "the products are read")
    assert view.grid.names == []
    QTest.mouseClick(view.undo_bar.undo_button, Qt.MouseButton.LeftButton)
    after = catalogue.draft(product)
    assert (after.references, after.anomaly_types, after.limits) == (
        before.references,
        before.anomaly_types,
        before.limits,
    )
    assert (after.signed_version, after.next_step) == (None, WizardStep.SIGN_OFF)
    assert len(catalogue.references(after.recipe(after.limits, RedEngine.model_hash))) == 2  # type: ignore[arg-type]
    until(lambda: view.chosen == product, "it is chosen")
    assert view.undo_bar.isHidden()


def test_a_name_that_was_taken_meanwhile_keeps_a_deleted_product_away(
    product: str, view: ProductListView, state: AppState
) -> None:
    view.deeds.delete(product)
    state.workbench.catalogue.create(ProductDescription(product, "another nut"))
    view.deeds.undo_delete()
    assert "already" in view.message.sentence
    assert state.workbench.catalogue.draft(product).description.class_name == "another nut"
