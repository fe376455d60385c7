"""Drives the real window through its journeys and takes a picture of every screen.

``python tools/screenshots.py docs/screens`` sets up the rendered demo product from four good parts, inspects its test
folder, plays it as a camera, and reviews a verdict, in the light theme and then in the dark one. It needs an X server
(it starts Xvfb when there is none) and prints one JSON object with what it saw on its last line.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from PySide6.QtWidgets import QAbstractButton

    from filo_core.types import Inspection
    from gui.application import Session


PATIENCE_S = 240.0
SIZE = (1360, 860)
GOOD_PARTS = 4
DAYS, BAD_DAY = 14, 9
"""Of the record that the statistics are shown on."""


def with_display(command: list[str]) -> int:
    """Run ``command`` on a virtual screen of its own; its exit status."""
    if shutil.which("Xvfb") is None:
        print("Xvfb is not installed: run make system-test, or set DISPLAY.", file=sys.stderr)
        return 1
    from tools.virtual_screen import virtual_screen

    with virtual_screen() as screen:
        return subprocess.run(command, env=os.environ | screen, check=False).returncode


class Journey:
    """One run of the application on an empty home, seen from outside: mouse, keyboard, pictures."""

    product = "Bracket FB-204"
    sought = "crack"
    """In the name of the picture that is reviewed."""

    def __init__(self, session: Session, out: Path, suffix: str) -> None:
        self.session = session
        self.window = session.window
        self.state = session.state
        self.out = out
        self.suffix = suffix
        self.seen: dict[str, Any] = {}
        self.started = time.perf_counter()
        self.judged: list[Inspection] = []
        """What the folder run said, for :meth:`statistics`."""

    def until(self, condition: Callable[[], Any], what: str) -> None:
        """Let the window live until something is so."""
        from PySide6.QtWidgets import QApplication

        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come true within {PATIENCE_S:.0f} s")
            QApplication.processEvents()
            time.sleep(0.005)

    def picture(self, name: str) -> None:
        """Save the window as it stands, once nothing is left to paint."""
        from PySide6.QtCore import QThreadPool
        from PySide6.QtWidgets import QApplication

        for _ in range(8):
            QThreadPool.globalInstance().waitForDone(2000)
            QApplication.processEvents()
        self.window.grab().save(str(self.out / f"{name}{self.suffix}.png"))

    def press(self, control: QAbstractButton) -> None:
        """Click a control as a mouse does, when it can be."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        self.until(control.isEnabled, f"{control.text()!r} can be pressed")
        QTest.mouseClick(control, Qt.MouseButton.LeftButton)

    def open(self) -> None:
        """The window first, then the record."""
        self.window.resize(*SIZE)
        self.window.show()
        self.until(lambda: self.window.windowHandle() and self.window.windowHandle().isExposed(), "the window shows")
        # From the start of this process: the interpreter and every import count.
        self.seen["seconds_to_window"] = round(time.time() - psutil.Process().create_time(), 3)
        self.session.open()
        self.until(lambda: self.window.current_screen is not None, "the record is open")
        self.picture("products-empty")
        self.window.tour.end()

    def cold_start(self, good: list[Path]) -> None:
        """The steps of the wizard, with bad parts at the end."""
        from PySide6.QtTest import QTest

        from gui.state import Screen

        products: Any = self.window.screen_widget(Screen.PRODUCTS)
        products.set_up_new()
        wizard = products.wizard
        QTest.keyClicks(wizard.page.name_edit, self.product)
        self.picture("wizard-1-describe")
        self.press(wizard.next_button)
        references = wizard.page
        references.add_paths(good)
        self.until(lambda: len(references.shelf.items) == len(good) and not references.shelf.is_busy, "references")
        self.picture("wizard-2-references")
        self.press(wizard.next_button)
        proving = wizard.page
        found = wizard.session
        self.until(lambda: found.draft.limits is not None and not proving.calibration.is_running, "limits are found")
        self.picture("wizard-3-never-shown")
        test = good[0].parents[2] / "test"
        proving.show_files([test / kind / "000.jpg" for kind in ("missing_screw", "crack", "stain")], bad=True)
        tray = proving.trays.bad.tray
        self.until(lambda: len(tray.tiles) == 3 and not proving.calibration.is_running, "bad parts are judged")
        self.picture("wizard-3-prove")
        QTest.keyClicks(proving.signing.reason_edit, "shown for its picture")
        self.press(proving.signing.sign_button)
        self.until(lambda: not wizard.missing_sentence, "the recipe is signed")
        self.press(wizard.list_button)
        self.picture("products")

    def folder(self, images: Path) -> None:
        """Inspect a folder and look at one result."""
        from gui.folder.phases import RunPhase
        from gui.state import Screen

        self.state.request_screen(Screen.FOLDER, self.product)
        panel: Any = self.window.screen_widget(Screen.FOLDER)
        self.state.inspection_recorded.connect(self.take)
        panel.folder.setText(str(images))
        self.press(panel.start)
        self.until(lambda: panel.presenter.phase is RunPhase.FINISHED, "the folder is inspected")
        panel.table.selectRow(0)
        self.until(panel.detail.isVisible, "the result shows")
        self.picture("folder")
        self.state.inspection_recorded.disconnect(self.take)
        counts = self.state.workbench.history.counts(self.product)
        self.seen["folder"] = {"ok": counts.ok, "review": counts.review, "ng": counts.ng}

    def take(self, inspection: Inspection) -> None:
        """A verdict of the folder is in the record; the first one stops the watch of the cold start."""
        self.judged.append(inspection)
        self.seen.setdefault("seconds_to_verdict", round(time.perf_counter() - self.started, 1))

    def live(self, images: Path) -> None:
        """Play the folder as a camera until a few verdicts are there."""
        from gui.live.presenter import LivePhase
        from gui.sources.choice import SourceChoice, SourceKind
        from gui.state import Screen

        self.state.request_screen(Screen.LIVE, self.product)
        panel: Any = self.window.screen_widget(Screen.LIVE)
        panel.source.set_choice(SourceChoice(SourceKind.FOLDER, str(images), 0.2))
        self.press(panel.start_stop)
        live_rows = self._live_rows
        self.until(lambda: live_rows() >= 3, "three live verdicts")
        self.picture("live")
        self.press(panel.start_stop)
        self.until(lambda: panel.presenter.phase is LivePhase.IDLE, "live has stopped")
        self.seen["live"] = live_rows()

    def pulled_camera(self, pictures: Path) -> None:
        """Live inspection of a network camera that is pulled and plugged in again; nobody touches the window."""
        from filo_core.types import Verdict
        from gui.live.presenter import LivePhase
        from gui.sources.choice import SourceChoice, SourceKind
        from gui.state import Screen
        from tools.stream_rig import NetworkCamera

        self.state.request_screen(Screen.LIVE, self.product)
        panel: Any = self.window.screen_widget(Screen.LIVE)
        panel.presenter.set_freeze_on_ng(False)
        camera = NetworkCamera(pictures)
        camera.plug()
        try:
            panel.source.set_choice(SourceChoice(SourceKind.ADDRESS, camera.address))
            self.press(panel.start_stop)
            judged = {Verdict.OK, Verdict.REVIEW, Verdict.NG}
            self.until(lambda: panel.banner.verdict in judged, "the camera's first verdict")
            self.seen["camera_loss_shown_s"] = self.seconds_until(
                camera.unplug, lambda: panel.banner.verdict is Verdict.NOT_INSPECTED, "the loss on the screen"
            )
            self.picture("live-camera-lost")
            self.seen["camera_back_s"] = self.seconds_until(
                camera.plug, lambda: panel.banner.verdict in judged, "the first verdict after the loss"
            )
            self.picture("live-camera-back")
            self.press(panel.start_stop)
            self.until(lambda: panel.presenter.phase is LivePhase.IDLE, "live has stopped")
        finally:
            camera.close()

    def seconds_until(self, act: Callable[[], None], condition: Callable[[], Any], what: str) -> float:
        """From the end of ``act`` until something is so."""
        act()
        begun = time.monotonic()
        self.until(condition, what)
        return round(time.monotonic() - begun, 2)

    def _live_rows(self) -> int:
        from filo_core.types import InspectionFilter, Origin

        page = self.state.workbench.history.page(InspectionFilter(product=self.product), limit=50)
        return sum(record.origin is Origin.LIVE for record in page)

    def review(self) -> None:
        """Confirm the verdict that is farthest beyond its limit, by keyboard."""
        from filo_core.types import InspectionFilter, PageOrder
        from gui.state import Screen

        self.state.request_screen(Screen.REVIEW, self.product)
        panel: Any = self.window.screen_widget(Screen.REVIEW)
        panel.filter_bar.show_everything()
        panel.filter_bar.search.setText(self.sought)
        panel.filter_bar.order.setCurrentIndex(panel.filter_bar.order.findData(PageOrder.HIGHEST.value))
        panel.filter_bar.on_changed()
        self.until(lambda: panel.current is not None and self.sought in panel.current.name, "an inspection is chosen")
        undecided = InspectionFilter(product=self.product, undecided=True)
        history = self.state.workbench.history
        before = history.count(undecided)
        self.until(lambda: panel.detail.is_seen, "the picture is on screen")
        panel.confirm()
        self.until(lambda: history.count(undecided) == before - 1, "the review is stored")
        self.picture("review")
        self.seen["reviewed"] = before - history.count(undecided)
        panel.filter_bar.search.clear()

    def statistics(self) -> None:
        """Two weeks of the line: the folder's verdicts recorded again on earlier days, with a supervisor's reviews."""
        from gui.state import Screen

        self.replay()
        self.state.request_screen(Screen.STATISTICS, self.product)
        panel: Any = self.window.screen_widget(Screen.STATISTICS)
        self.until(lambda: panel.presenter.limits is not None, "the figures are read")
        self.picture("statistics")
        panel.limits.ok_spin.setValue(0.9 * panel.presenter.limits.ok)
        panel.area.verticalScrollBar().setValue(panel.area.verticalScrollBar().maximum())
        self.picture("statistics-limits")
        self.seen["statistics"] = panel.presenter.figures.counts.done

    def replay(self) -> None:
        """Record real verdicts with moments of the past; what is wrong with a part stands in its folder's name."""
        import random
        from dataclasses import replace
        from datetime import UTC, datetime, timedelta

        from filo_core.types import Origin
        from storage.recorder import Recorder

        draw = random.Random(4)
        good = [one for one in self.judged if one.name.startswith("good/")]
        bad = [one for one in self.judged if not one.name.startswith("good/")]
        recorder = Recorder(self.state.workbench.storage, self.product, station="line 1")
        for day in range(DAYS):
            moment = datetime.now(UTC) - timedelta(days=DAYS - day)
            for number in range(draw.randint(30, 70)):
                chosen = draw.choice(bad if draw.random() < (0.35 if day == BAD_DAY else 0.08) else good)
                at = moment + timedelta(minutes=5 * number)
                self.review_truly(recorder.record_one(replace(chosen, origin=Origin.LIVE, inspected_at=at)))

    def review_truly(self, inspection_id: int) -> None:
        """Decide as the folder's name says; nobody looks at every part, so good ones only now and then."""
        from filo_core.types import ReviewDecision, Verdict

        history = self.state.workbench.history
        record = history.get(inspection_id)
        kind = record.name.split("/")[0]
        truth = Verdict.OK if kind == "good" else Verdict.NG
        if truth is Verdict.OK and inspection_id % 4:
            return
        agrees = record.verdict in {truth, Verdict.REVIEW}
        history.review(
            inspection_id,
            ReviewDecision.CONFIRM if agrees else ReviewDecision.OVERRULE,
            truth,
            "supervisor",
            reason="" if agrees else "A defect was missed" if truth is Verdict.NG else "Within tolerance",
            anomaly_type="" if truth is Verdict.OK else kind.replace("_", " "),
        )

    def settings(self) -> None:
        """The settings as they are at the first start, then an admin's view of users and an output."""
        from filo_core.types import Role
        from gui.state import Screen
        from workflows.settings.output_address import Output

        self.state.request_screen(Screen.SETTINGS)
        self.picture("settings")
        panel: Any = self.window.screen_widget(Screen.SETTINGS)
        pin = "740936"
        panel.users.presenter.add("Ada", Role.ADMIN, pin, pin)
        panel.users.presenter.add("Olaf", Role.OPERATOR, pin, pin)
        panel.show_page(panel.users)
        self.picture("settings-users")
        panel.outputs.presenter.put(Output.of("mqtt", "broker.local:1883/line/7", user="line7"), None)
        panel.show_page(panel.outputs)
        self.picture("settings-outputs")


def drive(out: Path, *, dark: bool, language: str) -> dict[str, Any]:
    """All journeys in one theme and language; what was seen."""
    # All that `main.py app` imports before it opens the window.
    importlib.import_module("main")
    from gui.qt_environment import prepare_qt_environment

    prepare_qt_environment()
    from PySide6.QtWidgets import QApplication

    from gui.appearance import Appearance
    from gui.application import Session
    from workflows.settings.settings import Settings

    app = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory(prefix="parts-") as parts:
        # A copy, since the pictures show where it lies.
        demo = Path(shutil.copytree(ROOT / "resources" / "demo" / "bracket", Path(parts) / "bracket"))
        settings = Settings(
            home=Path(home),
            operator="operator",
            theme="dark" if dark else "light",
            language=language,
        )
        Appearance(app, settings)
        session = Session(app, settings)
        journey = Journey(session, out, "-dark" if dark else "")
        try:
            journey.open()
            journey.cold_start(sorted((demo / "train" / "good").iterdir())[:GOOD_PARTS])
            journey.seen["seconds_to_recipe"] = round(time.perf_counter() - journey.started, 1)
            journey.folder(demo / "test")
            journey.live(demo / "test")
            if shutil.which("ffmpeg"):
                journey.pulled_camera(demo / "test" / "good")
            journey.review()
            journey.statistics()
            journey.settings()
            journey.seen["platform"] = app.platformName()
        finally:
            session.close()
    return journey.seen


def main() -> int:
    """``screenshots.py [OUT] [--light-only] [--languages en,de]``: English in OUT, others in a folder below."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("out", nargs="?", type=Path, default=Path("docs/screens"))
    reader.add_argument("--light-only", action="store_true")
    reader.add_argument("--languages", default="en,de,zh_CN")
    reader.add_argument("--theme", choices=("light", "dark"), help="take these alone, on the screen that is there")
    asked = reader.parse_args()
    languages = asked.languages.split(",")
    if asked.theme is not None:
        asked.out.mkdir(parents=True, exist_ok=True)
        print(json.dumps(drive(asked.out, dark=asked.theme == "dark", language=languages[0])))
        return 0
    for language in languages:
        out = asked.out if language == "en" else asked.out / language
        for theme in ("light",) if asked.light_only else ("light", "dark"):
            command = [sys.executable, str(Path(__file__).resolve()), str(out), "--theme", theme]
            command += ["--languages", language]
            here = bool(os.environ.get("DISPLAY"))
            status = subprocess.run(command, check=False).returncode if here else with_display(command)
            if status:
                return status
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
