"""CSV: every result is one line, written through to the disk; a repetition after a crash adds no second one."""

from __future__ import annotations

import csv
import io
import os
from datetime import UTC, datetime
from pathlib import Path

from filo_core.errors import SourceError
from filo_core.identity import FIELDS
from filo_core.line.outputs.exports import file_below
from filo_core.line.outputs.spec import Opening, OutputSpec, Where
from filo_core.line.sinks.base import Message, Readiness, Seal, SinkError
from filo_core.sentence import Sentence
from filo_core.spreadsheets import harmless

COLUMNS = (
    "key", "trigger_id", "product", "recipe_hash", "verdict", "reads_as", "anomaly_type", "position", "count",
    "score", "latency_ms", "frame_age_ms", "decided_at", "file", "reason",
    "head", "head_signature", "alarm", "type_share", "types", *FIELDS, "seen_before",
)  # fmt: skip
_STATE_COLUMNS = ("at", "state", "problem")
_TAIL_BYTES = 1 << 16
_OURS = b"key,trigger_id,"


class CsvSink:
    """Appends to a file. Messages come in order, so a repetition can only be the newest line.

    Args:
        path: of the file.
        below: the folder that it has to lie in whenever it is written, see :func:`file_below`; None for anywhere.
    """

    def __init__(self, path: Path, below: Path | None = None) -> None:
        self._path = path
        self._below = below
        self.name = f"csv:{path.absolute()}"

    def __repr__(self) -> str:
        return f"CsvSink({self.name!r})"

    def deliver(self, message: Message) -> None:
        """Append the line, unless it is the last one already.

        Raises:
            SinkError: if the file cannot be written.
        """
        self._append(message.key, _row(_cells(message)))

    def tell_alarm(self, seal: Seal) -> None:
        """Append a line without a verdict that says the alarm, or that it was settled.

        Raises:
            SinkError: as :meth:`deliver`.
        """
        said = {"verdict": "ALARM" if seal.alarm else "ALARM SETTLED", "reads_as": "NG", "reason": seal.alarm}
        values = (
            dict.fromkeys(COLUMNS, "") | said | {name: value for name, value in seal.fields.items() if name in COLUMNS}
        )
        key = values["key"] = f"alarm-{seal.head}"
        self._append(key, _row(tuple(_cell(values[name]) for name in COLUMNS)))

    def _append(self, key: str, line: str) -> None:
        try:
            self._put_aside_if_older()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b") as file:
                size, whole, last_key = _look_at_end(file)
                if last_key == key:
                    return
                if whole < size:
                    # A line that a power cut left half-written is not a result: its message comes again now.
                    file.truncate(whole)
                file.write((_row(COLUMNS) * (whole == 0) + line).encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._refusal(error) from error

    def _put_aside_if_older(self) -> None:
        """A file with the columns of an older program is kept beside the new one; another one's is not touched."""
        if not self._is_of_an_older_program():
            return
        kept = self._path.with_name(f"{self._path.stem}.until-{datetime.now(UTC):%Y%m%dT%H%M%S}{self._path.suffix}")
        if not kept.exists():
            self._path.rename(kept)

    def _is_of_an_older_program(self) -> bool:
        """Whether it holds verdicts with other columns; a file that is not ours is refused."""
        first = self._first_line(self._path)
        if _begins(first, COLUMNS):
            return False
        if not (first.startswith(_OURS) and first.endswith(b"\n")):
            raise _not_ours(self._path)
        return True

    def _first_line(self, path: Path) -> bytes:
        """The first line of a file that may be written; empty where there is none, or a device has none."""
        if self._below is not None:
            try:
                file_below(self._below, path)
            except SourceError as error:
                raise SinkError(str(error)) from error
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.readline(_TAIL_BYTES)

    def tell(self, readiness: Readiness) -> None:
        """Append a line to the file of states beside it, ``NAME.state.csv``, which has verdicts' lines to itself.

        Raises:
            SinkError: if it cannot be written, or is not ours.
        """
        path = self._path.with_name(f"{self._path.stem}.state{self._path.suffix}")
        try:
            if not _begins(self._first_line(path), _STATE_COLUMNS):
                raise _not_ours(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8", newline="") as file:
                cells = readiness.at.isoformat(), readiness.state, readiness.problem
                file.write(_row(_STATE_COLUMNS) * (file.tell() == 0) + _row(tuple(_cell(value) for value in cells)))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._refusal(error) from error

    def check(self) -> None:
        """Open the file for writing; one that was not there is not left behind.

        Raises:
            SinkError: if it cannot be written, or is not ours.
        """
        try:
            self._is_of_an_older_program()
            was_there = self._path.exists()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.open("ab").close()
            if not was_there:
                self._path.unlink()
        except OSError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: OSError) -> SinkError:
        reason = error.strerror or type(error).__name__
        return SinkError(
            "{path} cannot be written ({reason}). Free some space, or close it.", path=self._path, reason=reason
        )

    def keep_alive(self) -> None:
        """No connection."""

    def close(self) -> None:
        """Nothing is open between two lines."""


def _begins(first: bytes, columns: tuple[str, ...]) -> bool:
    """Whether a file with this first line has these columns, is empty, or was cut off in the middle of them."""
    header = _row(columns).encode()
    return first == header or (not first.endswith(b"\n") and header.startswith(first))


def _not_ours(path: Path) -> SinkError:
    return SinkError("{path} holds something else than verdicts. Choose another file.", path=path)


def _look_at_end(file: io.BufferedRandom) -> tuple[int, int, str]:
    """Bytes in all, bytes of whole lines, and the key of the last one."""
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - _TAIL_BYTES)
    file.seek(start)
    tail = file.read(size - start)
    whole = tail[: tail.rfind(b"\n") + 1]
    lines = whole.splitlines()
    return size, start + len(whole), lines[-1].split(b",", 1)[0].decode("utf-8", "replace") if lines else ""


def _cells(message: Message) -> tuple[str, ...]:
    result, seal = message.result, message.seal.fields
    made = {"key", "reads_as", "seen_before", *seal, *FIELDS}
    values = {name: getattr(result, name) for name in COLUMNS if name not in made} | seal
    values |= {name: getattr(result.identity, name) for name in FIELDS}
    types = "; ".join(f"{one.name} {one.share:.2f}" for one in result.types)
    values |= {
        "types": types,
        "seen_before": result.seen_before.times if result.seen_before else "",
        "key": message.key,
        "reads_as": "OK" if result.passes else "NG",
        "verdict": result.verdict.value,
    }
    # Which part it was is spelled as it was said, blank for blank; there is no end of a line in it.
    return tuple(harmless(values[name]) if name in FIELDS else _cell(values[name]) for name in COLUMNS)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    # One result is one line, whatever a sentence holds.
    text = " ".join(text.split())
    return harmless(text) if isinstance(value, str) else text


def _row(cells: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _open(opening: Opening) -> CsvSink:
    path = opening.address.partition(":")[2]
    if not path:
        raise SourceError("csv: names no file. Write csv:PATH.")
    return CsvSink(Path(path) if opening.exports is None else file_below(opening.exports, path), opening.exports)


SPEC = OutputSpec(
    kind="csv",
    rank=30,
    called=Sentence("File (CSV)"),
    where=Where.FILE,
    place_caption=Sentence("File"),
    place_example="verdicts.csv",
    forms=("csv:PATH",),
    about="CSV, see [files](#files)",
    delivered="the line is on the disk",
    open=_open,
)
