"""EtherNet/IP: every result is written into tags of a Logix PLC, its numbers last and in one request."""

from __future__ import annotations

import contextlib
import re
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from filo_core.errors import SourceError
from filo_core.line.outputs.spec import FieldKind, Opening, OutputField, OutputSpec, Where, needs
from filo_core.line.sinks.base import Message, Readiness, Seal, SinkError
from filo_core.sentence import Sentence
from filo_core.types import Verdict

if TYPE_CHECKING:
    from pylogix import PLC

TEXTS = {"ResultId": 80, "Product": 60, "Serial": 120, "Lot": 120, "Order": 120, "Type": 60}
"""Tags that are arrays of SINT, with their lengths."""
RESULT_LENGTH = 8
_ONLINE, _NOT_READY, _OFFLINE = 1, 2, 0
_VERDICTS = {Verdict.OK: 1, Verdict.REVIEW: 2, Verdict.NG: 3, Verdict.NOT_INSPECTED: 4}
_SINT, _DINT, _REAL = 0xC2, 0xC4, 0xCA
_MOST_COUNTED = (1 << 31) - 1
_TIMEOUT_S = 5.0
_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_:.]{0,60}")
_NOTHING = [0] * 3


class EthernetIpSink:
    """Writes tags of the PLC at ``ethernet-ip://HOST[:PORT]``, each with the prefix before its name.

    Verdict and pass are taken away, texts and score written, and then the tag ``Result`` as a whole: a PLC that takes a
    result when its first number has changed finds all of one part. A message that is there already is not written
    again.

    Args:
        name: what the outbox keeps messages under.
        host: of the PLC.
        port: of EtherNet/IP.
        slot: of the processor in its chassis.
        prefix: of the tags.
    """

    def __init__(self, name: str, host: str, port: int = 44818, slot: int = 0, prefix: str = "FiLo_") -> None:
        self.name = name
        self._place = host, port, slot
        self._prefix = prefix
        self._plc: PLC | None = None
        self._state = _ONLINE
        self._alarm = 0
        self._beats = 0

    def __repr__(self) -> str:
        return f"EthernetIpSink({self.name!r})"

    def deliver(self, message: Message) -> None:
        """Write it, and count on once everything is there.

        Raises:
            SinkError: if the PLC is away, or a tag is missing or of another type.
        """
        mark = _mark_of(message.key)
        try:
            before = self._read("Result", RESULT_LENGTH)
            if before[0] and before[7] == mark:
                return
            self._alarm = int(bool(message.seal.alarm))
            self._write("Result", [before[0], *_NOTHING, *before[4:]])
            result, identity = message.result, message.result.identity
            said = {
                "ResultId": result.trigger_id, "Product": result.product, "Serial": identity.serial,
                "Lot": identity.lot, "Order": identity.order, "Type": result.anomaly_type,
            }  # fmt: skip
            is_cut = False
            for tag, most in TEXTS.items():
                content = said[tag].encode()
                # A cut serial may be another part's.
                is_cut |= len(content) > most
                self._write(tag, _signed(content if len(content) <= most else b"", most), _SINT)
            self._write("Score", -1.0 if result.score is None else result.score, _REAL)
            seen = result.seen_before.times if result.seen_before is not None else 0
            flags = self._alarm | 2 * is_cut
            numbers = [_VERDICTS[result.verdict], int(result.passes), flags, result.count, seen, 0, mark]
            self._write("Result", [before[0] % _MOST_COUNTED + 1, *numbers])
            self._beat()
        except (OSError, SinkError, SourceError) as error:
            raise self._refusal(error) from error

    def tell(self, readiness: Readiness) -> None:
        """Write the state; one that is not ready takes verdict and pass away.

        Raises:
            SinkError: as :meth:`deliver`.
        """
        self._state = _NOT_READY if readiness.problem else _ONLINE
        try:
            if readiness.problem:
                self._take_away()
            self._beat()
        except (OSError, SinkError, SourceError) as error:
            raise self._refusal(error) from error

    def tell_alarm(self, seal: Seal) -> None:
        """Set or clear the flag of the alarm.

        Raises:
            SinkError: as :meth:`deliver`.
        """
        self._alarm = int(bool(seal.alarm))
        try:
            before = self._read("Result", RESULT_LENGTH)
            self._write("Result", [*before[:3], before[3] & ~1 | self._alarm, *before[4:]])
        except (OSError, SinkError, SourceError) as error:
            raise self._refusal(error) from error

    def check(self) -> None:
        """Read every tag that would be written.

        Raises:
            SinkError: if the PLC is away, or a tag is missing, too short or of another type.
        """
        try:
            self._read("Result", RESULT_LENGTH)
            self._read("State", 2)
            self._read("Score", 1, _REAL)
            for tag, most in TEXTS.items():
                self._read(tag, most, _SINT)
        finally:
            self._drop()

    def keep_alive(self) -> None:
        """Count the heartbeat on.

        Raises:
            SinkError: as :meth:`deliver`.
        """
        try:
            self._beat()
        except (OSError, SinkError, SourceError) as error:
            raise self._refusal(error) from error

    def close(self) -> None:
        """Say that the line is gone, and disconnect."""
        if self._plc is None:
            return
        with contextlib.suppress(OSError, SinkError, SourceError):
            self._take_away()
            self._write("State", [_OFFLINE, self._beats])
        self._drop()

    def _take_away(self) -> None:
        before = self._read("Result", RESULT_LENGTH)
        self._write("Result", [before[0], 0, 0, *before[3:]])

    def _beat(self) -> None:
        self._beats = self._beats % _MOST_COUNTED + 1
        self._write("State", [self._state, self._beats])

    def _read(self, tag: str, count: int, kind: int = _DINT) -> list[int]:
        where = f"{self._prefix}{tag}" + ("[0]" if count > 1 else "")
        answer = self._connected().Read(where, count, datatype=kind)
        self._require(tag, answer.Status)
        found = answer.Value
        values = list(found) if isinstance(found, list) else [found]
        if len(values) != count:
            self._require(tag, "too short")
        return values

    def _write(self, tag: str, value: Any, kind: int = _DINT) -> None:
        where = f"{self._prefix}{tag}" + ("[0]" if isinstance(value, list) else "")
        self._require(tag, self._connected().Write(where, value, datatype=kind).Status)

    def _require(self, tag: str, status: object) -> None:
        if status != "Success":
            raise SinkError(
                "{name} does not take the tag {tag} ({error}). Check the PLC and its tags.",
                name=self.name,
                tag=f"{self._prefix}{tag}",
                error=str(status)[:200],
            )

    def _connected(self) -> PLC:
        if self._plc is None:
            needs("pylogix", "EtherNet/IP")
            from pylogix import PLC

            host, port, slot = self._place
            self._plc = PLC(host, slot, _TIMEOUT_S, port=port)
        return self._plc

    def _drop(self) -> None:
        plc, self._plc = self._plc, None
        if plc is not None:
            with contextlib.suppress(OSError):
                plc.Close()

    def _refusal(self, error: Exception) -> Exception:
        # A connection after a failure may hold half an answer.
        self._drop()
        if isinstance(error, SinkError | SourceError):
            return error
        return SinkError(
            "{name} cannot be reached ({error}). Check the PLC.", name=self.name, error=getattr(error, "strerror", "")
        )


def _mark_of(key: str) -> int:
    """A number that tells a repetition from the next message; never 0."""
    return (zlib.crc32(key.encode()) & _MOST_COUNTED) or 1


def _signed(content: bytes, length: int) -> list[int]:
    return [byte - 256 if byte > 127 else byte for byte in content.ljust(length, b"\0")]


def _open(opening: Opening) -> EthernetIpSink:
    parts = urlsplit(opening.address)
    if not parts.hostname or parts.path.strip("/"):
        raise SourceError("{name} names no PLC. Write ethernet-ip://HOST.", name=opening.name)
    prefix = opening.fields["prefix"]
    if not _PREFIX.fullmatch(prefix):
        raise SourceError(
            "{prefix!r} can begin no tag. Write letters, digits and underlines, such as FiLo_.", prefix=prefix[:80]
        )
    return EthernetIpSink(opening.name, parts.hostname, parts.port or 44818, int(opening.fields["slot"]), prefix)


SPEC = OutputSpec(
    kind="ethernet-ip",
    rank=54,
    called=Sentence("Logix PLC (EtherNet/IP)"),
    where=Where.HOST,
    place_caption=Sentence("PLC"),
    place_example="10.0.3.6",
    forms=("ethernet-ip://HOST",),
    about="EtherNet/IP tags",
    delivered="the PLC has taken every tag, the numbers last, see [below](#ethernetip-tags)",
    help=Sentence("The PLC needs the tags of the docs, each with the prefix before its name."),
    ports={"ethernet-ip": 44818},
    fields=(
        OutputField("slot", Sentence("Slot"), Sentence("Of the processor."), FieldKind.NUMBER, "0", most=16),
        OutputField("prefix", Sentence("Prefix of the tags"), default="FiLo_"),
    ),
    open=_open,
)
