"""Which trigger a line listens to, as a person chooses it, and how it becomes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from filo_core.errors import SourceError
from filo_core.line.outputs.known import specs
from filo_core.line.outputs.spec import Serving
from filo_core.line.plc.access import is_loopback
from filo_core.line.sources.address import CameraAddress
from filo_core.line.triggers.base import TriggerKind
from filo_core.line.triggers.spec import TRIGGERS, forms
from filo_core.sentence import Sentence
from workflows.line.doors import doors_of
from workflows.settings.output_address import LOOPBACK, Output

if TYPE_CHECKING:
    from filo_core.line.announcer import Reader
    from filo_core.line.outputs.spec import Server
    from filo_core.line.triggers.base import Asks, LineState
    from filo_core.types import Recipe
    from workflows.line.doors import Doors
    from workflows.line.run import Line, LinePart
    from workflows.settings.settings import Settings

_SPARE_S = 5.0
"""Beyond the deadline, until a caller that waits is told that there is no answer."""


@dataclass(frozen=True, slots=True)
class TriggerChoice:
    """A trigger as chosen.

    ``place`` is the folder, ``HOST:PORT``, or a whole address with ``://``; empty for the usual port on this machine.
    """

    kind: TriggerKind = TriggerKind.CONTINUOUS
    place: str = ""

    @property
    def address(self) -> str:
        """Of a trigger that has one, with its scheme; the usual one where no place was named."""
        place = self.place.strip() or TRIGGERS[self.kind].place_example
        if "://" in place:
            return place
        return f"{self.kind.value}:{'//' if TRIGGERS[self.kind].is_url else ''}{place}"

    @property
    def has_password(self) -> bool:
        """Whether its address holds one, which the settings would keep in the open."""
        authority = self.address.partition("//")[2].partition("/")[0]
        return TRIGGERS[self.kind].is_url and ":" in authority.rpartition("@")[0]

    @property
    def server(self) -> Output:
        """Of a trigger that is an output as well.

        Raises:
            SourceError: if the place names no port.
        """
        made = Output(address=self.address)
        made.check()
        return made

    @property
    def listens_on(self) -> tuple[str, int]:
        """Host and port of a trigger that listens.

        Raises:
            SourceError: if the place names no port.
        """
        if TRIGGERS[self.kind].is_server:
            return self.server.listens_on
        host, _, port = self.address.partition(":")[2].rpartition(":")
        if not (port.isdecimal() and port.isascii() and 0 < int(port) < 65536):
            raise SourceError(
                "{place!r} names no port. Write HOST:PORT, for example {example}.",
                place=self.place,
                example=TRIGGERS[self.kind].place_example,
            )
        return host or LOOPBACK, int(port)


def choice_of(words: str) -> TriggerChoice:
    """The choice that a word on the command line names: ``key``, ``folder:PATH``, ``http:HOST:PORT`` and so on.

    Raises:
        SourceError: if it names none.
    """
    scheme, _, place = words.partition(":")
    # mqtts is an mqtt, and an address with // is kept whole.
    is_url = place.startswith("//")
    kind = next((spec.kind for spec in specs() if is_url and scheme in spec.schemes), scheme)
    known = kind in {known.value for known in TriggerKind} and is_url <= TRIGGERS[TriggerKind(kind)].is_url
    if not known or (TRIGGERS[TriggerKind(kind)].must_have_place and not place):
        raise SourceError(
            "{words!r} is no trigger. Write {forms}.", words=CameraAddress(words).shown, forms=", ".join(forms())
        )
    return TriggerChoice(TriggerKind(kind), words if is_url else place)


def usual_trigger(settings: Settings) -> TriggerChoice:
    """The trigger that the settings name; continuous where they name none that there is."""
    known = {kind.value for kind in TriggerKind}
    kind = settings.trigger_kind if settings.trigger_kind in known else TriggerKind.CONTINUOUS
    return TriggerChoice(TriggerKind(kind), settings.trigger_place)


def answers_plc(kind: TriggerKind) -> bool:
    """Whether a PLC of Live's outputs can ask as well; where camera or files set the pace it reads along."""
    return not TRIGGERS[kind].sets_pace


def plcs_of(outputs: Iterable[Output], beside: Iterable[TriggerChoice] = ()) -> tuple[Output, ...]:
    """The servers among the outputs, without those whose port is asked at ``beside`` them.

    Raises:
        SourceError: if a place names no port.
    """
    taken = {choice.listens_on[1] for choice in beside if TRIGGERS[choice.kind].is_server}
    return tuple(server for server in outputs if server.is_asked and server.listens_on[1] not in taken)


def open_doors(choices: Iterable[TriggerChoice], doors: Doors) -> str:
    """A warning where the HTTP trigger is reached from other machines and everybody between reads its token; or empty.

    Raises:
        SourceError: if a place names no port.
    """
    for choice in choices:
        if choice.kind is TriggerKind.HTTP and doors.certificate is None and not is_loopback(choice.listens_on[0]):
            return Sentence(
                "The HTTP trigger listens on {host} without a certificate: whoever is on the network reads its token "
                "and its verdicts, and can alter them. Name a certificate, or listen on 127.0.0.1.",
                host=choice.listens_on[0],
            )
    return ""


def open_door_of(settings: Settings) -> str:
    """As :func:`open_doors`, of the trigger that Live starts with."""
    try:
        return open_doors([usual_trigger(settings)], doors_of(settings))
    except SourceError:
        # What is no address is said where it is chosen.
        return ""


def triggers_of_live(choice: TriggerChoice, line: Line, outputs: Iterable[Output], doors: Doors) -> list[LinePart]:
    """What asks for the verdicts of Live, and the servers that are read; the key makes no part.

    Where a server was chosen without a place, it is asked at those of its kind among the outputs, if there are any.

    Raises:
        SourceError: as :func:`make_trigger`, or if the address of the trigger holds a password.
    """
    if choice.has_password:
        raise SourceError(
            "The address of the trigger holds a password, which would be shown. Leave it out, and keep it with secret "
            "set."
        )
    outputs = tuple(outputs)
    is_meant = TRIGGERS[choice.kind].is_server and not choice.place.strip()
    own = plcs_of(one for one in outputs if one.is_asked and one.kind == choice.kind) if is_meant else ()
    # Looked at first: a trigger that listens holds its port from its making on.
    plcs = plcs_of(outputs, [] if own else [choice])
    if own and not line.sources:
        _refuse_blind(choice.kind)
    made = None if own else make_trigger(choice, line, doors)
    return [*([] if made is None else [made]), *(make_plc(one, line, doors) for one in plcs)]


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
        from filo_core.line.triggers.folder import FolderTrigger

        folder, views = Path(choice.place), [one.view for one in line.views or ()]
        memory = line.outbox.memory_of(folder)
        return FolderTrigger(folder, line.announcer, memory=memory, views=views, part_wait_s=line.part_wait_s)
    if not line.sources:
        _refuse_blind(choice.kind)
    if TRIGGERS[choice.kind].is_server:
        return make_plc(choice.server, line, doors)
    match choice.kind:
        case TriggerKind.CONTINUOUS:
            from filo_core.line.triggers.continuous import ContinuousParts, ContinuousTrigger

            one, asks = line.source, line.announcer
            return ContinuousParts(line.sources, asks) if one is None else ContinuousTrigger(one, asks)
        case TriggerKind.HTTP:
            from filo_core.line.triggers.http import HttpTrigger

            host, port = choice.listens_on
            return HttpTrigger(
                line.announcer,
                host,
                port,
                doors.token(),
                line.deadline_s + _SPARE_S,
                deadline_s=line.deadline_s,
                hosts=doors.hosts,
                certificate=doors.tls,
                seal=line.seal,
                own_fields=doors.own_fields,
            )
        case TriggerKind.MQTT:
            return _mqtt_trigger(choice, line, doors)
        case _:
            return None


def _mqtt_trigger(choice: TriggerChoice, line: Line, doors: Doors) -> LinePart:
    from filo_core.line.triggers.mqtt import MqttTrigger

    if not choice.place.strip():
        raise SourceError("The MQTT trigger has no address. Enter broker and topic.")
    return MqttTrigger(
        line.announcer,
        doors.filled(choice.address),
        line.recipe.product,
        ca_file=doors.ca_file,
        deadline_s=line.deadline_s,
        seal=line.seal,
        own_fields=doors.own_fields,
    )


def _refuse_blind(kind: TriggerKind) -> NoReturn:
    raise SourceError("The {value} trigger needs a camera to look through. Choose one first.", value=kind.value)


def make_plc(server: Output, line: Line, doors: Doors) -> LinePart:
    """A server that is read, whoever asked; it takes triggers as well where the line has a camera.

    Raises:
        SourceError: as :func:`plc_server`.
    """
    asks = line.announcer if line.sources else None
    alarm, deadline_s = line.alarms.stands, line.deadline_s
    reader, part = plc_server(server, line.announcer, line.recipe, doors, asks, alarm, deadline_s)
    line.announcer.readers.append(reader)
    return part


def plc_server(
    server: Output,
    line: LineState,
    recipe: Recipe,
    doors: Doors,
    asks: Asks | None = None,
    has_alarm: Callable[[], bool] = bool,
    deadline_s: float = 2.0,
) -> tuple[Reader, Server]:
    """What is seen of a line, and the server that shows it; without ``asks`` it is only read.

    Raises:
        SourceError: if the address cannot be one, names every network of the machine, which nobody has allowed, or its
            library is not installed.
    """
    spec = server.spec
    if spec.serve is None:
        raise SourceError("{place} is delivered to, and not asked.", place=server.place)
    host, port = server.listens_on
    return spec.serve(
        Serving(
            address=doors.filled(server.address),
            host=host,
            port=port,
            fields=spec.whole(server.fields),
            line=line,
            recipe=recipe,
            asks=asks,
            has_alarm=has_alarm,
            access=doors.modbus,
            own_fields=doors.own_fields,
            deadline_s=deadline_s,
            longest_s=deadline_s + _SPARE_S,
        )
    )
