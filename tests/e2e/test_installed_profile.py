"""A profile that did not ship with the program is found by every command that judges with a product made under it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from filo_core.resources import resource_path
from tests.e2e.conftest import Result

Run = Callable[..., Result]
pytestmark = pytest.mark.slow


def test_a_product_made_under_an_installed_profile_is_judged_by_that_one(
    run: Run, category: Path, filo_home: Path, tmp_path: Path
) -> None:
    folder = filo_home / "models" / "other"
    shutil.copytree(resource_path("models", "compact"), folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    # Another number of the method: another model.
    changed = manifest | {"name": "other", "gaussian_sigma_px": manifest["gaussian_sigma_px"] + 1}
    (folder / "manifest.json").write_text(json.dumps(changed))
    made = run("product", "create", "plate", "--class-name", "metal plate", "--references",
               category / "train" / "good", "--json", env={"FILO_PROFILE": "other"})  # fmt: skip
    assert made.status == 0, made.stderr
    assert made.json["profile"] == "other"
    judged = run("inspect", "plate", "--folder", category / "test", "--json")
    assert judged.status == 0, judged.stderr
    assert judged.json["inspected"] == 6
    calibrated = run("calibrate", "plate", "--json")
    assert calibrated.status == 0, calibrated.stderr
    line = run("line", "run", "plate", "--source", category / "test" / "spot",
               "--output", f"csv:{tmp_path / 'out.csv'}", "--parts", 1, "--deadline", 60, "--json")  # fmt: skip
    assert line.status == 0, line.stderr
    assert "NOT_INSPECTED" not in line.json["verdicts"]
