"""How long a new product takes to its first verdict, from an empty home: ``python -m tools.first_verdict``.

The journey of ``tools.screenshots`` without its pictures, in a window of a real server. What the machine takes is
measured; what a person takes is reckoned as in the trial of the first window: 1.2 s a click, 0.15 s a letter, 3 s a
screen that is read. The clicks are those that ``tests/unit/gui/products/test_clicks.py`` counts.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tools.markdown import say
from tools.screenshots import GOOD_PARTS, Journey, with_display

ROOT = Path(__file__).resolve().parents[1]
CLICKS, LETTERS, SCREENS = 12, 20, 4
CLICK_S, LETTER_S, SCREEN_S = 1.2, 0.15, 3.0


class Stopwatch(Journey):
    """The same journey, and nothing is painted for a picture."""

    def picture(self, name: str) -> None:
        """No picture."""


def main() -> int:
    """Say what it took."""
    if not os.environ.get("DISPLAY"):
        return with_display([sys.executable, "-m", "tools.first_verdict"])
    importlib.import_module("main")
    from gui.qt_environment import prepare_qt_environment

    prepare_qt_environment()
    from PySide6.QtWidgets import QApplication

    from gui.appearance import Appearance
    from gui.application import Session
    from workflows.settings.settings import Settings

    app = QApplication(sys.argv[:1])
    demo = ROOT / "resources" / "demo" / "bracket"
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), operator="operator", language="en")
        Appearance(app, settings)
        session = Session(app, settings)
        watch = Stopwatch(session, Path(home), "")
        try:
            watch.open()
            watch.cold_start(sorted((demo / "train" / "good").iterdir())[:GOOD_PARTS])
            watch.folder(demo / "test" / "crack")
            _tell(watch.seen)
        finally:
            session.close()
    return 0


def _tell(seen: dict[str, Any]) -> None:
    """Machine and person; whoever reads and clicks while the model loads waits for less than the sum."""
    machine = seen["seconds_to_verdict"]
    person = CLICKS * CLICK_S + LETTERS * LETTER_S + SCREENS * SCREEN_S
    say(f"window after {seen['seconds_to_window']:.1f} s; first verdict after {machine:.1f} s of the machine")
    say(f"{CLICKS} clicks, {LETTERS} letters, {SCREENS} screens: {person:.1f} s; together {machine + person:.1f} s")
    say(f"processor: {time.process_time():.0f} s")


if __name__ == "__main__":
    sys.exit(main())
