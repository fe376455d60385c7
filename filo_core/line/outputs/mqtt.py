"""MQTT: every result is published with QoS 1, and counts as delivered when the broker has acknowledged it."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.line.broker import Broker, pump_until, why
from filo_core.line.outputs.spec import CA_FILE, Opening, OutputSpec, Where
from filo_core.line.sinks.base import OFFLINE, ONLINE, Message, Readiness, Seal, SinkError
from filo_core.notices import Notification
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    import paho.mqtt.client as mqtt
    from paho.mqtt.reasoncodes import ReasonCode

_KEEP_ALIVE_S = 10
"""The broker calls a line offline that it has not heard for half as long again."""
_TIMEOUT_S = 5.0
_DEFAULT_TOPIC = "filo/verdicts"


class MqttSink:
    """Publishes to ``mqtt://[user:password@]host[:port]/topic``; ``mqtts://`` asks for TLS.

    The topic below it, ``.../state``, holds ``online`` while the line runs, judges and is reached, ``not ready`` while
    it would judge no part, and else ``offline``: at its end by its own word, and by the broker's when it is gone (last
    will). Why it is not ready stands below ``.../problem``. All are retained.

    Args:
        address: with the topic as its path; ``filo/verdicts`` when there is none.
        ca_file: certificate authority for TLS; the system's own when not given.
        timeout_s: longest wait for the connection, and for an acknowledgement.

    Raises:
        SourceError: if the address names no host.
    """

    def __init__(self, address: str, ca_file: Path | None = None, timeout_s: float = _TIMEOUT_S) -> None:
        self._broker = Broker.at(address, ca_file)
        self.name = self._broker.name
        self._topic = self._broker.topic or _DEFAULT_TOPIC
        # The same at every connection: the broker ends the one before, whose last will comes before the new "online".
        self._id = f"filo-{uuid.uuid4().hex[:16]}"
        self._timeout_s = timeout_s
        self._client: mqtt.Client | None = None
        self._readiness: Readiness | None = None

    def __repr__(self) -> str:
        return f"MqttSink({self.name!r})"

    def deliver(self, message: Message) -> None:
        """Publish, and wait for the broker's acknowledgement.

        Raises:
            SinkError: if the broker cannot be reached, refuses, or does not acknowledge in time.
        """
        try:
            client = self._connected()
            sent = client.publish(self._topic, _payload(message), qos=1)
            self._pump_until(client, sent.is_published)
        except (OSError, ValueError, RuntimeError) as error:
            raise self._refusal(error) from error

    def tell_alarm(self, seal: Seal) -> None:
        """Hold the alarm at the topic below, ``.../alarm``, retained; nothing stands there once it is settled.

        Raises:
            SinkError: as :meth:`deliver`.
        """
        content = json.dumps(seal.fields, ensure_ascii=False) if seal.alarm else ""
        try:
            client = self._connected()
            sent = client.publish(f"{self._topic}/alarm", content, qos=1, retain=True)
            self._pump_until(client, sent.is_published)
        except (OSError, ValueError, RuntimeError) as error:
            raise self._refusal(error) from error

    def take_notice(self, notice: Notification) -> None:
        """Publish an alarm or that a report is there below the topic, ``.../notices``; not retained.

        On a connection of its own that says nothing of the line: none may run.

        Raises:
            SinkError: as :meth:`deliver`.
        """
        try:
            client = self._connect(announced=False)
            try:
                sent = client.publish(f"{self._topic}/notices", notice.to_json(), qos=1)
                self._pump_until(client, sent.is_published)
            finally:
                client.disconnect()
        except (OSError, ValueError, RuntimeError) as error:
            raise self._refusal(error) from error

    def tell(self, readiness: Readiness) -> None:
        """Publish ``online`` or ``not ready`` below ``.../state`` and the reason below ``.../problem``, both retained.

        Raises:
            SinkError: if the broker cannot be reached, or does not acknowledge in time.
        """
        self._readiness = readiness
        try:
            before = self._client
            client = self._connected()
            # A new connection has announced it already.
            if client is before:
                self._announce_readiness(client)
        except (OSError, ValueError, RuntimeError) as error:
            raise self._refusal(error) from error

    def check(self) -> None:
        """Connect, and sign in where the address names a user.

        Raises:
            SinkError: if the broker cannot be reached, or refuses.
        """
        try:
            # A connection of its own: the line that runs meanwhile stays online.
            self._connect(announced=False).disconnect()
        except (OSError, ValueError, RuntimeError) as error:
            raise self._refusal(error) from error

    def keep_alive(self) -> None:
        """Be online, and stay so while there is nothing to say.

        Raises:
            SinkError: if the broker cannot be reached, or refuses.
        """
        try:
            self._connected()
        except (OSError, ValueError, RuntimeError) as error:
            raise self._refusal(error) from error

    def _refusal(self, error: Exception) -> SinkError:
        self.close()
        return SinkError("{name} does not take messages ({error}). Check the broker.", name=self.name, error=why(error))

    def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is None:
            return
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            # A disconnection in good order calls for no last will.
            self._announce(client, OFFLINE)
        client.disconnect()

    def _connected(self) -> mqtt.Client:
        if self._client is not None:
            # Notices a connection that the broker has ended meanwhile: nothing is read between two messages.
            self._client.loop(timeout=0.0)
            if self._client.is_connected():
                return self._client
        self._client = self._connect(announced=True)
        return self._client

    def _connect(self, *, announced: bool) -> mqtt.Client:
        client = self._broker.client(self._id if announced else "", self._timeout_s)
        refusals: list[ReasonCode] = []
        client.on_connect = lambda _c, _u, _f, code, _p: refusals.append(code) if code.is_failure else None
        if announced:
            client.will_set(self._state_topic, OFFLINE, qos=1, retain=True)
        client.connect(self._broker.host, self._broker.port, _KEEP_ALIVE_S)
        self._pump_until(client, lambda: client.is_connected() or bool(refusals))
        if refusals:
            raise ConnectionRefusedError(f"it refused the connection: {refusals[0]}")
        if announced:
            self._announce_readiness(client)
        return client

    def _announce_readiness(self, client: mqtt.Client) -> None:
        readiness = self._readiness
        if readiness is not None:
            problem = client.publish(f"{self._topic}/problem", readiness.problem, qos=1, retain=True)
            self._pump_until(client, problem.is_published)
        self._announce(client, readiness.state if readiness is not None else ONLINE)

    @property
    def _state_topic(self) -> str:
        return f"{self._topic}/state"

    def _announce(self, client: mqtt.Client, state: str) -> None:
        self._pump_until(client, client.publish(self._state_topic, state, qos=1, retain=True).is_published)

    def _pump_until(self, client: mqtt.Client, reached: Callable[[], bool]) -> None:
        pump_until(client, reached, self._timeout_s)


def _payload(message: Message) -> bytes:
    return f'{{"key": "{message.key}", {message.to_json()[1:]}'.encode()


def _open(opening: Opening) -> MqttSink:
    return MqttSink(opening.address, opening.ca_file)


SPEC = OutputSpec(
    kind="mqtt",
    rank=10,
    called=Sentence("MQTT"),
    where=Where.HOST,
    place_caption=Sentence("Broker, port and topic"),
    place_example="broker.local:1883/filo/verdicts",
    forms=("mqtt(s)://HOST/TOPIC",),
    about="MQTT, QoS 1; `mqtts://` with `--ca-file` where the authority is your own; a topic a line",
    delivered="the broker has acknowledged",
    secure="mqtts",
    ports={"mqtt": 1883, "mqtts": 8883},
    has_user=True,
    fields=(CA_FILE,),
    keeps_parameters=True,
    open=_open,
)
