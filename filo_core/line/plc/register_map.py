"""The register map, addresses from 0 as they stand in a request. ``docs/line.md`` holds the same for an engineer.

Only PASS = 1 with VALID = 1 and a living heartbeat lets a part go on. Everything else, an empty register included,
reads as NG: that is why no result and a lost line are all zeros.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING

from filo_core.errors import IdentityError
from filo_core.identifying import identity_of
from filo_core.types import UNKNOWN_TYPE, Position, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from filo_core.identity import Identity
    from filo_core.line.results import LineResult


class Coil(IntEnum):
    """Written by the PLC; each counts at its rising edge."""

    TRIGGER = 0
    ACKNOWLEDGE = 1


class Holding(IntEnum):
    """Written by the PLC before the trigger: job id, unsigned 32 bits, high word first. 0 means no id."""

    JOB_HIGH = 0
    JOB_LOW = 1
    SERIAL = 2
    """First of 40 with the serial as text, see :func:`text_of`; written before the trigger, which uses it up."""
    LOT = 42
    """First of 20."""
    ORDER = 62
    """First of 20."""


HOLDING_COUNT = 82
_TEXTS = {"serial": (Holding.SERIAL, 40), "lot": (Holding.LOT, 20), "order": (Holding.ORDER, 20)}
"""First register and how many, two bytes each."""


class Status(IntFlag):
    """Bits of the status word, and in the same order the discrete inputs 0 to 4."""

    READY = 1
    BUSY = 2
    VALID = 4
    PASS = 8
    ERROR = 16


class Input(IntEnum):
    """Read by the PLC."""

    HEARTBEAT = 0
    STATUS = 1
    VERDICT = 2
    PASS = 3
    COUNT = 4
    TYPE = 5
    POSITION = 6
    JOB_HIGH = 7
    JOB_LOW = 8
    SCORE = 9
    ERROR = 10
    RESULTS = 11
    NUMBER_HIGH = 12
    """Number of the acquisition under way, or of the one whose result is shown: the device's own, never 0."""
    NUMBER_LOW = 13
    MISSED = 14
    """Triggers that were taken and whose result the PLC never saw, because it raised another one first."""
    REFUSED = 15
    """Triggers that were not taken."""
    ALARM = 16
    """1 while an alarm of the record stands; says nothing of a part."""
    TYPE_SHARE = 17
    """How probable TYPE is, in 1/10,000; 0 for an unknown one."""
    SEEN_BEFORE = 18
    """How often the record had the serial before; 0 for a new one, and without one."""
    SERIAL = 19
    """First of 40 with the serial of the part that the result is of."""


INPUT_COUNT = Input.SERIAL + _TEXTS["serial"][1]


class LineError(IntEnum):
    """Why the line is not ready, or refused a trigger."""

    NONE = 0
    NOT_READY = 1
    """Camera, model or disk; the screen says which."""
    TRIGGER_WHILE_BUSY = 2
    """The trigger was not taken: one is under way, or its result or an earlier refusal is not acknowledged."""
    TAKES_NO_TRIGGER = 3
    """The trigger was not taken: a PLC only reads here."""
    WRONG_IDENTITY = 4
    """The trigger was not taken: serial, lot or order is no text in UTF-8, or holds what cannot be seen."""


VERDICT_CODES = {Verdict.OK: 1, Verdict.REVIEW: 2, Verdict.NG: 3, Verdict.NOT_INSPECTED: 4}
POSITION_CODES = {position.value: code for code, position in enumerate(Position, start=1)}
UNKNOWN_CODE = 0xFFFF
_WORD = 0xFFFF


def in_words(number: int) -> tuple[int, int]:
    """An unsigned number of 32 bits as two registers, high word first."""
    return number >> 16 & _WORD, number & _WORD


def text_words(text: str, count: int) -> list[int]:
    """A text as registers: UTF-8, two bytes a register, the first in the high byte, zeros after its end.

    One that is too long is cut between two letters.
    """
    encoded = text.encode()[: 2 * count].decode(errors="ignore").encode().ljust(2 * count, b"\0")
    return [encoded[place] << 8 | encoded[place + 1] for place in range(0, 2 * count, 2)]


def text_of(words: Sequence[int]) -> str:
    """The text that such registers hold, up to their first zero byte.

    Raises:
        IdentityError: if it is no UTF-8.
    """
    written = b"".join(word.to_bytes(2, "big") for word in words).partition(b"\0")[0]
    try:
        return written.decode()
    except UnicodeDecodeError:
        raise IdentityError("What the PLC wrote is no text in UTF-8. Check how it writes strings.") from None


def identity_in(holding: Sequence[int]) -> Identity:
    """The part that the holding registers name.

    Raises:
        IdentityError: if a text of theirs cannot be kept.
    """
    return identity_of({name: text_of(holding[first : first + count]) for name, (first, count) in _TEXTS.items()})


def without_identity(holding: list[int]) -> None:
    """Name no part any more."""
    holding[Holding.SERIAL :] = [0] * (HOLDING_COUNT - Holding.SERIAL)


def result_words(result: LineResult, job: int, types: tuple[str, ...]) -> dict[int, int]:
    """What the registers say about one result; ``types`` are the recipe's anomaly types in their order, from 1."""
    codes = {name: code for code, name in enumerate(types, start=1)} | {"": 0, UNKNOWN_TYPE: UNKNOWN_CODE}
    return {
        Input.VERDICT: VERDICT_CODES[result.verdict],
        Input.PASS: int(result.passes),
        Input.COUNT: min(result.count, _WORD),
        Input.TYPE: codes.get(result.anomaly_type, UNKNOWN_CODE),
        Input.POSITION: POSITION_CODES.get(result.position, 0),
        Input.JOB_HIGH: in_words(job)[0],
        Input.JOB_LOW: in_words(job)[1],
        Input.SCORE: _share(result.score),
        Input.TYPE_SHARE: _share(result.type_share),
        Input.SEEN_BEFORE: result.seen_before.times if result.seen_before is not None else 0,
        **dict(enumerate(text_words(result.identity.serial, _TEXTS["serial"][1]), start=Input.SERIAL)),
    }


def _share(value: float | None) -> int:
    return round(min(max(value or 0.0, 0.0), 1.0) * 10_000)
