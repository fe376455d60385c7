"""How long the window takes to its first paint, and each screen to its first: ``python -m tools.first_visits``.

On an empty record, in a window of a real server. The first paint is counted from the start of the process, with the
interpreter and every import; a visit from the call to the paint, and what is read elsewhere may come later. Other work
on the machine lengthens all of it, so the processor's seconds are said as well.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tools.markdown import say
from tools.screenshots import with_display

FIRST_PAINT_S, FIRST_VISIT_S = 1.0, 0.3
"""What is asked for."""
PATIENCE_S = 120.0


def main() -> int:
    """Say what it took; 1 where something took longer than is asked for."""
    if not os.environ.get("DISPLAY"):
        return with_display([sys.executable, "-m", "tools.first_visits"])
    importlib.import_module("main")
    from gui.qt_environment import prepare_qt_environment

    prepare_qt_environment()
    from PySide6.QtWidgets import QApplication

    from gui.appearance import Appearance
    from gui.application import Session
    from gui.screens import SCREENS
    from workflows.settings.settings import Settings

    app = QApplication(sys.argv[:1])
    late = False
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), operator="operator", language="en")
        Appearance(app, settings)
        session = Session(app, settings)
        window = session.window
        window.resize(1280, 680)
        window.show()
        _until(lambda: window.windowHandle() is not None and window.windowHandle().isExposed())
        window.repaint()
        took = time.time() - psutil.Process().create_time()
        late |= _tell("first paint", took, time.process_time(), FIRST_PAINT_S)
        session.open()
        _until(lambda: window.current_screen is not None)
        # The first one is shown by the record's opening.
        for spec in SCREENS[1:]:
            begun, computed = time.perf_counter(), time.thread_time()
            window.show_screen(spec.screen)
            window.repaint()
            took, used = time.perf_counter() - begun, time.thread_time() - computed
            late |= _tell(f"first visit of {spec.screen.value}", took, used, FIRST_VISIT_S)
        say(f"processor: {time.process_time():.1f} s; load {os.getloadavg()[0]:.1f}")
        session.close()
    return int(late)


def _tell(what: str, took: float, used: float, asked: float) -> bool:
    say(f"{what}: {took:.2f} s ({used:.2f} s of the processor), {asked:.1f} s are asked for")
    return took > asked


def _until(condition: Callable[[], bool]) -> None:
    from PySide6.QtWidgets import QApplication

    deadline = time.monotonic() + PATIENCE_S
    while True:
        QApplication.processEvents()
        if condition():
            return
        if time.monotonic() > deadline:
            raise TimeoutError("the window did not come so far")


if __name__ == "__main__":
    sys.exit(main())
