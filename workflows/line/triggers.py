"""Which trigger a line listens to, as a person chooses it, and how it becomes one."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import SourceError
from filo_core.line.triggers.base import TriggerKind
from workflows.line.doors import doors_of

if TYPE_CHECKING:
    from filo_core.line.plc.handshake import Handshake
    from filo_core.line.plc.server import ModbusServer
    from filo_core.line.triggers.base import Asks, LineState
    from filo_core.types import Recipe
    from workflows.line.doors import Doors
    from workflows.line.run import Line, LinePart
    from workflows.settings.output_address import Output
    from workflows.settings.settings import Settings

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
            raise SourceError(
                "{place!r} names no port. Write HOST:PORT, for example {loopback}:5020.",
                place=self.place,
                loopback=LOOPBACK,
            )
        return host or LOOPBACK, int(port or USUAL_PORTS[self.kind])


def choice_of(words: str) -> TriggerChoice:
    """The choice that a word on the command line names: ``key``, ``folder:PATH``, ``http:HOST:PORT`` and so on.

    Raises:
        SourceError: if it names none.
    """
    kind, _, place = words.partition(":")
    known = kind in {known.value for known in TriggerKind}
    if not known or (kind == TriggerKind.FOLDER and not place):
        raise SourceError(
            "{words!r} is no trigger. Write continuous, key, folder:PATH, http:PORT or modbus:PORT.", words=words
        )
    return TriggerChoice(TriggerKind(kind), place)


def usual_trigger(settings: Settings) -> TriggerChoice:
    """The trigger that the settings name; continuous where they name none that there is."""
    known = {kind.value for kind in TriggerKind}
    kind = settings.trigger_kind if settings.trigger_kind in known else TriggerKind.CONTINUOUS
    return TriggerChoice(TriggerKind(kind), settings.trigger_place)


def answers_plc(kind: TriggerKind) -> bool:
    """Whether a PLC of Live's outputs can ask as well; where camera or files set the pace it reads along."""
    return kind not in {TriggerKind.CONTINUOUS, TriggerKind.FOLDER}


def plcs_of(outputs: Iterable[Output], beside: Iterable[TriggerChoice] = ()) -> tuple[TriggerChoice, ...]:
    """The Modbus servers among the outputs, without those whose port a PLC asks at ``beside`` them.

    Raises:
        SourceError: if a place names no port.
    """
    taken = {choice.listens_on[1] for choice in beside if choice.kind is TriggerKind.MODBUS}
    servers = (TriggerChoice(TriggerKind.MODBUS, one.place) for one in outputs if one.is_asked)
    return tuple(server for server in servers if server.listens_on[1] not in taken)


def open_doors(choices: Iterable[TriggerChoice], doors: Doors) -> str:
    """A warning where the HTTP trigger is reached from other machines and everybody between reads its token; or empty.

    Raises:
        SourceError: if a place names no port.
    """
    for choice in choices:
        if choice.kind is TriggerKind.HTTP and doors.certificate is None and not _is_loopback(choice.listens_on[0]):
            return (
                f"The HTTP trigger listens on {choice.listens_on[0]} without a certificate: whoever is on the network "
                "reads its token and its verdicts, and can alter them. Name a certificate, or listen on 127.0.0.1."
            )
    return ""


def open_door_of(settings: Settings) -> str:
    """As :func:`open_doors`, of the trigger that Live starts with."""
    try:
        return open_doors([usual_trigger(settings)], doors_of(settings))
    except SourceError:
        # What is no address is said where it is chosen.
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def triggers_of_live(choice: TriggerChoice, line: Line, outputs: Iterable[Output], doors: Doors) -> list[LinePart]:
    """What asks for the verdicts of Live, and the servers of the PLCs that read them; the key makes no part.

    Where a PLC was chosen without a place, it is asked at the Modbus servers of the outputs, if there are any.

    Raises:
        SourceError: as :func:`make_trigger`.
    """
    outputs = tuple(outputs)
    chosen: tuple[TriggerChoice, ...] = (choice,)
    if choice.kind is TriggerKind.MODBUS and not choice.place.strip():
        chosen = plcs_of(outputs) or chosen
    # Looked at first: a trigger that listens holds its port from its making on.
    plcs = plcs_of(outputs, chosen)
    made = [part for one in chosen if (part := make_trigger(one, line, doors)) is not None]
    return made + [make_plc(one, line, doors) for one in plcs]


def make_trigger(choice: TriggerChoice, line: Line, doors: Doors) -> LinePart | None:
    """What asks for the verdicts of a line; None for the key, which is pressed where one chooses.

    Args:
        choice: what was chosen.
        line: whose station is asked.
        doors: how it may be reached.

    Raises:
        SourceError: if the line has no camera to look through, the port is wrong or taken, or the token or the
            certificate is of no use.
    """
    if choice.kind is TriggerKind.FOLDER:
        _refuse_folder(line)
        from filo_core.line.triggers.folder import FolderTrigger

        folder = Path(choice.place)
        return FolderTrigger(folder, line.announcer, memory=line.outbox.memory_of(folder))
    if not line.sources:
        raise SourceError(
            "The {value} trigger needs a camera to look through. Choose one first.", value=choice.kind.value
        )
    match choice.kind:
        case TriggerKind.CONTINUOUS:
            from filo_core.line.triggers.continuous import ContinuousParts, ContinuousTrigger

            if line.source is None:
                return ContinuousParts(line.sources, line.announcer)
            return ContinuousTrigger(line.source, line.announcer)
        case TriggerKind.HTTP:
            from filo_core.line.triggers.http import HttpTrigger

            host, port = choice.listens_on
            return HttpTrigger(
                line.announcer,
                host,
                port,
                doors.token(),
                line.deadline_s + 5.0,
                deadline_s=line.deadline_s,
                hosts=doors.hosts,
                certificate=doors.tls,
                seal=line.seal,
                own_fields=doors.own_fields,
            )
        case TriggerKind.MODBUS:
            return make_plc(choice, line, doors)
        case _:
            return None


def _refuse_folder(line: Line) -> None:
    """A file is one picture, and a part with views needs several."""
    if line.views is not None:
        raise SourceError(
            "The folder trigger brings one picture, and {product} has several views. Give each view a "
            "camera or a folder as its source, and choose another trigger.",
            product=line.recipe.product,
        )


def make_plc(choice: TriggerChoice, line: Line, doors: Doors) -> LinePart:
    """The server of one PLC, which reads every verdict; it asks as well where the line has a camera."""
    asks = line.announcer if line.sources else None
    handshake, server = plc_server(choice, line.announcer, line.recipe, doors, asks, line.alarms.stands)
    line.announcer.readers.append(handshake)
    return server


def plc_server(
    choice: TriggerChoice,
    line: LineState,
    recipe: Recipe,
    doors: Doors,
    asks: Asks | None = None,
    has_alarm: Callable[[], bool] = bool,
) -> tuple[Handshake, ModbusServer]:
    """What a PLC sees of a line, and the server that shows it; without ``asks`` the PLC only reads.

    Raises:
        SourceError: if the place names no port, or every network of the machine, which nobody has allowed.
    """
    from filo_core.line.plc.handshake import Handshake
    from filo_core.line.plc.server import ModbusServer

    handshake = Handshake(line, tuple(anomaly.name for anomaly in recipe.anomaly_types), asks, has_alarm=has_alarm)
    return handshake, ModbusServer(handshake, *choice.listens_on, doors.modbus)
