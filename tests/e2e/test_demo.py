"""``main.py demo``: the whole job in one command."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.conftest import Result

Run = Callable[..., Result]

KEYS = {
    "product", "recipe_hash", "profile", "trained", "inspected", "ok", "review", "ng", "not_inspected", "image_auroc",
    "pixel_auroc", "seconds_per_image", "database", "out",
}  # fmt: skip


def test_a_category_becomes_verdicts_heat_maps_and_a_contact_sheet(run: Run, category: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("demo", "--data", category, "--out", out, "--json")
    assert result.status == 0, result.stderr
    report = result.json
    assert report.keys() >= KEYS
    assert report["inspected"] == report["ok"] + report["review"] + report["ng"] == 6
    assert report["not_inspected"] == 0
    assert report["image_auroc"] == 1.0
    assert report["pixel_auroc"] > 0.9
    assert len(list((out / "heat_maps").glob("*.png"))) == 6
    with Image.open(out / "contact_sheet.png") as sheet:
        assert sheet.width > 600
    assert (out / "filo.sqlite").stat().st_size > 0


def test_the_table_says_whether_anything_was_learned(run: Run, category: Path, tmp_path: Path) -> None:
    result = run("demo", "--data", category, "--out", tmp_path / "out")
    trained = run("demo", "--data", category, "--out", tmp_path / "out", "--json").json["trained"]
    assert result.status == 0, result.stderr
    assert ("untrained" in result.stdout) is not trained
    assert "spot" in result.stdout
    assert "4 good parts" in result.stdout


def test_running_it_again_replaces_its_own_results_only(run: Run, category: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first, second = (run("demo", "--data", category, "--out", out, "--json").json for _ in range(2))
    assert first["recipe_hash"] == second["recipe_hash"]
    assert second["inspected"] == 6
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("mine")
    refused = run("demo", "--data", category, "--out", precious)
    assert refused.status == 1
    assert "not empty" in refused.stderr
    assert (precious / "thesis.txt").read_text() == "mine"


@pytest.mark.slow
def test_without_data_it_inspects_the_rendered_product_that_ships(run_process: Run, tmp_path: Path) -> None:
    result = run_process("demo", "--out", tmp_path / "out", "--json")
    assert result.status == 0, result.stderr
    assert result.json["product"] == "bracket"
    assert result.json["inspected"] >= 20


def test_a_folder_that_is_no_category_is_named_with_what_it_needs(run: Run, tmp_path: Path) -> None:
    result = run("demo", "--data", tmp_path / "nothing", "--out", tmp_path / "out")
    assert result.status == 1
    assert "train/good" in result.stderr
