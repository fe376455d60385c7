from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from filo_core.events import MapPutInForce, MapsTried, TriedMap
from filo_core.learned_map import LearnedMap, MapKind
from gui.review.panel import ReviewPanel
from gui.state import AppState
from workflows.inspecting import inspector

if TYPE_CHECKING:
    from filo_core.engine import Engine
    from workflows.products.catalogue import Catalogue
    from workflows.products.learning_defects import Learn, LearnEvent

Until = Callable[..., None]


@pytest.fixture
def shown(panel: ReviewPanel, inspected: str, until: Until) -> ReviewPanel:
    del inspected
    panel.show()
    until(lambda: panel.detail.is_seen, "the picture is on screen")
    return panel


@pytest.fixture
def answers(qapp: QApplication) -> Iterator[Callable[[str], list[str]]]:
    """Answer the next question with the button of these words; back comes what was asked."""
    timers = []

    def prepare(words: str) -> list[str]:
        asked: list[str] = []
        timer = QTimer(qapp)

        def look() -> None:
            box = qapp.activeModalWidget()
            if isinstance(box, QMessageBox):
                timer.stop()
                asked.append(f"{box.text()} {box.informativeText()}")
                next(one for one in box.buttons() if one.text().replace("&", "") == words).click()

        timer.timeout.connect(look)
        timer.start(5)
        timers.append(timer)
        return asked

    yield prepare
    for timer in timers:
        timer.stop()
        timer.deleteLater()


def test_too_few_confirmed_parts_are_said_where_somebody_asks_to_learn(shown: ReviewPanel, until: Until) -> None:
    shown.second.learn_button.click()
    until(lambda: "8 or more parts" in shown.message.sentence, "the refusal")
    until(shown.second.learn_button.isEnabled, "it can be asked again")


def test_what_would_be_gained_is_shown_first_and_put_in_force_only_when_meant(
    shown: ReviewPanel,
    state: AppState,
    inspected: str,
    until: Until,
    answers: Callable[[str], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: list[bool] = []

    def learn(catalogue: Catalogue, name: str, *, signed_by: str, pin: str, keeps: bool) -> Learn:
        del signed_by, pin

        def run(engine: Engine) -> Iterator[LearnEvent]:
            kept.append(keeps)
            usual = TriedMap(MapKind.USUAL, 0.9, 2, 0.1, 0, clear=False)
            better = TriedMap(MapKind.KNOWN, 0.975, 1, 0.4, 8, clear=True)
            yield MapsTried((usual, better), LearnedMap(MapKind.KNOWN, engine.model_hash, ("ab",)), 8, 6)
            if keeps:
                yield MapPutInForce(catalogue.recipe(name), undone=False, calibration="")

        return run

    monkeypatch.setattr(inspector, "learn_steps", learn)
    asked = answers("Leave it as it is")
    shown.second.learn_button.click()
    until(lambda: shown.message.sentence == "Nothing is changed.", "left as it is")
    assert kept == [False]
    assert "8 of 8 of them would stand out more" in asked[0]
    assert "97.5 %, now 90 %" in asked[0]
    answers("Put in force")
    shown.second.learn_button.click()
    until(lambda: "Learnt from parts" in shown.message.sentence, "in force")
    assert kept == [False, False, True]
    assert state.workbench.catalogue.recipe(inspected).version == 1
