from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from filo_core.golden_set import GoldenAnswer, GoldenChecked
from filo_core.types import Role, Verdict
from gui.products.golden_dialog import GoldenDialog
from gui.state import AppState
from gui.widgets.message_fold import MessageKind
from tests.unit.gui.conftest import picture
from workflows.products.golden import GoldenSets

Until = Callable[..., None]


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """A good part, a bad one, and one that only is called bad."""
    for name, red in (("good/a.png", 20), ("scratch/b.png", 230), ("scratch/c.png", 25)):
        (tmp_path / "known" / name).parent.mkdir(parents=True, exist_ok=True)
        picture(red, red).save(tmp_path / "known" / name)
    return tmp_path / "known"


@pytest.fixture
def dialog(qtbot: QtBot, state: AppState, product: str) -> GoldenDialog:
    made = GoldenDialog(state, product)
    qtbot.addWidget(made)
    made.show()
    return made


def test_known_parts_are_added_checked_and_signed_off(
    dialog: GoldenDialog, state: AppState, product: str, known: Path, until: Until
) -> None:
    assert not dialog.check_button.isEnabled()
    dialog.add_folder(known)
    until(lambda: dialog.parts.count() == 3, "the parts are listed")
    assert not dialog.release_button.isEnabled()
    until(dialog.check_button.isEnabled, "the check can be made")
    dialog.check_button.click()
    until(lambda: dialog.log.count() == 1, "the check is in the log")
    assert dialog.message.kind is MessageKind.WARNING
    assert "c.png is known to be NG and got OK" in dialog.message.sentence
    dialog.reason.setText("c was mixed up")
    dialog.release_button.click()
    assert dialog.message.sentence == ""
    assert GoldenSets(state.workbench.storage).releases(product)[0].signed_by == "anna"
    until(dialog.check_button.isEnabled, "the job has ended")
    dialog.close()


def test_a_folder_of_no_use_is_a_sentence(dialog: GoldenDialog, tmp_path: Path, until: Until) -> None:
    dialog.add_folder(tmp_path / "nowhere")
    until(lambda: dialog.message.kind is MessageKind.ERROR, "the sentence")
    assert "is not a folder" in dialog.message.sentence
    dialog.close()


def test_once_there_are_users_the_pin_is_asked_for_again_and_never_left_standing(
    qtbot: QtBot, state: AppState, product: str, known: Path
) -> None:
    bench = state.workbench
    golden = GoldenSets(bench.storage)
    part, _, _ = golden.add_folder(product, known)
    recipe = bench.catalogue.recipe(product).recipe
    golden.keep(product, GoldenChecked((GoldenAnswer(part, Verdict.NG, 0.9),), recipe.content_hash), "anna")
    bench.users.add("Grace", Role.ADMIN, "607385")
    bench.access.sign_in("Grace", "607385")
    dialog = GoldenDialog(state, product)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.reason.setText("the lamp was replaced")
    assert not dialog.release_button.isEnabled()
    for pin, kind in (("628470", MessageKind.ERROR), ("607385", None)):
        dialog.pin.setText(pin)
        dialog.release_button.click()
        assert dialog.pin.text() == ""
        assert kind is None or dialog.message.kind is kind
    assert [release.signed_by for release in golden.releases(product)] == ["Grace"]
    dialog.close()
