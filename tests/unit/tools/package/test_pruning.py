"""What is taken out of a frozen program: what nothing that stays is linked with."""

from __future__ import annotations

from pathlib import Path

from tools.package.pruning import unneeded

PROGRAM = Path("/program")
INSIDE = PROGRAM / "_internal"


def test_a_library_goes_when_only_one_that_goes_needed_it_and_stays_when_a_module_does() -> None:
    needs = {
        INSIDE / "libgtk-3.so.0": {"libcairo.so.2", "libc.so.6"},
        INSIDE / "libcairo.so.2": {"libpng16.so.16"},
        INSIDE / "libpng16.so.16": set(),
        INSIDE / "PySide6" / "QtGui.abi3.so": {"libQt6Gui.so.6"},
        INSIDE / "PySide6" / "Qt" / "lib" / "libQt6Gui.so.6": {"libpng16.so.16"},
        INSIDE / "PySide6" / "Qt" / "lib" / "libQt6Qml.so.6": set(),
    }
    assert {path.name for path in unneeded(needs, PROGRAM)} == {"libgtk-3.so.0", "libcairo.so.2", "libQt6Qml.so.6"}


def test_what_may_be_loaded_by_name_stays() -> None:
    needs = {
        INSIDE / "libpython3.11.so.1.0": set(),
        INSIDE / "onnxruntime" / "capi" / "libproviders.so": {"libz.so.1"},
        INSIDE / "libz.so.1": set(),
        INSIDE / "scipy.libs" / "libscipy_openblas.so": set(),
    }
    assert unneeded(needs, PROGRAM) == []
