"""Every trigger there is, told once: how it is chosen, written, and waited for."""

from __future__ import annotations

from dataclasses import dataclass

from filo_core.line.triggers.base import TriggerKind
from filo_core.sentence import Sentence

_NOTHING = Sentence("")
_LISTENS = Sentence("Listens on")
_ADDRESS = Sentence("Address and port to listen on")
_HOST_PORT = Sentence("HOST:PORT. On 127.0.0.1 only this machine can trigger.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerSpec:
    """One kind of trigger.

    Attributes:
        kind: which one.
        called: in the window.
        waiting: what has to happen for the next verdict, in the window.
        forms: how it is written on the command line.
        place_caption: above its place in the window.
        place_name: of that place for a screen reader.
        place_help: what to write there.
        place_example: what it looks like, and what holds where nothing is written; empty where it has no place there.
        is_url: its address is written with ``//`` behind the scheme, where a user may stand.
        must_have_place: nothing holds where nothing is written.
        is_server: it is an output as well, which is read and asks.
        sets_pace: camera or files decide when, so that a server of the outputs is read and cannot ask.
    """

    kind: TriggerKind
    called: Sentence
    waiting: Sentence
    forms: tuple[str, ...]
    place_caption: Sentence = _LISTENS
    place_name: Sentence = _ADDRESS
    place_help: Sentence = _HOST_PORT
    place_example: str = ""
    must_have_place: bool = False
    is_url: bool = False
    is_server: bool = False
    sets_pace: bool = False


_ALL = (
    TriggerSpec(
        kind=TriggerKind.CONTINUOUS,
        called=Sentence("Continuous"),
        waiting=Sentence("Waiting for the first verdict…"),
        forms=("continuous",),
        sets_pace=True,
    ),
    TriggerSpec(
        kind=TriggerKind.KEY,
        called=Sentence("Key or scanner"),
        waiting=Sentence("Lay the part down, then press Enter."),
        forms=("key",),
    ),
    TriggerSpec(
        kind=TriggerKind.FOLDER,
        called=Sentence("New file in folder"),
        waiting=Sentence("Waiting for the next image file in the folder…"),
        forms=("folder:PATH",),
        must_have_place=True,
        sets_pace=True,
    ),
    TriggerSpec(
        kind=TriggerKind.MODBUS,
        called=Sentence("PLC (Modbus)"),
        waiting=Sentence("Waiting for the PLC's trigger…"),
        forms=("modbus:HOST:PORT",),
        place_example="127.0.0.1:5020",
        is_server=True,
    ),
    TriggerSpec(
        kind=TriggerKind.HTTP,
        called=Sentence("HTTP"),
        waiting=Sentence("Waiting for a trigger over HTTP…"),
        forms=("http:HOST:PORT",),
        place_example="127.0.0.1:8099",
    ),
    TriggerSpec(
        kind=TriggerKind.MQTT,
        called=Sentence("MQTT"),
        waiting=Sentence("Waiting for a trigger over MQTT…"),
        forms=("mqtt(s)://HOST/TOPIC",),
        place_caption=Sentence("Broker, port and topic"),
        place_name=Sentence("Broker, port and topic to listen to"),
        place_help=Sentence("mqtts://USER@HOST/TOPIC where the broker asks for it. The answer goes to TOPIC/answer."),
        place_example="broker.local:1883/line/3",
        must_have_place=True,
        is_url=True,
    ),
    TriggerSpec(
        kind=TriggerKind.OPCUA,
        called=Sentence("OPC UA server"),
        waiting=Sentence("Waiting for a call of the method Inspect over OPC UA…"),
        forms=("opcua(s)://HOST:PORT",),
        place_example="127.0.0.1:4840",
        is_server=True,
        is_url=True,
    ),
)
TRIGGERS = {spec.kind: spec for spec in _ALL}


def forms() -> list[str]:
    """How all triggers are written on the command line."""
    return [form for spec in _ALL for form in spec.forms]
