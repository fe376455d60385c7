"""Live delivers to the outputs of the settings: real files, a real Modbus port, whatever asks for the verdicts."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pymodbus.client import ModbusTcpClient
from pytestqt.qtbot import QtBot

from filo_core.errors import StorageError
from filo_core.line.plc import handshake
from filo_core.line.plc.register_map import VERDICT_CODES, Coil, Input, LineError, Status
from filo_core.line.triggers.base import TriggerKind
from filo_core.types import Verdict
from gui.live.panel import LivePanel
from gui.live.presenter import LivePhase, LivePresenter
from gui.state import AppState
from storage.recorder import Recorder
from tests.unit.gui.live.conftest import CHOICE, HandSource, show
from workflows.line import live_plcs
from workflows.line.delivery import Delivery, DeliveryState
from workflows.line.triggers import TriggerChoice
from workflows.settings.output_address import Output

Until = Callable[..., None]
KEY = TriggerChoice(TriggerKind.KEY)


@pytest.fixture
def panel(qtbot: QtBot, state: AppState, presenter: LivePresenter, product: str) -> Iterator[LivePanel]:
    state.set_current_product(product)
    made = LivePanel(state, presenter)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    yield made
    made.close_down()


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two seconds are soon over on a machine that stands still for some.
    monkeypatch.setattr(handshake, "PUBLISHED_S", 60.0)
    monkeypatch.setattr(live_plcs, "DEADLINE_S", 60.0)


@pytest.fixture
def out(state: AppState) -> Path:
    """A file that the settings name as an output."""
    path = state.settings.export_folder / "out.csv"
    path.parent.mkdir(parents=True)
    use(state, f"csv:{path}")
    return path


@pytest.fixture
def plc(state: AppState, port: int) -> Iterator[ModbusTcpClient]:
    """A PLC, not yet connected, at the Modbus server that the settings name as an output."""
    use(state, f"modbus:127.0.0.1:{port}")
    with closing(ModbusTcpClient("127.0.0.1", port=port)) as client:
        yield client


def use(state: AppState, *addresses: str) -> None:
    outputs = tuple(Output(address=address) for address in addresses)
    state.set_settings(state.settings.model_copy(update={"outputs": outputs}))


def verdicts(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row["verdict"] for row in csv.DictReader(file)]


def stop(presenter: LivePresenter, until: Until) -> None:
    presenter.stop()
    until(lambda: presenter.phase is LivePhase.IDLE, "the end")


def press(presenter: LivePresenter, camera: HandSource, until: Until, red: int) -> None:
    """One part by the key."""
    until(lambda: presenter.takes_key, "the line listens")
    before = presenter.display.newest
    assert presenter.trigger()
    camera.show(red)
    until(lambda: presenter.display.newest is not before, "the verdict")


def test_every_verdict_of_continuous_live_is_a_line_of_the_file(
    presenter: LivePresenter, camera: HandSource, product: str, out: Path, until: Until
) -> None:
    presenter.start(product, CHOICE)
    show(presenter, camera, until, 20, 230)
    stop(presenter, until)
    assert verdicts(out) == ["OK", "NG"]
    assert presenter.delivery == DeliveryState(outputs=1)


def test_every_answer_of_triggered_live_is_a_line_of_the_file(
    presenter: LivePresenter, camera: HandSource, product: str, out: Path, until: Until
) -> None:
    presenter.start(product, CHOICE, KEY)
    press(presenter, camera, until, 20)
    press(presenter, camera, until, 230)
    stop(presenter, until)
    assert verdicts(out) == ["OK", "NG"]


@pytest.mark.parametrize("trigger", [TriggerChoice(), KEY])
def test_an_output_that_is_away_is_said_in_passing_and_gets_what_waited_at_the_next_start(
    panel: LivePanel, camera: HandSource, product: str, out: Path, trigger: TriggerChoice, until: Until
) -> None:
    presenter = panel.presenter

    def inspect(red: int) -> None:
        if trigger is KEY:
            press(presenter, camera, until, red)
        else:
            show(presenter, camera, until, red)

    out.mkdir()
    presenter.start(product, CHOICE, trigger)
    inspect(20)
    until(lambda: "cannot be written" in panel.delivery.problem.sentence, "the reason")
    inspect(30)
    until(lambda: panel.delivery.outputs.values == ("1  (2 verdicts waiting)",), "the count")
    assert presenter.banner.verdict is Verdict.OK
    assert not panel.trouble.isVisible()
    stop(presenter, until)
    assert panel.delivery.outputs.values == ("1  (2 verdicts waiting)",)
    out.rmdir()
    presenter.start(product, CHOICE, trigger)
    inspect(230)
    until(lambda: panel.delivery.outputs.values == ("1",) and not panel.delivery.problem.isVisible(), "delivery")
    stop(presenter, until)
    assert verdicts(out) == ["OK", "OK", "NG"]


def test_live_says_nothing_of_outputs_where_there_are_none(
    panel: LivePanel, state: AppState, camera: HandSource, product: str, out: Path, until: Until
) -> None:
    assert panel.delivery.isVisible()
    assert panel.delivery.outputs.values == ("1",)
    use(state)
    assert not panel.delivery.isVisible()
    panel.presenter.start(product, CHOICE)
    show(panel.presenter, camera, until, 20)
    assert not panel.delivery.isVisible()
    assert not out.exists()


@pytest.mark.parametrize("trigger", [TriggerChoice(), KEY])
def test_a_line_without_a_window_that_runs_already_is_told_in_a_sentence(
    presenter: LivePresenter, state: AppState, product: str, out: Path, trigger: TriggerChoice
) -> None:
    told: list[str] = []
    presenter.failed.connect(lambda sentence, _: told.append(sentence))
    other = Delivery(state.settings.outbox)
    presenter.start(product, CHOICE, trigger)
    other.stop()
    assert presenter.phase is LivePhase.IDLE
    assert told == [
        "This station inspects already: as line run, or in another window. End that first, then start again."
    ]


@pytest.mark.parametrize("trigger", [KEY, TriggerChoice(TriggerKind.MODBUS)])
def test_a_plc_of_the_outputs_asks_and_is_answered_in_triggered_live(
    presenter: LivePresenter,
    state: AppState,
    camera: HandSource,
    product: str,
    plc: ModbusTcpClient,
    trigger: TriggerChoice,
    until: Until,
) -> None:
    presenter.start(product, CHOICE, trigger)
    until(plc.connect, "the PLC has a connection")
    plc.write_coil(Coil.TRIGGER, True)
    until(lambda: bool(plc.read_input_registers(Input.STATUS, count=1).registers[0] & 2), "busy")
    camera.show(240)
    until(lambda: plc.read_input_registers(Input.VERDICT, count=1).registers[0] == VERDICT_CODES[Verdict.NG])


def test_a_plc_of_the_outputs_reads_every_verdict_of_continuous_live_and_none_that_is_gone(
    presenter: LivePresenter, state: AppState, camera: HandSource, product: str, plc: ModbusTcpClient, until: Until
) -> None:
    presenter.start(product, CHOICE)
    assert plc.connect()

    def words() -> dict[Input, int]:
        return dict(zip(Input, plc.read_input_registers(0, count=len(Input)).registers, strict=True))

    assert Status(words()[Input.STATUS]) == Status.ERROR
    for red, verdict in ((20, Verdict.OK), (240, Verdict.NG), (20, Verdict.OK)):
        camera.show(red)
        until(lambda verdict=verdict: words()[Input.VERDICT] == VERDICT_CODES[verdict], "the verdict is read")
        assert words()[Input.PASS] == (verdict is Verdict.OK)
    read = words()
    assert (read[Input.JOB_LOW], read[Input.RESULTS]) == (0, 3)
    plc.write_coil(Coil.TRIGGER, True)
    assert words()[Input.ERROR] == LineError.TAKES_NO_TRIGGER
    plc.write_coil(Coil.ACKNOWLEDGE, True)
    camera.lose()
    assert (words()[Input.PASS], words()[Input.ERROR]) == (0, LineError.NOT_READY)
    until(lambda: words()[Input.HEARTBEAT] != read[Input.HEARTBEAT], "the line lives")
    stop(presenter, until)
    plc.close()
    assert not plc.connect()


def test_a_plc_of_the_outputs_reads_what_a_key_asked_for(
    presenter: LivePresenter, state: AppState, camera: HandSource, product: str, plc: ModbusTcpClient, until: Until
) -> None:
    presenter.start(product, CHOICE, KEY)
    press(presenter, camera, until, 20)
    assert plc.connect()
    until(lambda: plc.read_input_registers(Input.PASS, count=1).registers[0] == 1, "the verdict is read")
    # The next part lies there: the verdict on the one before is gone before its own comes.
    assert presenter.trigger()
    assert plc.read_input_registers(Input.VERDICT, count=1).registers[0] == 0


def test_a_verdict_that_cannot_be_kept_is_not_read_by_a_plc(
    presenter: LivePresenter,
    state: AppState,
    camera: HandSource,
    product: str,
    plc: ModbusTcpClient,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise StorageError("The disk is full. Free some space.")

    presenter.start(product, CHOICE)
    show(presenter, camera, until, 20)
    assert plc.connect()
    monkeypatch.setattr(Recorder, "keep", full)
    camera.show(20)
    until(lambda: presenter.problem.startswith("The disk is full"), "the trouble is on screen")
    status = Status(plc.read_input_registers(Input.STATUS, count=1).registers[0])
    assert status == Status.ERROR


def test_an_ok_for_a_picture_that_is_too_old_is_counted_and_lets_no_part_go_on(
    presenter: LivePresenter,
    state: AppState,
    camera: HandSource,
    product: str,
    plc: ModbusTcpClient,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_plcs, "DEADLINE_S", 0.0)
    presenter.start(product, CHOICE)
    assert plc.connect()
    for count, (red, code) in enumerate(((20, 0), (240, VERDICT_CODES[Verdict.NG])), start=1):
        show(presenter, camera, until, red)
        assert plc.read_input_registers(Input.RESULTS, count=1).registers[0] == count
        assert plc.read_input_registers(Input.VERDICT, count=1).registers[0] == code


def test_a_port_of_the_outputs_that_is_taken_is_told_in_a_sentence(
    presenter: LivePresenter, state: AppState, product: str, taken_port: int
) -> None:
    told: list[str] = []
    presenter.failed.connect(lambda sentence, _: told.append(sentence))
    use(state, f"modbus:127.0.0.1:{taken_port}")
    presenter.start(product, CHOICE)
    assert presenter.phase is LivePhase.IDLE
    assert "cannot be used for Modbus" in told[0]


def test_live_says_whether_a_plc_of_the_outputs_asks_or_only_reads(panel: LivePanel, state: AppState) -> None:
    use(state, "modbus:127.0.0.1:5020")
    assert panel.delivery.plc.values == ("reads only",)
    assert not panel.delivery.outputs.isVisible()
    panel.trigger.set_choice(KEY)
    assert panel.delivery.plc.values == ("asks and reads",)
    use(state)
    assert not panel.delivery.isVisible()
