"""From the key that decides to the next picture: a tenth of a second, on parts as cameras take them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.review.panel import ReviewPanel
from tests.unit.gui.conftest import picture
from workflows.workbench import Workbench

LONGEST_S = 0.1
CAMERA = (2448, 2048)
PARTS = 6


@pytest.mark.timed
@pytest.mark.slow
def test_the_next_picture_is_on_screen_within_100_ms_of_the_key(
    panel: ReviewPanel,
    workbench: Workbench,
    product: str,
    tmp_path: Path,
    until: Callable[..., None],
    record_property: Callable[[str, object], None],
) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    for number in range(PARTS):
        picture(200, seed=number, size=CAMERA).save(folder / f"{number}.bmp")
    handle = workbench.inspector.inspect_folder(product, folder)
    handle.wait(60)
    assert handle.error is None
    panel.resize(1280, 690)
    panel.show()
    until(lambda: panel.presenter.counts == (PARTS, PARTS), "all wait to be decided")
    took = []
    for _ in range(PARTS - 1):
        # Whoever looks at a picture leaves this time.
        until(lambda: panel.detail.is_seen and not panel._pictures.is_busy, "the picture is seen, the next ones read")
        until(lambda: not panel.presenter.saves, "what was decided is stored")
        seen = panel.current
        begun = time.perf_counter()
        QTest.keyClick(panel.strip, Qt.Key.Key_C)
        while panel.current is seen or not panel.detail.is_seen:
            QApplication.processEvents()
        took.append(time.perf_counter() - begun)
    record_property("next_picture_s", took)
    # The middle one: whatever else the machine does at one moment is not the program's doing.
    assert sorted(took)[len(took) // 2] <= LONGEST_S, took
