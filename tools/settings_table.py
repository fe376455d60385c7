"""Writes the table of the environment's variables into the README, from the one table that declares the settings.

``python -m tools.settings_table`` replaces what stands between its two marks.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tools.markdown import between_marks
from workflows.settings.declared import declared
from workflows.settings.file import variable_of
from workflows.settings.setting_kinds import Setting

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- settings: python -m tools.settings_table -->", "<!-- end of settings -->"
_NOT_SETTINGS = {
    "FILO_SECRETS": "`file` passes the keyring over",
    "FILO_SECRETS_PASSPHRASE": "what encrypts the file of secrets",
}
"""Read before there are any settings."""


def rows() -> list[str]:
    """A line a variable, in the order of the table."""
    lines = ["| variable | meaning | in the window |", "|---|---|---|"]
    lines += [f"| `{variable_of(name)}` | {one.about} | {_where(one)} |" for name, one in declared().items()]
    return lines + [f"| `{name}` | {about} | |" for name, about in _NOT_SETTINGS.items()]


def _where(setting: Setting) -> str:
    if setting.page is None:
        return ""
    return f"Settings → {setting.page.value}" + (", after a restart" if setting.after_restart else "")


def with_table(page: str) -> str:
    """A page with the table in place of what stands between the marks.

    Raises:
        ValueError: if a mark is missing.
    """
    return between_marks(page, BEGIN, END, rows())


def main() -> int:
    """Write the README."""
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
