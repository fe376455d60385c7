"""Which trigger a line listens to, as a person chooses it, and how it becomes one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import SourceError
from filo_core.line.triggers.base import TriggerKind

if TYPE_CHECKING:
    from workflows.line import Line, LinePart
    from workflows.output_address import Output

USUAL_PORTS = {TriggerKind.HTTP: 8099, TriggerKind.MODBUS: 5020}
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class TriggerChoice:
    """A trigger as chosen. ``place`` is the folder, or ``HOST:PORT``; empty for the usual port on this machine."""

    kind: TriggerKind = TriggerKind.CONTINUOUS
    place: str = ""

    @property
    def listens_on(self) -> tuple[str, int]:
        """Host and port of a trigger that listens.

        Raises:
            SourceError: if the place names no port.
        """
        host, _, port = self.place.strip().rpartition(":")
        if self.place.strip() and not (port.isdecimal() and port.isascii() and 0 < int(port) < 65536):
            raise SourceError(f"{self.place!r} names no port. Write HOST:PORT, for example {LOOPBACK}:5020.")
        return host or LOOPBACK, int(port or USUAL_PORTS[self.kind])


def choice_of(words: str) -> TriggerChoice:
    """The choice that a word on the command line names: ``key``, ``folder:PATH``, ``http:HOST:PORT`` and so on.

    Raises:
        SourceError: if it names none.
    """
    kind, _, place = words.partition(":")
    known = kind in {known.value for known in TriggerKind}
    if not known or (kind == TriggerKind.FOLDER and not place):
        raise SourceError(f"{words!r} is no trigger. Write continuous, key, folder:PATH, http:PORT or modbus:PORT.")
    return TriggerChoice(TriggerKind(kind), place)


def answers_plc(kind: TriggerKind) -> bool:
    """Whether a PLC of the outputs can ask as well: not where the camera's pace or the files decide."""
    return kind not in {TriggerKind.CONTINUOUS, TriggerKind.FOLDER}


def with_plcs(choice: TriggerChoice, outputs: Iterable[Output]) -> tuple[TriggerChoice, ...]:
    """What was chosen, and the Modbus servers among the outputs: a PLC asks there, and is answered.

    Where a PLC was chosen without a place, it is that of the outputs.
    """
    if not answers_plc(choice.kind):
        return (choice,)
    servers = tuple(TriggerChoice(TriggerKind.MODBUS, one.place) for one in outputs if one.is_asked)
    if choice.kind is TriggerKind.MODBUS:
        if servers and not choice.place.strip():
            return servers
        servers = tuple(server for server in servers if server.listens_on[1] != choice.listens_on[1])
    return (choice, *servers)


def make_trigger(choice: TriggerChoice, line: Line, token: str = "") -> LinePart | None:
    """What asks for the verdicts of a line; None for the key, which is pressed where one chooses.

    Args:
        choice: what was chosen.
        line: whose station is asked.
        token: of the HTTP trigger; needed where it listens beyond this machine.

    Raises:
        SourceError: if the line has no camera to look through, or the port is wrong or taken.
    """
    if choice.kind is TriggerKind.FOLDER:
        from filo_core.line.triggers.folder import FolderTrigger

        return FolderTrigger(Path(choice.place), line.station)
    if line.source is None:
        raise SourceError(f"The {choice.kind.value} trigger needs a camera to look through. Choose one first.")
    match choice.kind:
        case TriggerKind.CONTINUOUS:
            from filo_core.line.triggers.continuous import ContinuousTrigger

            return ContinuousTrigger(line.source, line.station)
        case TriggerKind.HTTP:
            from filo_core.line.triggers.http import HttpTrigger

            host, port = choice.listens_on
            return HttpTrigger(line.station, host, port, token, line.deadline_s + 5.0)
        case TriggerKind.MODBUS:
            return _modbus(choice, line)
        case _:
            return None


def _modbus(choice: TriggerChoice, line: Line) -> LinePart:
    from filo_core.line.plc.handshake import Handshake
    from filo_core.line.plc.server import ModbusServer

    host, port = choice.listens_on
    types = tuple(anomaly.name for anomaly in line.recipe.anomaly_types)
    return ModbusServer(Handshake(line.station, types), host, port)
