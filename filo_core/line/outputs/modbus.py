"""Modbus TCP: the PLC is the client, reads every verdict, and may ask for one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from filo_core.line.outputs.spec import OutputSpec, Serving, Where
from filo_core.line.plc.access import ModbusAccess, refuse_everywhere
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from filo_core.line.plc.handshake import Handshake
    from filo_core.line.plc.server import ModbusServer


def serve(serving: Serving) -> tuple[Handshake, ModbusServer]:
    """What a PLC sees of a line, and the server that shows it.

    Raises:
        SourceError: if every network of the machine would reach it, which nobody has allowed.
    """
    from filo_core.line.plc.handshake import Handshake
    from filo_core.line.plc.server import ModbusServer

    types = tuple(anomaly.name for anomaly in serving.recipe.anomaly_types)
    handshake = Handshake(serving.line, types, serving.asks, has_alarm=serving.has_alarm)
    return handshake, ModbusServer(handshake, serving.host, serving.port, serving.access)


def refuse(_address: str, host: str, _fields: Mapping[str, str], access: ModbusAccess) -> None:
    """Listening on every network of the machine has to be wanted.

    Raises:
        SourceError: if ``host`` means that and nobody has said so.
    """
    if not access.everywhere:
        refuse_everywhere(host)


SPEC = OutputSpec(
    kind="modbus",
    rank=40,
    called=Sentence("PLC (Modbus)"),
    where=Where.LISTENS,
    place_caption=Sentence("Address and port that the PLC asks"),
    place_example="127.0.0.1:5020",
    forms=("modbus:HOST:PORT",),
    about="Modbus TCP",
    delivered="never: the PLC reads, see [below](#modbus-registers)",
    ports={"modbus": 5020},
    serve=serve,
    refuse=refuse,
)
