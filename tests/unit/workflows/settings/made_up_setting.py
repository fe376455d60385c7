"""A program of its own: adds a line to the table of settings as it is loaded, then looks for it everywhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

TABLE = "workflows.settings.declared"
BEFORE = b"    device: Annotated["
LINE = b"""\
    coffee_break_min: Annotated[
        int,
        Field(ge=5, le=45),
        Setting("how long the crew rests", SettingsPage.CAMERA, Sentence("Coffee break"), unit=" min"),
    ] = 15
"""


class WithAnotherLine(SourceFileLoader):
    """Never takes what was compiled from the real file."""

    def get_code(self, fullname: str) -> CodeType:
        source = self.get_data(self.path)
        assert BEFORE in source
        return compile(source.replace(BEFORE, LINE + BEFORE, 1), self.path, "exec")


class Finder(PathFinder):
    """Finds the table with another line in it."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        found = PathFinder.find_spec(fullname, path, target)
        if fullname == TABLE and found is not None:
            found.loader = WithAnotherLine(fullname, str(found.origin))
        return found


def main() -> None:
    """Raise an ``AssertionError`` where the setting is missing."""
    sys.meta_path.insert(0, Finder)
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication, QSpinBox

    app = QApplication([])
    from gui.settings.general_page import GeneralPage
    from gui.state import AppState
    from tools.settings_table import README, with_table
    from workflows.settings.file import read_settings_file, variable_of
    from workflows.settings.settings import Settings
    from workflows.workbench import open_workbench

    home = Path("home").resolve()
    assert getattr(Settings(home=home), "coffee_break_min") == 20  # noqa: B009 - no checker knows it
    del os.environ[variable_of("coffee_break_min")]
    workbench = open_workbench(Settings(home=home), load_engine=lambda *_: None)  # type: ignore[arg-type,return-value]
    state = AppState()
    state.set_workbench(workbench)
    page = GeneralPage(state)
    page.show()
    control = page.fields["coffee_break_min"].control
    assert isinstance(control, QSpinBox)
    assert (control.text(), control.minimum(), control.maximum()) == ("15 min", 5, 45)
    assert control.accessibleName() == "Coffee break"
    control.selectAll()
    QTest.keyClicks(control, "30")
    page.save_button.click()
    while not page.message.sentence:
        app.processEvents()
    assert page.message.sentence == "Saved, and in force.", page.message.sentence
    assert read_settings_file(home)["coffee_break_min"] == 30
    assert getattr(state.settings, "coffee_break_min") == 30  # noqa: B009
    page.close_down()
    workbench.close()
    readme = README.read_text(encoding="utf-8")
    assert "| `FILO_COFFEE_BREAK_MIN` | how long the crew rests | Settings → camera |" in with_table(readme)
    assert with_table(readme) != readme
    print("it is everywhere")


if __name__ == "__main__":
    main()
