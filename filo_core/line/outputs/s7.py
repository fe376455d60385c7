"""S7: every result is written into a data block of a Siemens PLC, its counter last."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import struct
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from filo_core.errors import SourceError
from filo_core.line.outputs.spec import FieldKind, Opening, OutputField, OutputSpec, Where, needs
from filo_core.line.sinks.base import Message, Readiness, Seal, SinkError
from filo_core.sentence import Sentence
from filo_core.types import Verdict

if TYPE_CHECKING:
    from snap7.client import Client

LENGTH = 590
"""Bytes that are used of the block."""
ONLINE, NOT_READY, OFFLINE = 1, 2, 0
_VERDICTS = {Verdict.OK: 1, Verdict.REVIEW: 2, Verdict.NG: 3, Verdict.NOT_INSPECTED: 4}
_PASS, _ALARM, _CUT = 1, 2, 4
_VERDICT, _STATE, _ID, _SCORE, _HEARTBEAT = 4, 7, 8, 90, 588
_ID_LENGTH, _NAME_LENGTH, _TEXT_LENGTH = 80, 60, 120
_NUMBERS = 1 << 32


class S7Sink:
    """Writes ``DBn`` of the PLC at ``s7://HOST[:PORT]/DBn``, from the byte ``start`` on.

    The verdict is taken away, the rest written, and then counter, verdict and id in one request: a PLC that takes a
    result when the counter has changed finds all of one part. A message that is there already is not written again.

    Args:
        name: what the outbox keeps messages under.
        host: of the PLC.
        port: of ISO on TCP.
        block: number of the data block.
        rack: of the CPU.
        slot: of the CPU.
        start: first byte that is used.
    """

    def __init__(
        self, name: str, host: str, port: int = 102, block: int = 1, rack: int = 0, slot: int = 1, start: int = 0
    ) -> None:
        self.name = name
        self._place = host, rack, slot, port
        self._block, self._start = block, start
        self._client: Client | None = None
        self._state = ONLINE
        self._has_alarm = False
        self._beats = 0

    def __repr__(self) -> str:
        return f"S7Sink({self.name!r})"

    def deliver(self, message: Message) -> None:
        """Write it, and count on once everything is there.

        Raises:
            SinkError: if the PLC is away, or refuses.
        """
        key = _id_of(message.key)
        try:
            client = self._connected()
            head = bytes(client.db_read(self._block, self._start, _SCORE))
            counter = int.from_bytes(head[:4], "big")
            if counter and head[_ID:_SCORE] == _text(key, _ID_LENGTH):
                return
            self._has_alarm = bool(message.seal.alarm)
            self._write(_VERDICT, bytes(3))
            texts, is_cut = _rest(message)
            self._write(_SCORE, texts)
            result = message.result
            bits = _PASS * result.passes | _ALARM * self._has_alarm | _CUT * is_cut
            counter = counter % (_NUMBERS - 1) + 1
            first = struct.pack(">IhBB", counter, _VERDICTS[result.verdict], bits, self._state)
            self._write(0, first + _text(key, _ID_LENGTH))
            self._beat()
        except Exception as error:
            raise self._refusal(error) from error

    def tell(self, readiness: Readiness) -> None:
        """Write the state; one that is not ready takes PASS away.

        Raises:
            SinkError: as :meth:`deliver`.
        """
        self._state = NOT_READY if readiness.problem else ONLINE
        try:
            self._connected()
            if readiness.problem:
                self._write(_VERDICT, bytes(3))
            self._write(_STATE, bytes([self._state]))
        except Exception as error:
            raise self._refusal(error) from error

    def tell_alarm(self, seal: Seal) -> None:
        """Set or clear the bit of the alarm.

        Raises:
            SinkError: as :meth:`deliver`.
        """
        self._has_alarm = bool(seal.alarm)
        try:
            client = self._connected()
            (bits,) = client.db_read(self._block, self._start + 6, 1)
            self._write(6, bytes([bits & ~_ALARM | _ALARM * self._has_alarm]))
        except Exception as error:
            raise self._refusal(error) from error

    def check(self) -> None:
        """Read all that would be written.

        Raises:
            SinkError: if the PLC is away, or the block is missing or too short.
        """
        client = self._connect()
        try:
            client.db_read(self._block, self._start, LENGTH)
        except Exception as error:
            raise SinkError(
                "{name} has no {length} bytes in DB{block} from {start} on that can be read ({error}). Make the block, "
                "without optimised access, and allow PUT and GET.",
                name=self.name, length=LENGTH, block=self._block, start=self._start, error=_why(error),
            ) from error  # fmt: skip
        finally:
            client.disconnect()

    def keep_alive(self) -> None:
        """Count the heartbeat on.

        Raises:
            SinkError: as :meth:`deliver`.
        """
        try:
            self._connected()
            self._beat()
        except Exception as error:
            raise self._refusal(error) from error

    def close(self) -> None:
        """Say that the line is gone, and disconnect."""
        client = self._client
        if client is None:
            return
        with contextlib.suppress(Exception):
            self._write(_VERDICT, bytes(3))
            self._write(_STATE, bytes([OFFLINE]))
        self._drop()

    def _beat(self) -> None:
        self._beats = (self._beats + 1) & 0xFFFF
        self._write(_HEARTBEAT, self._beats.to_bytes(2, "big"))

    def _write(self, offset: int, content: bytes) -> None:
        assert self._client is not None, "connected before"
        self._client.db_write(self._block, self._start + offset, bytearray(content))

    def _connected(self) -> Client:
        if self._client is None:
            self._client = self._connect()
            self._write(_STATE, bytes([self._state]))
        return self._client

    def _connect(self) -> Client:
        needs("snap7", "S7", "python-snap7")
        from snap7.client import Client

        # It writes of every connection, and a traceback where a PLC goes away.
        logging.getLogger("snap7").setLevel(logging.CRITICAL)
        client = Client()
        try:
            client.connect(*self._place)
        except Exception as error:
            raise SinkError(
                "{name} cannot be reached ({error}). Check the PLC, its rack and its slot.",
                name=self.name,
                error=_why(error),
            ) from error
        return client

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.disconnect()

    def _refusal(self, error: Exception) -> Exception:
        # A connection after a failure may hold half an answer.
        self._drop()
        if isinstance(error, SinkError | SourceError):
            return error
        return SinkError(
            "{name} does not take results ({error}). Check the PLC and its data block.",
            name=self.name,
            error=_why(error),
        )


def _why(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__


def _rest(message: Message) -> tuple[bytes, bool]:
    """What lies behind the id, and whether a text did not fit and is left out."""
    result = message.result
    identity, seen = result.identity, result.seen_before
    score = -1.0 if result.score is None else result.score
    numbers = struct.pack(">fhh", score, min(result.count, 32767), seen.times if seen is not None else 0)
    texts = (
        (result.product, _NAME_LENGTH),
        (identity.serial, _TEXT_LENGTH),
        (identity.lot, _TEXT_LENGTH),
        (identity.order, _TEXT_LENGTH),
        (result.anomaly_type, _NAME_LENGTH),
    )
    is_cut = any(len(text.encode()) > most for text, most in texts)
    return numbers + b"".join(_text(text, most) for text, most in texts), is_cut


def _text(text: str, most: int) -> bytes:
    """A ``STRING[most]`` in UTF-8; empty where it does not fit, since a cut serial may be another part's."""
    content = text.encode()
    if len(content) > most:
        content = b""
    return bytes([most, len(content)]) + content.ljust(most, b"\0")


def _id_of(key: str) -> str:
    return key if len(key.encode()) <= _ID_LENGTH else hashlib.sha256(key.encode()).hexdigest()


def _open(opening: Opening) -> S7Sink:
    parts = urlsplit(opening.address)
    block = parts.path.strip("/").upper().removeprefix("DB")
    if not (parts.hostname and block.isascii() and block.isdecimal() and 0 < int(block) < 65536):
        raise SourceError("{name} names no data block. Write s7://HOST/DB10.", name=opening.name)
    rack, slot, start = (int(opening.fields[name]) for name in ("rack", "slot", "start"))
    return S7Sink(opening.name, parts.hostname, parts.port or 102, int(block), rack, slot, start)


SPEC = OutputSpec(
    kind="s7",
    rank=52,
    called=Sentence("Siemens PLC (S7)"),
    where=Where.HOST,
    place_caption=Sentence("PLC and data block"),
    place_example="10.0.3.5/DB10",
    forms=("s7://HOST/DBn",),
    about="S7 data block",
    delivered="the PLC has taken all of it, the counter last, see [below](#s7-data-block)",
    help=Sentence("A block of 590 bytes without optimised access. The PLC has to allow PUT and GET."),
    ports={"s7": 102},
    fields=(
        OutputField("rack", Sentence("Rack"), kind=FieldKind.NUMBER, default="0", most=7),
        OutputField(
            "slot", Sentence("Slot"), Sentence("Of the CPU: 1, or 2 of an S7-300."), FieldKind.NUMBER, "1", most=31
        ),
        OutputField("start", Sentence("First byte in the block"), kind=FieldKind.NUMBER, default="0", most=64945),
    ),
    open=_open,
)
