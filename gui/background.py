"""Work that would hold up the window runs on a thread pool; its outcome arrives on the GUI thread."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEventLoop, QObject, QRunnable, Qt, QThreadPool, Signal, Slot

from filo_core.errors import FiloError
from gui.translation import in_language

Outcome = TypeVar("Outcome")

QUIET_S = 0.05
"""For so long the window waits without painting, which nobody sees."""


class _Delivery(QObject):
    """Lives on the GUI thread; a queued signal carries the outcome to it."""

    arrived = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)

    @Slot(object)
    def _on_arrived(self, call: Callable[[], None]) -> None:
        call()


@cache
def _delivery() -> _Delivery:
    """The one of the program, made on the GUI thread. Nobody ever lets go of it.

    A task holds it until its thread has ended. With one for each owner the task could be the last to let go, and take
    the object away from under the GUI thread that calls it just then.
    """
    return _Delivery()


class _Task(QRunnable):
    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work

    def run(self) -> None:
        self._work()


class Background:
    """Runs callables elsewhere for one owner, on Qt's global thread pool or on threads that nobody waits for.

    Made on the GUI thread; ``then`` and ``failed`` are called there, never after :meth:`close`. One object
    never has more than ``threads`` callables running; further ones wait in order.

    Args:
        threads: how many at once.
        waited_for: whether the window waits at its end for what runs; False for work that asks somebody who may never
            answer, and touches nothing that is closed behind the window.
        pool: whose threads; Qt's global one unless given.
    """

    def __init__(
        self,
        threads: int = 1,
        *,
        waited_for: bool = True,
        pool: Callable[[], QThreadPool] = QThreadPool.globalInstance,
    ) -> None:
        self._threads = threads
        self._pool = pool
        self._waited_for = waited_for
        self._delivery = _delivery()
        self._waiting: deque[Callable[[], None]] = deque()
        self._running = 0
        self._closed = False

    @property
    def is_busy(self) -> bool:
        """True while an outcome is outstanding."""
        return self._running > 0 or bool(self._waiting)

    def run(
        self,
        work: Callable[[], Outcome],
        then: Callable[[Outcome], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Call ``work`` elsewhere, then ``then`` with what it returned, or ``failed`` with what it raised.

        Without ``failed`` an exception is raised again on the GUI thread, where the application reports it.
        """
        if self._closed:
            return

        def task() -> None:
            try:
                outcome = work()
            except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the caller on the other thread
                caught = error
                self._tell(lambda: _report(caught, failed))
            else:
                self._tell(lambda: then(outcome))

        self._waiting.append(task)
        self._start_next()

    def cancel_waiting(self) -> None:
        """Forget what has not been started yet."""
        self._waiting.clear()

    def close(self) -> None:
        """Forget what waits and deliver nothing any more; what runs ends by itself."""
        self._closed = True
        self._waiting.clear()

    def _tell(self, call: Callable[[], None]) -> None:
        # Nobody has waited: the application, and Qt's objects with it, may be gone.
        if self._waited_for or not self._closed:
            self._delivery.arrived.emit(lambda: self._finish(call))

    def _start_next(self) -> None:
        while self._waiting and self._running < self._threads:
            self._running += 1
            task = self._waiting.popleft()
            if self._waited_for:
                self._pool().start(_Task(task))
            else:
                threading.Thread(target=task, name="filo-asking", daemon=True).start()

    def _finish(self, call: Callable[[], None]) -> None:
        self._running -= 1
        if not self._closed:
            self._start_next()
            call()


def wait_while_painting(work: Callable[[], Outcome]) -> Outcome:
    """What ``work`` returns, called elsewhere; meanwhile the window paints, but takes no key or click.

    For the end of the window, which has to wait for what it runs. What ``work`` raises is raised here.
    """
    return _elsewhere(work, quiet_s=0.0)


def asked(work: Callable[[], Outcome]) -> Outcome:
    """What ``work`` returns, for what the record is asked in passing: the window's own thread opens no transaction.

    Most answers come within :data:`QUIET_S`, and nothing else happens until then. A record that is held by another
    program keeps the window painting, and key and click waiting, until the answer is there. On any other thread than
    the window's, ``work`` is simply called. What it raises is raised here.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    return _elsewhere(work, quiet_s=QUIET_S)


def _elsewhere(work: Callable[[], Outcome], quiet_s: float) -> Outcome:
    answers: list[Outcome] = []
    raised: list[Exception] = []
    loop, delivery = QEventLoop(), _delivery()

    def call() -> None:
        try:
            answers.append(work())
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the caller
            raised.append(error)
        delivery.arrived.emit(loop.quit)

    thread = threading.Thread(target=call, name="filo-asking", daemon=True)
    thread.start()
    if quiet_s:
        thread.join(quiet_s)
    if thread.is_alive():
        loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        # The application may have been told to quit meanwhile, which ends every loop.
        thread.join()
    if raised:
        raise raised[0]
    return answers[0]


def _report(error: Exception, failed: Callable[[Exception], None] | None) -> None:
    if failed is None:
        raise error
    failed(error)


def sentence_of(error: BaseException) -> tuple[str, str]:
    """A sentence for the user, in the language of the window, and the technical details of ``error``.

    These are empty where the sentence says it all.
    """
    if isinstance(error, FiloError):
        return in_language(error.sentence), ""
    sentence = QCoreApplication.translate(
        "Errors", "Something unexpected went wrong. Try again; if it happens again, pass on the details."
    )
    return sentence, "".join(traceback.format_exception(error)).strip()
