"""The three journeys of the window by the stopwatch, into docs/performance.md: ``python -m tools.journeys``.

A new product to its first verdict, a queue of verdicts to decide, and a picture that is looked for; each in a window of
a real server, on a home of its own. Clicks and keys are counted as they are pressed, seconds are the machine's by the
clock. What a person takes is reckoned as in the trial of the first window: 1.2 s a click, 0.15 s a key, 3 s
a screen that is read. In the two dialogs that pick files nobody clicks here: what it takes there is counted as
``tests/unit/gui/products/test_clicks.py`` says.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tools.markdown import markdown_table, replace_section, say, this_machine
from tools.screenshots import GOOD_PARTS, Journey
from tools.virtual_screen import virtual_screen

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
TITLE = "Three journeys by the stopwatch"
STARTS = 3
CLICK_S, KEY_S, SCREEN_S = 1.2, 0.15, 3.0
SCREENS = 4
"""That are read on the way to the first verdict: Products, the two steps, Folder."""
DECIDED = 8
YESTERDAY = 40
_PATIENCE_S = 120.0
_OPENING_MS = 600
IN_PICKING_FILES, IN_PICKING_A_FOLDER = 3, 1
_OF_THE_CHILD = "--one"

BEFORE = {
    "new": "23 clicks, 14 keys; 107.5 s with a person",
    "wait": "some 39 s (11.2 to the record, 25 for the limits, 2.5 for the picture)",
    "confirm": "1 key",
    "overrule": "2 keys",
    "retype": "2 keys",
    "next": "1.28 s (n = 15)",
    "yesterday": "4 clicks",
    "name": "not possible",
}
"""Of the first window, tried by hand under a script: two cores, a load of 7 to 13 (``shared/design/window.md``)."""


class Stopwatch(Journey):
    """Counts what is pressed; no picture is saved."""

    def __init__(self, session: Any) -> None:
        super().__init__(session, Path(), "")
        self.clicks = self.keys = 0
        self.pressed = 0.0

    def picture(self, name: str) -> None:
        """No picture."""

    def until(self, condition: Callable[[], Any], what: str) -> None:
        """As before, and looks again at once: hundredths of a second count here."""
        from PySide6.QtWidgets import QApplication

        deadline = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come true")
            QApplication.processEvents()

    def click(self, control: Any, at: Any = None) -> None:
        """Click where a control can be pressed."""
        from PySide6.QtCore import QPoint, Qt
        from PySide6.QtTest import QTest

        self.until(lambda: control.isEnabled() and control.isVisible(), f"{control.objectName()} can be pressed")
        self.clicks += 1
        self.pressed = time.perf_counter()
        QTest.mouseClick(
            control, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint() if at is None else at
        )

    def type(self, text: str, into: Any) -> None:
        """Type letters."""
        from PySide6.QtTest import QTest

        self.keys += len(text)
        self.pressed = time.perf_counter()
        QTest.keyClicks(into, text)

    def choose(self, combo: Any, value: str) -> None:
        """Open a list and take an entry."""
        from PySide6.QtTest import QTest

        self.click(combo)
        entries = combo.view()
        self.until(entries.isVisible, "the list is open")
        index = combo.model().index(combo.findData(value), 0)
        entries.scrollTo(index)
        # A list takes no click that may belong to the one which opened it; nobody is so quick.
        QTest.qWait(_OPENING_MS)
        self.click(entries.viewport(), entries.visualRect(index).center())
        self.until(lambda: combo.currentData() == value, "the entry is taken")

    def counted(self, act: Callable[[], None]) -> dict[str, float]:
        """What ``act`` took: clicks, keys, seconds by the clock, and those of them after the last press."""
        clicks, keys, begun = self.clicks, self.keys, time.perf_counter()
        act()
        now = time.perf_counter()
        return {"clicks": self.clicks - clicks, "keys": self.keys - keys, "s": now - begun, "after": now - self.pressed}

    # The journeys ----------------------------------------------------------------------------------------------

    def to_the_first_verdict(self, good: list[Path], parts: Path) -> None:
        """From an empty list of products to a verdict on a picture of one's own."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QAbstractButton

        from gui.state import Screen

        def picked(what: object, clicks: int) -> object:
            self.clicks += clicks
            return what

        products: Any = self.window.screen_widget(Screen.PRODUCTS)
        self.state.inspection_recorded.connect(self.take)
        with (
            patch("gui.products.wizard.references_page.pick_images", lambda *_: picked(good, IN_PICKING_FILES)),
            patch("gui.folder.panel.pick_folder", lambda *_: picked(str(parts), IN_PICKING_A_FOLDER)),
        ):
            empty = products.list_view._empty
            self.until(empty.isVisible, "there is no product yet")
            self.click(empty.findChildren(QAbstractButton)[0])
            wizard = products.wizard
            self.type(self.product, wizard.page.name_edit)
            self.keys += 1
            QTest.keyClick(wizard.page.name_edit, Qt.Key.Key_Return)
            references = wizard.page
            self.click(references._empty.findChildren(QAbstractButton)[0])
            self.until(
                lambda: len(references.shelf.items) == len(good) and not references.shelf.is_busy, "the pictures"
            )
            self.click(wizard.next_button)
            proving = wizard.page
            self.until(
                lambda: proving.signing.reason_edit.isVisible() and not proving.calibration.is_running, "the limits"
            )
            self.click(proving.signing.reason_edit)
            self.type("first trial", proving.signing.reason_edit)
            self.click(proving.signing.sign_button)
            self.click(proving.folder_button)
            folder: Any = self.window.screen_widget(Screen.FOLDER)
            self.click(folder.browse)
            self.click(folder.start)
            self.until(lambda: self.judged, "the first verdict")

    def deciding(self) -> dict[str, Any]:
        """Every way to decide, and how soon the next picture is there after a confirmation."""
        panel = self._review()

        def decide(*keys: str) -> float:
            self.until(lambda: panel.detail.is_seen and not panel.is_asking, "the picture is seen")
            was, begun = panel.current.inspection_id, 0.0
            for key in keys:
                begun = time.perf_counter()
                self.type(key, panel.ask.list if panel.is_asking else panel.strip)
                self.until(lambda: panel.current.inspection_id != was or panel.is_asking, f"{key} was taken")
            self.until(lambda: panel.current.inspection_id != was and panel.detail.is_seen, "the next picture")
            return time.perf_counter() - begun

        took = [decide("c") for _ in range(DECIDED)]
        ways = {name: self.counted(lambda keys=keys: decide(*keys)) for name, keys in (("overrule", "o1"),)}
        return {"next": took, **ways}

    def looking(self) -> dict[str, Any]:
        """All NG of yesterday; then one picture by its name, of the 26 that were inspected."""
        from filo_core.types import Verdict
        from gui.records.choices import Period, Queue

        panel = self._review()
        bar = panel.filter_bar
        now = datetime.now(UTC)
        sought = next(one.name for one in self.judged if one.verdict is Verdict.NG)

        def all_ng() -> None:
            self.click(bar.chips._chips[Queue.NG])
            self.choose(bar.period, Period.YESTERDAY.value)
            self.until(lambda: self._shows(panel, now - timedelta(days=1)), "those of yesterday")

        def by_name() -> None:
            from PySide6.QtTest import QTest

            self.keys += 1
            QTest.keySequence(bar.search, "Ctrl+F")
            bar.search.setFocus()
            self.type(sought, bar.search)
            self.until(lambda: panel.current and panel.current.name == sought and panel.detail.is_seen, "the picture")

        found = {"yesterday": self.counted(all_ng)}
        bar.show_everything()
        self.until(lambda: panel.detail.is_seen, "everything")
        return found | {"name": self.counted(by_name)}

    def record_yesterday(self) -> None:
        """The verdicts of the folder again, a day ago."""
        from filo_core.types import Origin
        from storage.recorder import Recorder

        recorder = Recorder(self.state.workbench.storage, self.product, station="line 1")
        moment = datetime.now(UTC) - timedelta(days=1)
        for number in range(YESTERDAY):
            one = self.judged[number % len(self.judged)]
            recorder.record_one(replace(one, origin=Origin.LIVE, inspected_at=moment))

    def _review(self) -> Any:
        from gui.state import Screen

        panel: Any = self.window.screen_widget(Screen.REVIEW)
        if self.window.current_screen is not Screen.REVIEW:
            self.click(self.window._buttons[Screen.REVIEW])
        self.until(lambda: panel.current is not None and panel.detail.is_seen, "a picture to decide on")
        return panel

    @staticmethod
    def _shows(panel: Any, moment: datetime) -> bool:
        current = panel.current
        return current is not None and abs(current.inspected_at - moment) < timedelta(hours=1) and panel.detail.is_seen


def one_run() -> dict[str, Any]:
    """All journeys, on an empty home."""
    begun = time.perf_counter()
    importlib.import_module("main")
    from gui.qt_environment import prepare_qt_environment

    prepare_qt_environment()
    from PySide6.QtWidgets import QApplication

    from gui.appearance import Appearance
    from gui.application import Session
    from gui.folder.phases import RunPhase
    from gui.state import Screen
    from workflows.settings.settings import Settings

    app = QApplication(sys.argv[:1])
    demo = ROOT / "resources" / "demo" / "bracket"
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), operator="operator", language="en")
        Appearance(app, settings)
        session = Session(app, settings)
        watch = Stopwatch(session)
        try:
            watch.open()
            opened = time.perf_counter() - begun
            first = watch.counted(
                lambda: watch.to_the_first_verdict(
                    sorted((demo / "train" / "good").iterdir())[:GOOD_PARTS], demo / "test"
                )
            )
            folder: Any = watch.window.screen_widget(Screen.FOLDER)
            watch.until(lambda: folder.presenter.phase is RunPhase.FINISHED, "the folder is inspected")
            watch.record_yesterday()
            return {"opened": opened, "new": first, **watch.deciding(), **watch.looking()}
        finally:
            session.close()


def table(runs: list[dict[str, Any]]) -> str:
    """Before and after."""

    def spread(values: list[float]) -> str:
        return f"{statistics.median(values):.2f} s ({min(values):.2f} to {max(values):.2f})"

    new = runs[0]["new"]
    machine = [run["opened"] + run["new"]["s"] for run in runs]
    person = new["clicks"] * CLICK_S + new["keys"] * KEY_S + SCREENS * SCREEN_S
    following = [took for run in runs for took in run["next"]]
    yesterday, name = runs[0]["yesterday"], runs[0]["name"]
    rows = [
        (
            "program start to the first verdict of a new product, own pictures, empty home",
            BEFORE["new"],
            f"{new['clicks']} clicks, {new['keys']} keys; {statistics.median(machine) + person:.0f} s with a person",
        ),
        ("of it waiting for the machine", BEFORE["wait"], spread(machine)),
        ("Review: agree", BEFORE["confirm"], "1 key"),
        ("Review: disagree, with a reason", BEFORE["overrule"], f"{runs[0]['overrule']['keys']} keys"),
        ("Review: from the key to the next picture", BEFORE["next"], f"{spread(following)}, n = {len(following)}"),
        (
            "all NG of yesterday, once in Review",
            BEFORE["yesterday"],
            f"{yesterday['clicks']} clicks; {spread([run['yesterday']['after'] for run in runs])} of the machine",
        ),
        (
            "one picture by its name",
            BEFORE["name"],
            f"Ctrl+F and {name['keys'] - 1} letters; {spread([run['name']['after'] for run in runs])} of the machine",
        ),
    ]
    return markdown_table(("journey", "the first window", "now"), rows)


def main() -> int:
    """Run all, and write the table."""
    if sys.argv[1:] == [_OF_THE_CHILD]:
        print(json.dumps(one_run()))
        return 0
    runs = []
    with virtual_screen() as screen:
        for number in range(STARTS):
            command = [sys.executable, "-m", "tools.journeys", _OF_THE_CHILD]
            done = subprocess.run(command, env=os.environ | screen, stdout=subprocess.PIPE, text=True, check=True)
            runs.append(json.loads(done.stdout.splitlines()[-1]))
            say(f"{number + 1} of {STARTS}: {runs[-1]}")
    section = (
        f"{STARTS} runs on the rendered product, each on an empty home, median (least to most). The first window was "
        "tried by hand under a script, at a load of 7 to 13. Clicks in the dialogs that pick files are reckoned now: "
        "three for several files, one for a folder. `python -m tools.journeys`, "
        f"{this_machine()}.\n\n{table(runs)}"
    )
    replace_section(PAGE, TITLE, section)
    return 0


if __name__ == "__main__":
    sys.exit(main())
