"""What asks for a verdict in Live: every trigger ends in exactly one verdict, or in NOT_INSPECTED in time."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pymodbus.client import ModbusTcpClient
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from filo_core.line.plc.register_map import VERDICT_CODES, Coil, Input
from filo_core.line.triggers.base import TriggerKind
from filo_core.line.triggers.token import new_token
from filo_core.types import InspectionFilter, Verdict
from gui.live.display import Hold
from gui.live.panel import LivePanel
from gui.live.presenter import LivePhase, LivePresenter
from gui.sources.choice import SourceChoice, SourceKind
from gui.state import AppState
from tests.unit.gui.conftest import RedEngine, picture
from tests.unit.gui.live.conftest import CHOICE, HandSource
from tests.unit.gui.test_input_guard import hold
from workflows.line.triggered import DEADLINE_S
from workflows.line.triggers import TriggerChoice, usual_trigger
from workflows.settings.secret_store import SecretStore
from workflows.settings.settings import Settings
from workflows.workbench import Workbench

Until = Callable[..., None]
KEY = TriggerChoice(TriggerKind.KEY)
TOKEN = new_token()


def recorded(workbench: Workbench, product: str) -> list[Verdict]:
    page = workbench.history.page(InspectionFilter(product=product))
    return [record.verdict for record in reversed(page)]


def ready(presenter: LivePresenter, until: Until) -> None:
    until(lambda: presenter.takes_key, "the line listens")


def test_each_press_of_the_key_gets_the_verdict_of_the_picture_that_came_after_it(
    presenter: LivePresenter, camera: HandSource, workbench: Workbench, product: str, until: Until
) -> None:
    presenter.set_freeze_on_ng(False)
    presenter.start(product, CHOICE, KEY)
    ready(presenter, until)
    camera.show(230)
    for red, verdict in ((20, Verdict.OK), (240, Verdict.NG)):
        before = presenter.display.newest
        assert presenter.trigger()
        camera.show(red)
        until(lambda before=before: presenter.display.newest is not before, "the verdict")
        assert presenter.banner.verdict is verdict
    # The bad part that lay there before the first press was asked about by nobody.
    assert recorded(workbench, product) == [Verdict.OK, Verdict.NG]
    assert presenter.facts.inspected == 2
    assert presenter.facts.dropped is None


def test_no_press_is_taken_before_the_camera_is_open(
    presenter: LivePresenter, camera: HandSource, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE, KEY)
    ready(presenter, until)
    camera.open_again()
    until(lambda: not presenter.takes_key, "no press would be answered")
    camera.show(20)
    ready(presenter, until)


@pytest.mark.timed
def test_a_press_without_a_picture_is_not_inspected_within_the_deadline(
    presenter: LivePresenter, camera: HandSource, workbench: Workbench, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE, KEY)
    ready(presenter, until)
    camera.lose()
    asked = time.monotonic()
    assert presenter.trigger()
    until(lambda: presenter.display.newest is not None)
    assert time.monotonic() - asked < DEADLINE_S + 0.5
    # The answer is on screen in time whatever the disk does; the record follows.
    until(lambda: recorded(workbench, product) == [Verdict.NOT_INSPECTED])
    assert presenter.banner.verdict is Verdict.NOT_INSPECTED
    assert "gives no new picture" in presenter.banner.caption


def test_stopping_answers_what_is_open_and_a_press_afterwards_asks_nobody(
    presenter: LivePresenter, workbench: Workbench, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE, KEY)
    ready(presenter, until)
    assert presenter.trigger()
    presenter.stop()
    until(lambda: presenter.phase is LivePhase.IDLE)
    assert recorded(workbench, product) == [Verdict.NOT_INSPECTED]
    assert not presenter.trigger()
    assert not presenter.takes_key


def test_a_model_that_hangs_costs_one_part_its_verdict_and_no_more(
    presenter: LivePresenter, camera: HandSource, engine: RedEngine, workbench: Workbench, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE, KEY)
    ready(presenter, until)
    engine.gate.clear()
    assert presenter.trigger()
    camera.show(20)
    until(lambda: recorded(workbench, product) == [Verdict.NOT_INSPECTED])
    engine.gate.set()
    assert presenter.trigger()
    camera.show(30)
    until(lambda: recorded(workbench, product) == [Verdict.NOT_INSPECTED, Verdict.OK])


def test_the_coil_of_a_plc_asks_and_its_registers_answer(
    presenter: LivePresenter, camera: HandSource, workbench: Workbench, product: str, port: int, until: Until
) -> None:
    presenter.start(product, CHOICE, TriggerChoice(TriggerKind.MODBUS, f"127.0.0.1:{port}"))
    plc = ModbusTcpClient("127.0.0.1", port=port)
    until(plc.connect, "the PLC has a connection")
    plc.write_coil(Coil.TRIGGER, True)
    until(lambda: bool(plc.read_input_registers(Input.STATUS, count=1).registers[0] & 2), "busy")
    camera.show(240)
    until(lambda: plc.read_input_registers(Input.VERDICT, count=1).registers[0] == VERDICT_CODES[Verdict.NG])
    plc.close()
    assert recorded(workbench, product) == [Verdict.NG]
    until(lambda: presenter.banner.verdict is Verdict.NG)


def test_a_post_is_answered_with_the_verdict_and_the_same_id_only_once(
    presenter: LivePresenter,
    camera: HandSource,
    workbench: Workbench,
    product: str,
    port: int,
    until: Until,
    filo_home: Path,
) -> None:
    SecretStore(filo_home).set("line", TOKEN)
    presenter.start(product, CHOICE, TriggerChoice(TriggerKind.HTTP, f"127.0.0.1:{port}"))
    answers: list[dict[str, object]] = []

    def post() -> None:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}/trigger", b'{"id": "part-7"}', headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                answers.append(json.load(answer))
        except OSError:
            answers.append({})

    def ask() -> dict[str, object]:
        asking = threading.Thread(target=post)
        asking.start()
        while asking.is_alive():
            camera.show(20)
            asking.join(0.05)
        return answers.pop()

    until(lambda: bool(ask()), "the port listens")
    assert ask()["verdict"] == "OK"
    assert recorded(workbench, product) == [Verdict.OK]


def test_every_new_file_of_a_watched_folder_gets_one_verdict(
    presenter: LivePresenter, workbench: Workbench, product: str, tmp_path: Path, until: Until
) -> None:
    (tmp_path / "drop").mkdir()
    presenter.start(product, SourceChoice(SourceKind.FOLDER, str(tmp_path / "drop")), TriggerChoice(TriggerKind.FOLDER))
    picture(20, 1).save(tmp_path / "drop" / "one.png")
    (tmp_path / "drop" / "two.png").write_bytes(b"no image")
    until(lambda: len(recorded(workbench, product)) == 2, "both files")
    assert sorted(recorded(workbench, product)) == [Verdict.NOT_INSPECTED, Verdict.OK]


@pytest.mark.parametrize(
    ("source", "trigger", "said"),
    [
        (CHOICE, TriggerChoice(TriggerKind.FOLDER), "Choose the folder to watch"),
        (CHOICE, TriggerChoice(TriggerKind.MODBUS, "plc"), "names no port"),
    ],
)
def test_a_trigger_that_cannot_be_is_told_in_a_sentence(
    presenter: LivePresenter, product: str, source: SourceChoice, trigger: TriggerChoice, said: str
) -> None:
    told: list[str] = []
    presenter.failed.connect(lambda sentence, _: told.append(sentence))
    presenter.start(product, source, trigger)
    assert presenter.phase is LivePhase.IDLE
    assert said in told[0]


def test_a_port_that_is_taken_ends_the_run_with_the_reason(
    presenter: LivePresenter, product: str, taken_port: int, until: Until
) -> None:
    told: list[str] = []
    presenter.failed.connect(lambda sentence, _: told.append(sentence))
    presenter.start(product, CHOICE, TriggerChoice(TriggerKind.MODBUS, f"127.0.0.1:{taken_port}"))
    until(lambda: bool(told), "the reason")
    assert "cannot be used for Modbus" in told[0]
    until(lambda: presenter.phase is LivePhase.IDLE)


@pytest.fixture
def panel(qtbot: QtBot, state: AppState, presenter: LivePresenter, product: str) -> Iterator[LivePanel]:
    state.set_current_product(product)
    made = LivePanel(state, presenter)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    yield made
    made.close_down()


def choose(panel: LivePanel, kind: TriggerKind) -> None:
    panel.trigger.set_choice(TriggerChoice(kind))


@pytest.fixture
def by_key(panel: LivePanel, until: Until) -> LivePanel:
    """Live, inspecting by key."""
    panel.source.set_choice(SourceChoice(SourceKind.FOLDER, "parts"))
    choose(panel, TriggerKind.KEY)
    assert not panel.inspect.isVisible()
    panel.start_or_stop()
    until(panel.inspect.isEnabled, "the key is taken")
    return panel


def inspect_by(panel: LivePanel, key: Qt.Key, camera: HandSource, red: int, workbench: Workbench, until: Until) -> None:
    count = len(recorded(workbench, "metal nut"))
    QTest.keyClick(panel.picture.view, key)
    camera.show(red)
    until(lambda: len(recorded(workbench, "metal nut")) == count + 1)


def test_enter_inspects_and_space_acknowledges(
    by_key: LivePanel, camera: HandSource, workbench: Workbench, product: str, until: Until
) -> None:
    assert by_key.inspect.isVisible()
    assert by_key.inspect.height() >= 84
    assert not by_key.trigger.kind.isEnabled()
    for key, red in ((Qt.Key.Key_Enter, 20), (Qt.Key.Key_Return, 240)):
        inspect_by(by_key, key, camera, red, workbench, until)
    until(lambda: by_key.presenter.display.hold is Hold.NG)
    QTest.keyClick(by_key.picture.view, Qt.Key.Key_Space)
    assert by_key.presenter.display.hold is Hold.NONE
    assert recorded(workbench, product) == [Verdict.OK, Verdict.NG]


def test_space_never_inspects_wherever_the_focus_is(
    by_key: LivePanel, camera: HandSource, workbench: Workbench, product: str, until: Until
) -> None:
    QTest.mouseClick(by_key.inspect, Qt.MouseButton.LeftButton)
    assert QApplication.focusWidget() is not by_key.inspect
    camera.show(240)
    until(lambda: by_key.presenter.display.hold is Hold.NG)
    for widget in (by_key.inspect, by_key.go_on, by_key.picture.view, by_key.strip):
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_Space)
    QTest.keyClick(by_key.go_on, Qt.Key.Key_Return)
    assert by_key.presenter.display.hold is Hold.NONE
    assert recorded(workbench, product) == [Verdict.NG]


def test_a_held_enter_is_one_trigger(
    by_key: LivePanel, camera: HandSource, workbench: Workbench, product: str, until: Until
) -> None:
    hold(by_key.picture.view, Qt.Key.Key_Return, "\r", times=11)
    camera.show(20)
    until(lambda: len(recorded(workbench, product)) == 1)
    camera.show(20)
    inspect_by(by_key, Qt.Key.Key_Return, camera, 30, workbench, until)
    assert recorded(workbench, product) == [Verdict.OK, Verdict.OK]


def test_no_key_triggers_for_a_moment_after_an_acknowledgement(
    state: AppState, camera: HandSource, workbench: Workbench, product: str, until: Until
) -> None:
    clock = [100.0]
    presenter = LivePresenter(state, lambda _: camera, now=lambda: clock[0])
    said: list[str] = []
    presenter.noted.connect(said.append)
    presenter.start(product, CHOICE, KEY)
    ready(presenter, until)
    assert presenter.trigger()
    camera.show(240)
    until(lambda: presenter.display.hold is Hold.NG)
    presenter.acknowledge()
    clock[0] += 0.29
    assert not presenter.trigger()
    assert said == ["Not inspected: the key came with the acknowledgement. Press Enter again."]
    clock[0] += 0.02
    assert presenter.trigger()
    camera.show(20)
    until(lambda: recorded(workbench, product) == [Verdict.NG, Verdict.OK])
    presenter.close_down()


def test_a_password_in_the_place_of_a_trigger_is_not_remembered(panel: LivePanel, state: AppState) -> None:
    panel._remembered.remember(TriggerChoice(TriggerKind.MQTT, "anna:geheim@broker.local:1883/line/3"), 0.5)
    assert not panel._remembered.is_busy
    assert "geheim" not in state.settings.trigger_place


def test_the_choice_is_remembered_in_the_settings(
    panel: LivePanel, state: AppState, product: str, port: int, until: Until
) -> None:
    chosen = TriggerChoice(TriggerKind.MODBUS, f"127.0.0.1:{port}")
    panel.source.set_choice(SourceChoice(SourceKind.FOLDER, "parts"))
    panel.trigger.set_choice(chosen)
    panel.start_or_stop()
    until(lambda: not panel._remembered.is_busy)
    assert usual_trigger(Settings(home=state.settings.home)) == chosen
    panel.start_or_stop()
    until(lambda: not panel.is_busy)
    choose(panel, TriggerKind.CONTINUOUS)
    state.settings_changed.emit(state.settings)
    assert panel.trigger.choice == chosen
