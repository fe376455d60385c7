"""MQTT: a message at a topic asks for a verdict, and gets it at another.

``{"id": "7", "serial": "SN-4711"}`` at ``TOPIC`` is answered at ``TOPIC/answer``, or where ``?reply=`` says, with the
result. Every other answer, and none, reads as NG. ``TOPIC/state`` holds ``online``, ``not ready`` or ``offline``.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from filo_core.errors import FiloError, SourceError
from filo_core.line.broker import Broker, why
from filo_core.line.sinks.base import NOT_READY, OFFLINE, ONLINE, Seal
from filo_core.line.triggers.base import TriggerKind
from filo_core.line.triggers.desk import Desk, refused
from filo_core.line.triggers.wish import MOST_BYTES, REPEATS_S, TriggerWishError
from filo_core.loops import Loop

if TYPE_CHECKING:
    import paho.mqtt.client as mqtt

    from filo_core.line.triggers.base import StationState

logger = logging.getLogger(__name__)

_KEEP_ALIVE_S = 10
_TIMEOUT_S = 5.0
_LOOK_EVERY_S = 0.02
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0
_LONGEST_STOP_S = 3.0
_AWAY_S = 2.0
"""So long a broker may be away before the line is not ready: a connection that is made anew loses no part."""
_MOST_WAITING = 1_000
_LONGEST_TOPIC = 400


@dataclass(frozen=True, slots=True)
class _OutgoingAnswer:
    content: dict[str, Any]
    by: float
    """Monotonic; later it reads as NG."""


@dataclass(slots=True)
class _Connection:
    client: mqtt.Client
    is_subscribed: bool = False
    refusal: str = ""
    state: str = ""
    sent: list[Any] = field(default_factory=list)


class MqttTrigger:
    """Asks for every message of a topic, on a thread of its own.

    A broker that is away is tried again after 0.5 to 30 s. What was published while it was away is not asked for later:
    the part is gone. Nor is a message that the broker retains, whose sender is told so.

    Args:
        station: answers the triggers.
        address: ``mqtt(s)://[user[:password]@]host[:port]/topic``, with ``?reply=TOPIC`` and ``&ca_file=PATH`` behind
            it if need be.
        product: what the line inspects; a message that names another one is refused.
        ca_file: certificate authority for TLS where the address names none; the system's own when not given.
        deadline_s: longest time from a trigger to its answer.
        seal: goes out with every answer, as it is then.
        own_fields: what the customer calls the fields of their own.
        timeout_s: longest wait for the connection.

    Raises:
        SourceError: if the address names no broker, or a topic is none that can be listened to.
    """

    def __init__(
        self,
        station: StationState,
        address: str,
        product: str,
        *,
        ca_file: Path | None = None,
        deadline_s: float = 2.0,
        seal: Callable[[], Seal] = Seal,
        own_fields: tuple[str, ...] = (),
        timeout_s: float = _TIMEOUT_S,
    ) -> None:
        bare, _, query = address.partition("?")
        told_beside = dict(parse_qsl(query))
        if unknown := set(told_beside) - {"reply", "ca_file"}:
            raise SourceError(
                "{name!r} is no field of the MQTT trigger. There are: reply, ca_file.", name=sorted(unknown)[0][:80]
            )
        chosen = told_beside.get("ca_file", "")
        self._broker = Broker.at(bare, Path(chosen) if chosen else ca_file)
        self._topic = _checked_topic(self._broker.topic)
        self._reply = _checked_topic(told_beside.get("reply") or f"{self._topic}/answer")
        if self._reply == self._topic:
            raise SourceError("The MQTT trigger would answer to the topic that it listens to. Name another one.")
        self._station = station
        self._deadline_s = deadline_s
        self._timeout_s = timeout_s
        self._desk = Desk(station, TriggerKind.MQTT, product, deadline_s=deadline_s, seal=seal, own_fields=own_fields)
        self._answers: deque[_OutgoingAnswer] = deque(maxlen=_MOST_WAITING)
        self._id = f"filo-ask-{uuid.uuid4().hex[:16]}"
        self._connection: _Connection | None = None
        self._away_since = time.monotonic()
        self._why_away = "not connected yet"
        self._loop = Loop("filo-mqtt-trigger", self._run, "listens to the broker")

    def __repr__(self) -> str:
        return f"MqttTrigger({self._broker.name!r})"

    @property
    def problem(self) -> str:
        """Why nobody can ask now, as a sentence; empty when all is well."""
        if self._loop.problem:
            return self._loop.problem
        if self.is_listening or time.monotonic() - self._away_since < _AWAY_S:
            return ""
        return str(
            SourceError(
                "{name}, where triggers come from, cannot be reached ({error}). Check the broker.",
                name=self._broker.name,
                error=self._why_away,
            )
        )

    @property
    def is_listening(self) -> bool:
        """Whether a message would be asked for."""
        return self._connection is not None and self._connection.is_subscribed

    def start(self) -> None:
        """Begin to listen; a broker that is away is waited for."""
        self._away_since = time.monotonic()
        self._loop.start()

    def stop(self) -> None:
        """Listen no more; what was asked for is answered first, where that takes no longer than its deadline."""
        self._loop.stop(self._deadline_s + _LONGEST_STOP_S)
        self._desk.close()

    def _run(self) -> None:
        failures = 0
        while not self._loop.must_stop():
            try:
                self._listen()
                failures = 0
            except (OSError, ValueError, RuntimeError) as error:
                was_listening = self.is_listening
                self._drop(error)
                failures = 1 if was_listening else failures + 1
                self._loop.pause(min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(failures - 1, 10)))
        self._leave()

    def _listen(self) -> None:
        """Until the stop, or a failure of the connection."""
        connection = self._connect()
        while not self._loop.must_stop():
            self._pump(connection, _LOOK_EVERY_S)
            self._tell_state(connection)
            self._send(connection)

    def _connect(self) -> _Connection:
        client = self._broker.client(self._id, self._timeout_s)
        connection = self._connection = _Connection(client)

        def on_connect(_client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
            if code.is_failure:
                connection.refusal = f"it refused the connection: {code}"
            else:
                client.subscribe(self._topic, qos=1)

        def on_subscribe(_client: Any, _data: Any, _mid: Any, codes: Any, _properties: Any) -> None:
            if any(code.is_failure for code in codes):
                connection.refusal = "it does not let us listen to the topic"
            else:
                connection.is_subscribed = True

        client.on_connect = on_connect
        client.on_subscribe = on_subscribe
        client.on_message = lambda _client, _data, message: self._take(bytes(message.payload), message.retain)
        client.will_set(self._state_topic, OFFLINE, qos=1, retain=True)
        client.connect(self._broker.host, self._broker.port, _KEEP_ALIVE_S)
        until = time.monotonic() + self._timeout_s
        while not connection.is_subscribed:
            if time.monotonic() > until:
                raise TimeoutError("no answer in time")
            self._pump(connection, _LOOK_EVERY_S)
        return connection

    @staticmethod
    def _pump(connection: _Connection, timeout_s: float) -> None:
        code = connection.client.loop(timeout=timeout_s)
        if connection.refusal:
            raise ConnectionRefusedError(connection.refusal)
        if code:
            from paho.mqtt.client import error_string

            raise ConnectionError(error_string(code))

    def _drop(self, error: Exception) -> None:
        if self.is_listening or self._why_away != why(error):
            logger.warning("the MQTT trigger lost %s: %s", self._broker.name, why(error))
        if self.is_listening:
            self._away_since = time.monotonic()
        self._why_away = why(error)
        self._connection = None

    def _leave(self) -> None:
        """Answer what is under way, say that the line is gone, and go."""
        connection = self._connection
        if connection is None:
            return
        try:
            # Taken before the stop: each has its answer within the deadline.
            until = time.monotonic() + self._deadline_s
            while (self._desk.under_way or self._answers) and time.monotonic() < until:
                self._pump(connection, _LOOK_EVERY_S)
                self._send(connection)
            last = connection.client.publish(self._state_topic, OFFLINE, qos=1, retain=True)
            until = time.monotonic() + 1.0
            while not (last.is_published() and self._are_out(connection)) and time.monotonic() < until:
                self._pump(connection, _LOOK_EVERY_S)
        except (OSError, ValueError, RuntimeError) as error:
            logger.warning("the MQTT trigger left %s without a word: %s", self._broker.name, why(error))
        connection.client.disconnect()
        self._connection = None

    @staticmethod
    def _are_out(connection: _Connection) -> bool:
        connection.sent = [one for one in connection.sent if not one.is_published()]
        return not connection.sent

    @property
    def _state_topic(self) -> str:
        return f"{self._topic}/state"

    def _tell_state(self, connection: _Connection) -> None:
        state = NOT_READY if self._station.problem else ONLINE
        if state != connection.state:
            connection.client.publish(self._state_topic, state, qos=1, retain=True)
            connection.state = state

    def _send(self, connection: _Connection) -> None:
        while self._answers:
            answer = self._answers.popleft()
            content = answer.content
            if time.monotonic() > answer.by and content["reads_as"] != "NG":
                content = content | {"reads_as": "NG", "reason": "This verdict came after its deadline."}
            body = json.dumps(content, ensure_ascii=False).encode()
            self._are_out(connection)
            connection.sent.append(connection.client.publish(self._reply, body, qos=1))

    # Asking ----------------------------------------------------------------------------------------------------

    def _take(self, body: bytes, is_retained: bool) -> None:
        """A message came; on the thread of the connection, which must not wait."""
        wish_id = ""
        try:
            content = _read(body)
            # JSON may hold half a pair of surrogates, which no answer in UTF-8 can say.
            wish_id = str(content.get("id", ""))[:80].encode(errors="replace").decode()
            if is_retained:
                raise TriggerWishError(
                    "The broker has kept this message, whose part may be gone. Publish it without retain."
                )
            wish = self._desk.wish(content)
        except FiloError as error:
            logger.info("a trigger by MQTT was refused: %s", error)
            self._answers.append(_OutgoingAnswer(refused(wish_id, str(error)), time.monotonic()))
            return
        # A repetition that is wanted is one of a verdict that is old already.
        spare_s = REPEATS_S if wish.is_wanted_again else 0.0
        by = time.monotonic() + self._deadline_s + _TIMEOUT_S + spare_s
        self._desk.ask(wish, lambda told: self._answers.append(_OutgoingAnswer(told, by)))


def _read(body: bytes) -> dict[str, Any]:
    """The body of a message.

    Raises:
        TriggerWishError: if it is too long, in another encoding than UTF-8, no object of JSON, or says something twice.
    """
    if len(body) > MOST_BYTES:
        raise TriggerWishError("At most {most} bytes are read.", most=MOST_BYTES)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise TriggerWishError("The message came in another encoding than UTF-8. Check the sender.") from None
    names: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names[:] = [name for name, _ in pairs]
        return dict(pairs)

    try:
        content = json.loads(text, object_pairs_hook=note)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise TriggerWishError("The message is no object of JSON. Send one such as {example}.", example='{"id": "7"}')
    if len(names) != len(set(names)):
        raise TriggerWishError("The message says a field twice. Send each once.")
    return content


def _checked_topic(topic: str) -> str:
    topic = topic.strip("/")
    if not topic or len(topic) > _LONGEST_TOPIC or not topic.isprintable() or set(topic) & {"+", "#"}:
        raise SourceError(
            "{topic!r} is no topic of one line. Write one without + and #, such as mqtt://host/line/3/trigger.",
            topic=topic[:80],
        )
    return topic
