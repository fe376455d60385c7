"""A profile that did not ship with the program is found by every command that judges with a product made under it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from filo_core.profiles.install import install_release
from filo_core.resources import resource_path
from tests.e2e.conftest import Result
from tests.unit.filo_core.profiles.published_making import release_weights, write_release, write_release_template

Run = Callable[..., Result]
pytestmark = pytest.mark.slow


def test_a_product_made_under_an_installed_profile_is_judged_by_that_one(
    run: Run, category: Path, filo_home: Path, tmp_path: Path
) -> None:
    folder = filo_home / "models" / "other"
    shutil.copytree(resource_path("models", "compact"), folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    # Another number of the method: another model.
    changed = manifest | {"name": "other", "map_sigma": manifest["map_sigma"] + 1}
    (folder / "manifest.json").write_text(json.dumps(changed))
    made = run("product", "create", "plate", "--class-name", "metal plate", "--references",
               category / "train" / "good", "--eyes", "fast 256", "--json", env={"FILO_PROFILE": "other"})  # fmt: skip
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


def test_a_converted_filo_checkpoint_creates_judges_and_is_measured(
    run: Run, category: Path, filo_home: Path, tmp_path: Path
) -> None:
    template = tmp_path / "template"
    template.mkdir()
    write_release_template(template)
    checkpoint = write_release(release_weights(), tmp_path / "filo.pth")
    install_release(checkpoint, filo_home / "models", template, {})
    filo = {"FILO_PROFILE": "filo"}
    assert "CC BY-NC-SA 4.0" in run("models", "list", "--json").stdout
    assert run("models", "verify", "filo", "--json").json["usable"]
    made = run("product", "create", "plate", "--class-name", "metal plate", "--references",
               category / "train" / "good", "--json", env=filo)  # fmt: skip
    assert made.status == 0, made.stderr
    assert made.json["profile"] == "filo"
    judged = run("inspect", "plate", "--folder", category / "test", "--json")
    assert judged.status == 0, judged.stderr
    assert judged.json["inspected"] == 6
    measured = run("benchmark", category, "--profile", "filo", "--shots", "0", "--seeds", "1",
                   "--json", tmp_path / "figures.json")  # fmt: skip
    assert measured.status == 0, measured.stderr
    assert 0.0 <= json.loads((tmp_path / "figures.json").read_text())["mean"]["pixel_auroc"] <= 1.0
    refused = run("train", category, "--checkpoint", tmp_path / "run.safetensors", "--profile", "filo")
    assert refused.status == 1
    assert "FiLo's released network" in " ".join(refused.stderr.split())
