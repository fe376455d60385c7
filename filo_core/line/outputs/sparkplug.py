"""MQTT with Sparkplug B: an edge node with one device, whose data are the results."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from filo_core.errors import SourceError
from filo_core.line.broker import Broker, pump_until, why
from filo_core.line.outputs.spec import CA_FILE, FieldKind, Opening, OutputField, OutputSpec, Where
from filo_core.line.sinks.base import Message, Readiness, Seal, SinkError
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    import paho.mqtt.client as mqtt

_KEEP_ALIVE_S = 10
_TIMEOUT_S = 5.0
_NAMESPACE = "spBv1.0"
_UINT64, _DOUBLE, _BOOLEAN, _STRING = 8, 10, 11, 12
_FIELDS = {_UINT64: "long_value", _DOUBLE: "double_value", _BOOLEAN: "boolean_value", _STRING: "string_value"}
_REBIRTH = "Node Control/Rebirth"
_HISTORICAL_S = 10.0
"""A result that waited for so long is told as one of the past."""
NOTHING: dict[str, Any] = {
    "Verdict": "", "Pass": False, "Score": -1.0, "Product": "", "Serial": "", "Lot": "", "Order": "", "ResultId": "",
    "Key": "", "AnomalyType": "", "Position": "", "Reason": "", "Content": "",
}  # fmt: skip
"""Metrics of the device before its first result."""


@cache
def payload_class() -> Any:
    """``org.eclipse.tahu.protobuf.Payload`` with the fields that are used, from the public ``sparkplug_b.proto``.

    Source: Eclipse Tahu, sparkplug_b/sparkplug_b.proto (EPL-2.0): names, numbers and types of the fields.
    """
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="filo/sparkplug_b.proto", package="org.eclipse.tahu.protobuf", syntax="proto2"
    )
    payload = file.message_type.add(name="Payload")
    metric = payload.nested_type.add(name="Metric")
    for name, number, kind in (
        ("name", 1, kinds.TYPE_STRING), ("alias", 2, kinds.TYPE_UINT64), ("timestamp", 3, kinds.TYPE_UINT64),
        ("datatype", 4, kinds.TYPE_UINT32), ("is_historical", 5, kinds.TYPE_BOOL), ("is_null", 7, kinds.TYPE_BOOL),
    ):  # fmt: skip
        metric.field.add(name=name, number=number, type=kind, label=kinds.LABEL_OPTIONAL)
    metric.oneof_decl.add(name="value")
    for name, number, kind in (
        ("int_value", 10, kinds.TYPE_UINT32), ("long_value", 11, kinds.TYPE_UINT64),
        ("float_value", 12, kinds.TYPE_FLOAT), ("double_value", 13, kinds.TYPE_DOUBLE),
        ("boolean_value", 14, kinds.TYPE_BOOL), ("string_value", 15, kinds.TYPE_STRING),
    ):  # fmt: skip
        metric.field.add(name=name, number=number, type=kind, label=kinds.LABEL_OPTIONAL, oneof_index=0)
    payload.field.add(name="timestamp", number=1, type=kinds.TYPE_UINT64, label=kinds.LABEL_OPTIONAL)
    payload.field.add(
        name="metrics", number=2, type=kinds.TYPE_MESSAGE, label=kinds.LABEL_REPEATED,
        type_name=".org.eclipse.tahu.protobuf.Payload.Metric",
    )  # fmt: skip
    payload.field.add(name="seq", number=3, type=kinds.TYPE_UINT64, label=kinds.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("org.eclipse.tahu.protobuf.Payload"))


class SparkplugSink:
    """An edge node at ``sparkplug://[user[:password]@]host[:port]/GROUP/NODE/DEVICE``; ``sparkplugs://`` asks for TLS.

    NBIRTH and DBIRTH say all metrics once connected, and again where an application asks for it by NCMD. Each result
    is a DDATA with all metrics of the device. The broker publishes NDEATH when the line is gone.

    Args:
        broker: with group, node and device as its topic.
        name: what the outbox keeps messages under.
        qos: of births and data; 0 as the specification says, 1 so that a verdict counts as delivered once acknowledged.
        timeout_s: longest wait for the connection, and for an acknowledgement.

    Raises:
        SourceError: if the address does not name group, node and device.
    """

    def __init__(self, broker: Broker, name: str, qos: int = 1, timeout_s: float = _TIMEOUT_S) -> None:
        self.name = name
        names = broker.topic.split("/")
        if len(names) != 3 or not all(names) or any(set(one) & {"+", "#"} for one in names):
            raise SourceError("{name} does not name group, node and device. Write {form}.", name=name, form=_FORM)
        self._broker = broker
        self._group, self._node, self._device = names
        self._qos = qos
        self._timeout_s = timeout_s
        self._client: mqtt.Client | None = None
        self._births = -1
        """``bdSeq`` of the newest connection."""
        self._seq = 0
        self._metrics = dict(NOTHING)
        self._readiness: Readiness | None = None
        self._alarm = ""
        self._is_rebirth_wanted = False

    def __repr__(self) -> str:
        return f"SparkplugSink({self.name!r})"

    def deliver(self, message: Message) -> None:
        """Publish a DDATA.

        Raises:
            SinkError: if the broker cannot be reached, refuses, or does not acknowledge in time.
        """
        result, identity = message.result, message.result.identity
        metrics: dict[str, Any] = {
            "Verdict": result.verdict.value,
            "Pass": result.passes,
            "Score": -1.0 if result.score is None else result.score,
            "Product": result.product,
            "Serial": identity.serial,
            "Lot": identity.lot,
            "Order": identity.order,
            "ResultId": result.trigger_id,
            "Key": message.key,
            "AnomalyType": result.anomaly_type,
            "Position": result.position,
            "Reason": result.reason,
            "Content": message.to_json(),
        }
        is_old = (datetime.now(UTC) - result.decided_at).total_seconds() > _HISTORICAL_S
        try:
            client = self._connected()
            self._data(client, metrics, result.decided_at, is_historical=is_old)
            if not is_old:
                self._metrics = metrics
        except (OSError, ValueError, RuntimeError) as error:
            raise self._refusal(error) from error

    def tell(self, readiness: Readiness) -> None:
        """Say by ``Ready`` and ``Problem`` whether a part would be judged; one that is not ready takes ``Pass`` away.

        Raises:
            SinkError: as :meth:`deliver`.
        """
        self._readiness = readiness
        if readiness.problem:
            self._metrics |= {"Verdict": "", "Pass": False}
        try:
            before, client = self._client, self._connected()
            # A new connection has said it by its birth.
            if client is before:
                said = self._state | ({"Verdict": "", "Pass": False} if readiness.problem else {})
                self._data(client, said, readiness.at)
        except (OSError, ValueError, RuntimeError) as error:
            raise self._refusal(error) from error

    def tell_alarm(self, seal: Seal) -> None:
        """Say by ``Alarm`` that one stands; empty once it is settled.

        Raises:
            SinkError: as :meth:`deliver`.
        """
        self._alarm = seal.alarm
        try:
            before, client = self._client, self._connected()
            if client is before:
                self._data(client, self._state, datetime.now(UTC))
        except (OSError, ValueError, RuntimeError) as error:
            raise self._refusal(error) from error

    def check(self) -> None:
        """Connect, and sign in where the address names a user; no birth is published.

        Raises:
            SinkError: if the broker cannot be reached, or refuses.
        """
        try:
            self._open(is_born=False).disconnect()
        except (OSError, ValueError, RuntimeError) as error:
            raise self._refusal(error) from error

    def keep_alive(self) -> None:
        """Be born, stay so, and be born again where somebody asks for it.

        Raises:
            SinkError: if the broker cannot be reached, or refuses.
        """
        try:
            self._connected()
        except (OSError, ValueError, RuntimeError) as error:
            raise self._refusal(error) from error

    def close(self) -> None:
        """Publish the death, which the broker does not where a connection ends in good order, and disconnect."""
        client, self._client = self._client, None
        if client is None:
            return
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            self._publish(client, "NDEATH", self._death(), qos=1)
        client.disconnect()

    @property
    def _state(self) -> dict[str, Any]:
        problem = self._readiness.problem if self._readiness is not None else ""
        return {"Ready": not problem, "Problem": problem, "Alarm": self._alarm}

    def _refusal(self, error: Exception) -> SinkError:
        self.close()
        return SinkError("{name} does not take messages ({error}). Check the broker.", name=self.name, error=why(error))

    def _connected(self) -> mqtt.Client:
        client = self._client
        if client is not None:
            client.loop(timeout=0.0)
            if client.is_connected():
                if self._is_rebirth_wanted:
                    self._bear(client)
                return client
        self._client = self._open(is_born=True)
        return self._client

    def _open(self, *, is_born: bool) -> mqtt.Client:
        client = self._broker.client("", self._timeout_s)
        refusals: list[Any] = []
        client.on_connect = lambda _c, _u, _f, code, _p: refusals.append(code) if code.is_failure else None
        if is_born:
            self._births = (self._births + 1) % 256
            client.will_set(self._topic("NDEATH"), self._death(), qos=1, retain=False)
            client.on_message = self._on_command
        client.connect(self._broker.host, self._broker.port, _KEEP_ALIVE_S)
        pump_until(client, lambda: client.is_connected() or bool(refusals), self._timeout_s)
        if refusals:
            raise ConnectionRefusedError(f"it refused the connection: {refusals[0]}")
        if is_born:
            client.subscribe(self._topic("NCMD"), qos=1)
            self._bear(client)
        return client

    def _on_command(self, _client: Any, _data: Any, message: Any) -> None:
        """Only the rebirth is a command here; nothing else of the line can be told from outside."""
        try:
            asked = payload_class().FromString(message.payload)
        except Exception:  # noqa: BLE001 - whatever protobuf raises of bytes that are none of its own
            return
        self._is_rebirth_wanted |= any(one.name == _REBIRTH and one.boolean_value for one in asked.metrics)

    def _bear(self, client: mqtt.Client) -> None:
        self._is_rebirth_wanted = False
        self._seq = 0
        now = datetime.now(UTC)
        node = {"bdSeq": self._births, _REBIRTH: False}
        self._publish(client, "NBIRTH", self._payload(node, now))
        self._publish(client, "DBIRTH", self._payload(self._metrics | self._state, now), device=True)

    def _death(self) -> bytes:
        payload = payload_class()(timestamp=_ms(datetime.now(UTC)))
        _add(payload, "bdSeq", self._births, payload.timestamp)
        return bytes(payload.SerializeToString())

    def _data(self, client: mqtt.Client, metrics: dict[str, Any], at: datetime, *, is_historical: bool = False) -> None:
        self._publish(client, "DDATA", self._payload(metrics, at, is_historical=is_historical), device=True)

    def _payload(self, metrics: dict[str, Any], at: datetime, *, is_historical: bool = False) -> bytes:
        payload = payload_class()(timestamp=int(time.time() * 1000), seq=self._seq)
        self._seq = (self._seq + 1) % 256
        for name, value in metrics.items():
            _add(payload, name, value, _ms(at), is_historical=is_historical)
        return bytes(payload.SerializeToString())

    def _publish(
        self, client: mqtt.Client, kind: str, payload: bytes, *, device: bool = False, qos: int | None = None
    ) -> None:
        sent = client.publish(self._topic(kind, device=device), payload, qos=self._qos if qos is None else qos)
        pump_until(client, sent.is_published, self._timeout_s)

    def _topic(self, kind: str, *, device: bool = False) -> str:
        return f"{_NAMESPACE}/{self._group}/{kind}/{self._node}" + (f"/{self._device}" if device else "")


def _add(payload: Any, name: str, value: Any, timestamp: int, *, is_historical: bool = False) -> None:
    match value:
        case bool():
            kind = _BOOLEAN
        case int():
            kind = _UINT64
        case float():
            kind = _DOUBLE
        case _:
            kind = _STRING
    metric = payload.metrics.add(name=name, timestamp=timestamp, datatype=kind)
    if is_historical:
        metric.is_historical = True
    setattr(metric, _FIELDS[kind], value)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


_FORM = "sparkplug(s)://HOST/GROUP/NODE/DEVICE"


def _opened(opening: Opening) -> SparkplugSink:
    parts = urlsplit(opening.address)
    scheme = "mqtts" if parts.scheme == SPEC.secure else "mqtt"
    broker = Broker.at(f"{scheme}://{opening.address.partition('://')[2]}", opening.ca_file)
    return SparkplugSink(broker, unquote(opening.name), int(opening.fields["qos"]))


SPEC = OutputSpec(
    kind="sparkplug",
    rank=15,
    called=Sentence("MQTT (Sparkplug B)"),
    where=Where.HOST,
    place_caption=Sentence("Broker, group, node and device"),
    place_example="broker.local:1883/plant/line3/camera",
    forms=(_FORM,),
    about="MQTT as Sparkplug B says it, see [below](#sparkplug-b)",
    delivered="the broker has acknowledged; with `qos=0` once it is sent",
    secure="sparkplugs",
    ports={"sparkplug": 1883, "sparkplugs": 8883},
    has_user=True,
    fields=(
        CA_FILE,
        OutputField(
            "qos",
            Sentence("Quality of service"),
            Sentence("1: a verdict waits until the broker has it. 0: as the specification says."),
            FieldKind.NUMBER,
            "1",
            most=1,
        ),
    ),
    open=_opened,
)
