"""Which verdict the Live screen shows: the newest, or one that is held. Pure decisions, no Qt."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from filo_core.types import Verdict

STRIP_LENGTH = 12


class _HasVerdict(Protocol):
    @property
    def verdict(self) -> Verdict: ...


ResultT = TypeVar("ResultT", bound=_HasVerdict)


class Hold(StrEnum):
    """Why the screen stands still."""

    NONE = "none"
    NG = "ng"
    """An NG waits for its acknowledgement."""
    LOOKING_BACK = "looking back"
    """The operator chose one of the last verdicts."""


@dataclass(slots=True)
class Display(Generic[ResultT]):
    """The verdict on screen and the strip of the last ones. Everything goes on being judged and recorded behind it."""

    freeze_on_ng: bool = True
    shown: ResultT | None = None
    hold: Hold = Hold.NONE
    ng_meanwhile: int = 0
    """Further NG verdicts while the screen was held."""
    strip: deque[ResultT] = field(default_factory=lambda: deque(maxlen=STRIP_LENGTH))
    """Oldest first."""
    newest: ResultT | None = None

    def take(self, result: ResultT, kept: ResultT | None = None) -> bool:
        """A new verdict; ``kept`` goes into the strip in its place. True when it is on screen now."""
        self.newest = result
        self.strip.append(result if kept is None else kept)
        freezes = result.verdict is Verdict.NG and self.freeze_on_ng
        # Whoever looks back must not miss an NG; one that is frozen already keeps the screen.
        if self.hold is Hold.NG or (self.hold is Hold.LOOKING_BACK and not freezes):
            self.ng_meanwhile += result.verdict is Verdict.NG
            return False
        self.shown = result
        if freezes:
            self.hold = Hold.NG
            self.ng_meanwhile = 0
        return True

    def look_at(self, index: int) -> None:
        """Hold the strip's entry at ``index``; an NG that waits to be acknowledged is not pushed aside."""
        if self.hold is not Hold.NG and 0 <= index < len(self.strip):
            self.shown = self.strip[index]
            self.hold = Hold.LOOKING_BACK

    def release(self) -> None:
        """Acknowledge, or stop looking back: the newest verdict is shown again."""
        self.hold = Hold.NONE
        self.ng_meanwhile = 0
        if self.newest is not None:
            self.shown = self.newest

    def set_freeze_on_ng(self, freeze: bool) -> None:
        """Switch freezing; switching it off also lets go of an NG that is held."""
        self.freeze_on_ng = freeze
        if not freeze and self.hold is Hold.NG:
            self.release()

    def clear(self) -> None:
        """Forget every verdict."""
        self.shown = self.newest = None
        self.hold = Hold.NONE
        self.ng_meanwhile = 0
        self.strip.clear()
