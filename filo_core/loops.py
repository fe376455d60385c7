"""The one way to have a thread: named, stopped in order, watched over, and begun anew where it dies."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from filo_core.sentence import Sentence

logger = logging.getLogger(__name__)

HOLD_S = 2.0
"""So long a death is told, and at least until the next life has lasted as long: whoever looks every second sees it."""
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 5.0
"""Waits before the next life double from the first to this while one life after the other is short."""
_LONG_LIFE_S = 10.0


class Loop:
    """Runs a body on a thread of its own until it is stopped, or the body returns.

    A body that raises, whatever it raises, has died: that is logged, told, and said by :attr:`problem`, and after a
    short wait the body is run again on a new thread. So a body must not keep in local names what it cannot do without.

    Args:
        name: of the thread, for logs and debuggers.
        body: looks at :meth:`must_stop` or waits with :meth:`pause`, and returns soon once it is to stop.
        does: what it does for people, to be read after "The part of the program that".
        on_death: told on the dying thread why, before it is begun anew. What it raises is logged.
    """

    def __init__(
        self, name: str, body: Callable[[], None], does: str, on_death: Callable[[str], None] = lambda _: None
    ) -> None:
        self.name = name
        self._body = body
        self._does = does
        self._on_death = on_death
        self._stopping = threading.Event()
        self._changing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._short_lives = 0
        self._lives_since = 0.0
        self._sentence = ""
        self.deaths = 0
        """How often it has died since it was made."""

    def __repr__(self) -> str:
        return f"Loop({self.name!r}, running={self.is_running})"

    @property
    def is_running(self) -> bool:
        """True from the start until the body has returned; between a death and the next life as well."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def must_stop(self) -> bool:
        """True once it is to stop; no property, since it changes between two looks."""
        return self._stopping.is_set()

    @property
    def is_own_thread(self) -> bool:
        """True where the body is what asks."""
        return self._thread is threading.current_thread()

    @property
    def problem(self) -> str:
        """That it has died, as a sentence, until it has lived again for :data:`HOLD_S` or is stopped; else empty."""
        if self.must_stop():
            return ""
        if self._sentence and self._lives_since and time.monotonic() - self._lives_since >= HOLD_S:
            return ""
        return self._sentence

    def start(self) -> None:
        """Begin; no effect while it runs. It may be started again after a stop."""
        with self._changing:
            if self.is_running:
                return
            self._stopping.clear()
            self._short_lives, self._sentence = 0, ""
            self._begin(0.0)

    def pause(self, seconds: float) -> bool:
        """Wait so long, or until it is to stop; True when it is."""
        return self._stopping.wait(seconds)

    def ask_to_stop(self) -> None:
        """Have it stop; does not wait."""
        self._stopping.set()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end; True when it has ended, False after ``timeout`` seconds and on its own thread."""
        until = None if timeout is None else time.monotonic() + timeout
        while (thread := self._thread) is not None and thread.is_alive():
            if thread is threading.current_thread():
                return False
            thread.join(None if until is None else max(0.0, until - time.monotonic()))
            if until is not None and time.monotonic() >= until:
                return not self.is_running
        return True

    def stop(self, timeout: float | None = None) -> bool:
        """Have it stop and wait for its end, at most ``timeout`` seconds; True when it has ended."""
        self.ask_to_stop()
        return self.join(timeout)

    def _begin(self, pause_s: float) -> None:
        self._lives_since = 0.0
        # A thread that hangs in a driver must not keep the program from ending.
        self._thread = threading.Thread(target=self._live, args=(pause_s,), name=self.name, daemon=True)
        self._thread.start()

    def _live(self, pause_s: float) -> None:
        born = time.monotonic()
        try:
            if pause_s and self.pause(pause_s):
                return
            self._lives_since = born = time.monotonic()
            self._body()
        except BaseException as error:  # noqa: BLE001 logged where it is told
            # A thread that was told to end by SystemExit has left its work behind like any other.
            self._die(error, time.monotonic() - born)

    def _die(self, error: BaseException, lived_s: float) -> None:
        self.deaths += 1
        self._lives_since = 0.0
        self._sentence = Sentence(
            "The part of the program that {does} failed ({kind}) and is started again. If this comes "
            "again, restart the program and report it.",
            does=self._does,
            kind=type(error).__name__,
        )
        logger.error("%s died and is started again", self.name, exc_info=error)
        try:
            self._on_death(self._sentence)
        except Exception:
            logger.exception("whoever is told of the death of %s failed", self.name)
        self._short_lives = 1 if lived_s >= _LONG_LIFE_S else self._short_lives + 1
        with self._changing:
            if self.must_stop() or not self.is_own_thread:
                return
            try:
                self._begin(min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(self._short_lives - 1, 16)))
            except RuntimeError:
                # The program is ending, or there is no memory for a thread: nobody is left to begin it anew.
                logger.exception("%s could not be started again", self.name)


def first_problem(loops: Iterable[Loop]) -> str:
    """The problem of the first that has one, as a sentence; empty when all is well."""
    return next((problem for loop in loops if (problem := loop.problem)), "")
