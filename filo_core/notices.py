"""What people are told beside verdicts: that an alarm was raised or cleared, or that a report is there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable


class NoticeKind(StrEnum):
    """What a notice says; receivers tell them apart by it."""

    ALARM_RAISED = "alarm raised"
    ALARM_CLEARED = "alarm cleared"
    ALARM_ACKNOWLEDGED = "alarm acknowledged"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Notification:
    """One of them. ``key`` stays the same at every try, so that a receiver can drop a repetition."""

    key: str
    kind: NoticeKind
    title: str
    text: str
    at: str
    """ISO 8601, UTC."""
    station: str = ""
    alarm: str = ""
    """The rule, where it is an alarm's."""
    about: str = ""
    """Product, line or disk."""
    by: str = ""
    """Who acknowledged."""
    files: tuple[str, ...] = ()
    """Paths on the station; e-mail carries them, other outputs name none."""

    def to_json(self) -> str:
        """For a broker or a web address: without paths of this machine."""
        fields = {name: value for name, value in asdict(self).items() if name != "files"}
        return json.dumps({name: str(value) for name, value in fields.items()}, ensure_ascii=False)

    def kept(self) -> str:
        """As the outbox keeps it."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def read(cls, kept: str) -> Notification:
        """What :meth:`kept` has made.

        Raises:
            ValueError: if it is none.
        """
        try:
            fields = json.loads(kept)
            fields["kind"], fields["files"] = NoticeKind(fields["kind"]), tuple(map(str, fields["files"]))
            return cls(**fields)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError("it is no notice") from error


@runtime_checkable
class TakesNotices(Protocol):
    """A sink that people can be told by. Called from one thread; it may lie beside another one that takes verdicts."""

    @property
    def name(self) -> str:
        """What the outbox keeps its notices under; holds no password."""
        ...

    def take_notice(self, notice: Notification) -> None:
        """Return once the receiver has it.

        Raises:
            SinkError: if it has not, or it is not known whether it has.
        """
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...
