"""Which phrases fire on good parts, told without any widget, and shown with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from filo_core.types import AnomalyType, WizardStep
from filo_core.words.phrases import ReadPhrase
from gui.products.panel import ProductsPanel
from gui.products.wizard.anomalies_page import AnomaliesPage
from gui.products.wizard.anomaly_model import AnomalyColumn
from gui.products.wizard.phrase_dialog import PhraseDialog
from gui.products.wizard.phrase_preview import PhrasePicture, PhrasePreview, PhraseState
from gui.products.wizard.session import DraftSession
from gui.state import AppState
from gui.widgets.message_fold import MessageKind
from tests.unit.gui.conftest import RedEngine, source_image
from workflows.products.phrases import PhraseCheck
from workflows.workbench import Workbench

Until = Callable[..., None]


@pytest.fixture
def session(state: AppState, product: str) -> DraftSession:
    made = DraftSession(state)
    made.open(product)
    return made


@pytest.fixture
def preview(session: DraftSession) -> PhrasePreview:
    return PhrasePreview(session)


def look(preview: PhrasePreview, until: Until) -> None:
    preview.start()
    until(lambda: not preview.is_running)


def test_the_phrase_that_fires_is_named_and_the_quiet_one_is_not(preview: PhrasePreview, until: Until) -> None:
    assert preview.note("scratch").state is PhraseState.NOT_SEEN
    look(preview, until)
    assert preview.note("scratch").text == "fires on 1 of 2"
    assert preview.note("dent").state is PhraseState.QUIET
    assert "“scratch”" in preview.warning()
    assert "dent" not in preview.warning()
    assert preview.phrases() == ("scratch", "dent")


def test_words_the_model_never_saw_are_told_apart_from_quiet_ones(
    preview: PhrasePreview, session: DraftSession, until: Until
) -> None:
    session.set_anomaly_types((AnomalyType("zorb"), AnomalyType("dent")))
    look(preview, until)
    assert preview.note("zorb").state is PhraseState.UNKNOWN_WORDS
    assert preview.note("dent").state is PhraseState.QUIET
    assert preview.warning() == ""


def test_an_edit_of_the_list_keeps_what_is_known_of_the_other_phrases(
    preview: PhrasePreview, session: DraftSession, until: Until
) -> None:
    look(preview, until)
    session.set_anomaly_types((AnomalyType("scratch"), AnomalyType("deep dent")))
    assert preview.note("scratch").state is PhraseState.FIRES
    assert preview.note("deep dent").state is PhraseState.NOT_SEEN


def test_another_good_image_makes_the_preview_void(
    preview: PhrasePreview, session: DraftSession, workbench: Workbench, product: str, until: Until
) -> None:
    look(preview, until)
    workbench.catalogue.add_reference(product, source_image(25, 9, "another.png"))
    session.refresh()
    assert preview.note("scratch").state is PhraseState.NOT_SEEN
    assert preview.warning() == ""


def test_a_profile_that_tells_no_types_apart_says_so_and_looks_at_nothing(
    preview: PhrasePreview, engine: RedEngine, until: Until
) -> None:
    engine.lights_phrases = False
    until(lambda: preview._session.state.workbench.worker.engine is not None)
    assert "decide no verdict" in preview.hindrance
    preview.start()
    assert not preview.is_running


def test_without_a_good_image_it_says_where_to_add_one(
    preview: PhrasePreview, session: DraftSession, workbench: Workbench, product: str, until: Until
) -> None:
    until(lambda: workbench.worker.engine is not None)
    for reference in workbench.catalogue.draft(product).references:
        workbench.catalogue.remove_reference(product, reference.image_hash)
    session.refresh()
    assert preview.hindrance.startswith("Add good parts in the next step")


def test_the_pictures_are_drawn_elsewhere_and_say_where_it_fires(preview: PhrasePreview, until: Until) -> None:
    look(preview, until)
    came: list[tuple[PhrasePicture, ...]] = []
    preview.pictures_ready.connect(lambda _phrase, pictures: came.append(pictures))
    preview.ask_for_pictures("scratch")
    assert came == []
    until(lambda: bool(came))
    assert [(shown.name, shown.fires) for shown in came[0]] == [("good_0.png", True), ("good_1.png", False)]
    lit, quiet = (shown.picture.pixelColor(30, 20) for shown in came[0])
    assert lit.red() > quiet.red() + 50


@pytest.fixture
def shown(panel: ProductsPanel, product: str, workbench: Workbench, until: Until) -> AnomaliesPage:
    until(lambda: workbench.worker.engine is not None)
    panel.set_up(product)
    panel.wizard.go_to(WizardStep.ANOMALIES)
    assert isinstance(panel.wizard.page, AnomaliesPage)
    return panel.wizard.page


def test_the_page_warns_and_marks_the_phrase_in_the_list(shown: AnomaliesPage, until: Until) -> None:
    QTest.mouseClick(shown.phrases.look_button, Qt.MouseButton.LeftButton)
    until(lambda: shown.findChild(PhraseDialog) is not None)
    assert shown.message.kind is MessageKind.WARNING
    assert "“scratch”" in shown.message.sentence
    model = shown.table.model()
    assert model.index(0, AnomalyColumn.ON_GOOD_PARTS).data() == "fires on 1 of 2"
    assert model.index(1, AnomalyColumn.ON_GOOD_PARTS).data() == "quiet"
    assert model.index(0, AnomalyColumn.ON_GOOD_PARTS).data(Qt.ItemDataRole.DecorationRole) is not None
    dialog = shown.findChild(PhraseDialog)
    assert dialog is not None
    until(lambda: dialog.pictures.count() == 2)
    assert dialog.pictures.item(0).text() == "good_0.png: fires here"
    dialog.accept()


def test_where_no_types_are_told_apart_the_page_says_so_in_place_of_a_button(
    shown: AnomaliesPage, engine: RedEngine, state: AppState
) -> None:
    engine.lights_phrases = False
    state.model_changed.emit()
    assert not shown.phrases.look_button.isVisible()
    assert shown.table.isColumnHidden(AnomalyColumn.ON_GOOD_PARTS)
    assert "decide no verdict" in shown.phrases.sentence.text()


def test_words_that_are_not_understood_are_named_under_the_list(
    shown: AnomaliesPage, engine: RedEngine, state: AppState, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_: PhraseCheck, phrases: tuple[str, ...]) -> tuple[ReadPhrase, ...]:
        return tuple(ReadPhrase(phrase, phrase, understood=phrase != "qwrtz") for phrase in phrases)

    monkeypatch.setattr(PhraseCheck, "read", read)
    engine.lights_phrases = False
    shown.new_edit.setText("qwrtz")
    shown.add_button.click()
    until(lambda: "Not understood: “qwrtz”" in shown.phrases.sentence.text())
    shown.table.selectRow(shown._model.rowCount() - 1)
    shown.delete_button.click()
    until(lambda: "Not understood" not in shown.phrases.sentence.text())
