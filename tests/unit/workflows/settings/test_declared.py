"""A setting is declared once: its variable, its line in the file, its control and its line of the README follow."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.templates import templates
from workflows.settings.declared import Declared, bounds_of, declared, on_page, typed
from workflows.settings.setting_kinds import SettingsPage

ROOT = Path(__file__).resolve().parents[4]


def test_a_made_up_setting_shows_up_in_environment_file_window_and_readme(tmp_path: Path) -> None:
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "QT_QPA_PLATFORM": "offscreen",
        "FILO_COFFEE_BREAK_MIN": "20",
        "FILO_LANGUAGE": "en",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.workflows.settings.made_up_setting"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    assert "it is everywhere" in done.stdout


def test_whatever_the_window_shows_has_a_caption_that_can_be_translated() -> None:
    known = set(templates(ROOT))
    for name, one in declared().items():
        assert (one.page is None) is not bool(one.caption), name
        texts = (one.caption, one.help, one.nothing, *(text for _, text in one.choices))
        # A language is called what it calls itself.
        assert {text for text in texts if text and name != "language"} <= known, name


def test_every_default_is_a_value_that_its_setting_can_have() -> None:
    for name, field in Declared.model_fields.items():
        default = field.get_default(call_default_factory=True)
        assert typed(name, default) == default
        if declared()[name].choices:
            assert default in [value for value, _ in declared()[name].choices]
        if (bounds := bounds_of(name)) is not None:
            assert default is None or bounds[0] <= float(default) <= bounds[1]


def test_every_page_has_a_setting() -> None:
    assert [page for page in SettingsPage if not on_page(page)] == []


def test_a_value_beyond_its_bounds_is_none() -> None:
    with pytest.raises(ValueError, match="less than or equal to 60"):
        typed("deadline_s", 61)
