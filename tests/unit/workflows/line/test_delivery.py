from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from filo_core.errors import DatabaseInUseError, SourceError
from filo_core.line.results import LineResult
from filo_core.line.sinks.base import Message, Seal, SinkError
from filo_core.types import Verdict
from storage.outbox import Outbox
from workflows.line.delivery import BackOff, Courier, Delivery, DeliveryState

QUICK = BackOff(0.005, 0.02)


class Receiver:
    """A sink that is away when the test wants, and may lose an acknowledgement."""

    name = "receiver"

    def __init__(self) -> None:
        self.away = False
        self.loses_acknowledgement = False
        self.got: list[Message] = []
        self.tries = 0
        self.signs_of_life = 0
        self.closed = False
        self.alarms: list[str] = []

    def tell_alarm(self, seal: Seal) -> None:
        if self.away:
            raise SinkError("receiver is away. Check it.")
        self.alarms.append(seal.alarm)

    def deliver(self, message: Message) -> None:
        self.tries += 1
        if self.away:
            raise SinkError("receiver is away. Check it.")
        self.got.append(message)
        if self.loses_acknowledgement:
            self.loses_acknowledgement = False
            raise SinkError("receiver did not answer. Check it.")

    def check(self) -> None:
        pass

    def keep_alive(self) -> None:
        self.signs_of_life += 1
        if self.away:
            raise SinkError("receiver is away. Check it.")

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox(tmp_path / "outbox.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def courier(outbox: Outbox, receiver: Receiver) -> Iterator[Courier]:
    made = Courier(outbox, receiver, QUICK)
    yield made
    made.stop()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.002)


def put(outbox: Outbox, *names: str) -> None:
    for name in names:
        number, _ = outbox.open_trigger(name, timedelta(minutes=1))
        now = datetime.now(UTC)
        outbox.close_trigger(number, LineResult(name, "nut", "h", Verdict.OK, now), ["receiver"])


@contextmanager
def closing_delivery(delivery: Delivery) -> Iterator[Delivery]:
    yield delivery
    delivery.stop()


def names(receiver: Receiver) -> list[str]:
    return [message.result.trigger_id for message in receiver.got]


def test_what_was_left_by_an_earlier_start_goes_out_first(outbox: Outbox, courier: Courier, receiver: Receiver) -> None:
    put(outbox, "old")
    courier.start()
    put(outbox, "new")
    courier.notify()
    wait_until(lambda: names(receiver) == ["old", "new"])


def test_a_receiver_that_was_away_gets_everything_in_order_and_once(
    outbox: Outbox, courier: Courier, receiver: Receiver
) -> None:
    receiver.away = True
    courier.start()
    put(outbox, *"abcdef")
    courier.notify()
    wait_until(lambda: receiver.tries >= 4)
    assert courier.problem == "receiver is away. Check it."
    receiver.away = False
    wait_until(lambda: not outbox.backlog())
    assert names(receiver) == list("abcdef")
    wait_until(lambda: courier.problem == "")


def test_a_receiver_is_held_while_nothing_waits_and_its_absence_is_known_before_the_next_part(
    courier: Courier, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.line.delivery._IDLE_S", 0.01)
    courier.start()
    wait_until(lambda: receiver.signs_of_life > 2)
    assert courier.problem == ""
    receiver.away = True
    wait_until(lambda: courier.problem == "receiver is away. Check it.")
    receiver.away = False
    wait_until(lambda: courier.problem == "")
    assert receiver.tries == 0


def test_a_receiver_that_raises_what_nobody_foresaw_is_tried_again_as_well(
    outbox: Outbox, courier: Courier, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(_message: Message) -> None:
        raise KeyError("geheim")

    with monkeypatch.context() as patched:
        patched.setattr(receiver, "deliver", odd)
        put(outbox, "a")
        courier.start()
        wait_until(lambda: courier.problem == "Delivery to receiver fails. Check its receiver.")
    wait_until(lambda: names(receiver) == ["a"])


def test_a_lost_acknowledgement_sends_the_same_key_again(outbox: Outbox, courier: Courier, receiver: Receiver) -> None:
    receiver.loses_acknowledgement = True
    put(outbox, "a")
    courier.start()
    wait_until(lambda: not outbox.backlog())
    assert names(receiver) == ["a", "a"]
    assert len({message.key for message in receiver.got}) == 1


def test_stopping_closes_the_sink_and_keeps_what_is_left(outbox: Outbox, courier: Courier, receiver: Receiver) -> None:
    receiver.away = True
    put(outbox, "a")
    courier.start()
    wait_until(lambda: receiver.tries)
    courier.stop()
    assert receiver.closed
    assert outbox.backlog() == {"receiver": 1}


def test_waits_double_up_to_the_longest() -> None:
    waits = [BackOff(0.5, 30.0).after(failures) for failures in (1, 2, 3, 7, 1000)]
    assert waits == [0.5, 1.0, 2.0, 30.0, 30.0]


def test_what_can_go_out_at_the_stop_goes_out(outbox: Outbox, courier: Courier, receiver: Receiver) -> None:
    put(outbox, *"abc")
    courier.start()
    courier.stop()
    assert names(receiver) == ["a", "b", "c"]
    assert not outbox.backlog()


def test_what_waits_is_counted_without_asking_the_disk(outbox: Outbox, receiver: Receiver, tmp_path: Path) -> None:
    put(outbox, "a", "b")
    delivery = Delivery(tmp_path / "outbox.sqlite", [receiver], QUICK)
    assert delivery.state == DeliveryState(outputs=1, waiting=2)
    receiver.away = True
    delivery.start()
    number, _ = outbox.open_trigger("c", timedelta(minutes=1))
    result = LineResult("c", "nut", "h", Verdict.OK, datetime.now(UTC))
    delivery.answer(number, result)
    delivery.answer(number, result)
    wait_until(lambda: delivery.state == DeliveryState(1, 3, "receiver is away. Check it."))
    receiver.away = False
    wait_until(lambda: delivery.state == DeliveryState(1, 0, ""))
    delivery.stop()
    assert names(receiver) == ["a", "b", "c"]


def test_every_receiver_winds_up_while_another_still_hangs(outbox: Outbox, receiver: Receiver, tmp_path: Path) -> None:
    other_closed = threading.Event()

    class Hanging(Receiver):
        name = "hanging"

        def deliver(self, message: Message) -> None:
            self.tries += 1
            assert other_closed.wait(20)
            super().deliver(message)

    class Closing(Receiver):
        def close(self) -> None:
            other_closed.set()

    hanging = Hanging()
    delivery = Delivery(tmp_path / "outbox.sqlite", [hanging, Closing()], QUICK)
    number, _ = outbox.open_trigger("a", timedelta(minutes=1))
    delivery.start()
    delivery.answer(number, LineResult("a", "nut", "h", Verdict.OK, datetime.now(UTC)))
    wait_until(lambda: hanging.tries)
    delivery.stop()
    assert names(hanging) == ["a"]
    assert delivery.state.waiting == 0


class Held(Receiver):
    """Hangs in every delivery until the test lets go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def deliver(self, message: Message) -> None:
        self.tries += 1
        assert self.let_go.wait(20), "a test forgot to let go"
        super().deliver(message)


@pytest.fixture
def held() -> Iterator[Held]:
    made = Held()
    yield made
    made.let_go.set()


def left_behind(outbox: Outbox, held: Held, path: Path, *messages: str) -> Delivery:
    """A delivery that was stopped while its receiver hangs."""
    put(outbox, *messages)
    delivery = Delivery(path, [held], QUICK)
    delivery.start()
    wait_until(lambda: held.tries)
    delivery.stop(within_s=0.02)
    return delivery


def test_a_stop_waits_for_no_receiver_that_hangs_and_what_it_has_not_taken_is_on_the_disk(
    outbox: Outbox, held: Held, tmp_path: Path
) -> None:
    delivery = left_behind(outbox, held, tmp_path / "outbox.sqlite", "a", "b")
    assert not held.let_go.is_set()
    assert outbox.backlog() == {"receiver": 2}
    assert delivery.state.waiting == 2
    # The station is free: who stops may start again.
    Delivery(tmp_path / "outbox.sqlite").stop()


def test_what_a_receiver_takes_after_the_stop_is_marked_and_the_outbox_is_closed_behind_it(
    outbox: Outbox, held: Held, tmp_path: Path
) -> None:
    delivery = left_behind(outbox, held, tmp_path / "outbox.sqlite", "a", "b")
    held.let_go.set()
    wait_until(lambda: not delivery.couriers[0].is_running)
    assert names(held) == ["a"]
    assert held.closed
    assert outbox.backlog() == {"receiver": 1}
    assert delivery.outbox._engine.pool.checkedin() == 0  # type: ignore[attr-defined]


def test_a_new_start_overtakes_no_message_that_a_hanging_receiver_still_holds(
    outbox: Outbox, held: Held, receiver: Receiver, tmp_path: Path
) -> None:
    left_behind(outbox, held, tmp_path / "outbox.sqlite", "a", "b")
    with closing_delivery(Delivery(tmp_path / "outbox.sqlite", [receiver], QUICK)) as again:
        again.start()
        wait_until(lambda: "has not let go of an earlier message" in again.state.problem)
        assert again.state.waiting == 2
        assert names(receiver) == []
        held.let_go.set()
        wait_until(lambda: not outbox.backlog())
    assert (names(held), names(receiver)) == (["a"], ["b"])


def test_a_start_that_waits_for_an_earlier_message_can_be_stopped(
    outbox: Outbox, held: Held, receiver: Receiver, tmp_path: Path
) -> None:
    left_behind(outbox, held, tmp_path / "outbox.sqlite", "a")
    for _ in range(2):
        again = Delivery(tmp_path / "outbox.sqlite", [receiver], QUICK)
        again.start()
        (courier,) = again.couriers
        wait_until(partial(getattr, courier, "problem"))
        again.stop()
        assert not courier.is_running
    assert receiver.tries == 0


def test_a_process_ends_while_a_receiver_hangs(tmp_path: Path) -> None:
    script = """
import sys, threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from filo_core.line.results import LineResult
from filo_core.types import Verdict
from workflows.line.delivery import Delivery
inside = threading.Event()
class Hanging:
    name = "hanging"
    def deliver(self, message): inside.set(); threading.Event().wait()
    def keep_alive(self): pass
    def close(self): pass
delivery = Delivery(Path(sys.argv[1]), [Hanging()])
delivery.start()
number, _ = delivery.outbox.open_trigger("a", timedelta(minutes=1))
delivery.answer(number, LineResult("a", "nut", "h", Verdict.OK, datetime.now(UTC)))
assert inside.wait(60)
delivery.stop(within_s=0.02)
"""
    path = tmp_path / "outbox.sqlite"
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=120)
    left = Outbox(path)
    assert left.backlog() == {"hanging": 1}
    left.close()


def test_every_reason_why_something_waits_is_said(outbox: Outbox, receiver: Receiver, tmp_path: Path) -> None:
    class Other(Receiver):
        name = "other"

        def deliver(self, message: Message) -> None:
            raise SinkError("other is away. Check it.")

        def keep_alive(self) -> None:
            raise SinkError("other is away. Check it.")

    receiver.away = True
    with closing_delivery(Delivery(tmp_path / "outbox.sqlite", [receiver, Other()], QUICK)) as delivery:
        delivery.start()
        wait_until(lambda: delivery.state.problem == "receiver is away. Check it. other is away. Check it.")


def test_two_outputs_of_one_name_and_a_second_delivery_are_refused_in_a_sentence(
    receiver: Receiver, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match="receiver is an output twice"):
        Delivery(tmp_path / "outbox.sqlite", [receiver, Receiver()])
    first = Delivery(tmp_path / "outbox.sqlite", [receiver])
    with pytest.raises(DatabaseInUseError, match="This station inspects already: as line run, or in another window"):
        Delivery(tmp_path / "outbox.sqlite", [receiver])
    first.stop()
    Delivery(tmp_path / "outbox.sqlite", [receiver]).stop()


def test_every_message_carries_the_head_as_it_is_when_it_goes_out(outbox: Outbox, receiver: Receiver) -> None:
    heads = iter(range(1, 100))
    put(outbox, "a", "b")
    courier = Courier(outbox, receiver, QUICK, seal=lambda: Seal("plant 7", f"{next(heads)}:abc", "signed"))
    courier.start()
    wait_until(lambda: len(receiver.got) == 2)
    assert courier.stop()
    first, second = receiver.got
    assert (first.seal.installation, first.seal.signature) == ("plant 7", "signed")
    assert first.seal.head != second.seal.head
    assert json.loads(first.to_json())["head"] == first.seal.head


def test_an_alarm_reaches_a_receiver_that_was_away_once_and_again_when_it_is_settled(
    outbox: Outbox, receiver: Receiver
) -> None:
    receiver.away = True
    alarm = ["The record was altered."]
    courier = Courier(outbox, receiver, QUICK, seal=lambda: Seal(alarm=alarm[0]))
    courier.start()
    wait_until(lambda: courier.problem)
    assert receiver.alarms == []
    receiver.away = False
    wait_until(lambda: receiver.alarms)
    put(outbox, "a")
    courier.notify()
    wait_until(lambda: receiver.got)
    assert receiver.got[0].seal.alarm == "The record was altered."
    alarm[0] = ""
    put(outbox, "b")
    courier.notify()
    wait_until(lambda: len(receiver.alarms) == 2)
    assert courier.stop()
    assert receiver.alarms == ["The record was altered.", ""]
