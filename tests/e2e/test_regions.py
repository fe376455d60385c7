"""Regions on the command line: set, shown, copied, written, removed; and judged by."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from filo_core.trunks.listed import shipped_trunks
from filo_core.trunks.store import TrunkStore
from tests.e2e.conftest import Result

Run = Callable[..., Result]
pytestmark = pytest.mark.skipif(
    not TrunkStore().present(shipped_trunks()),
    reason="no trunk is prepared here: make setup does it where the package index has them",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The plate of the test pictures in two halves, and a mask in the background."""
    regions = [
        {"name": "left", "shape": "rectangle", "points": [[0.22, 0.2], [0.5, 0.8]]},
        {"name": "right", "shape": "rectangle", "points": [[0.55, 0.2], [0.78, 0.8]]},
        {"name": "print", "kind": "ignore", "shape": "ellipse", "points": [[0.6, 0.6], [0.7, 0.75]]},
    ]
    path = tmp_path / "regions.json"
    path.write_text(json.dumps({"format": "filo-regions", "version": 1, "regions": regions}))
    return path


@pytest.mark.slow
def test_a_product_is_created_with_regions_and_says_which_decided(run: Run, category: Path, file: Path) -> None:
    made = run("product", "create", "plate", "--class-name", "metal plate", "--references",
               category / "train" / "good", "--eyes", "fast 256", "--regions", file, "--json")  # fmt: skip
    assert made.status == 0, made.stderr
    assert "2 regions, which share the promise" in made.json["calibration"]
    run("inspect", "plate", "--folder", category / "test" / "spot", "--json")
    run("export", "plate", "--format", "csv", "--out", category / "out.csv")
    assert "Region left decided" in (category / "out.csv").read_text(encoding="utf-8-sig")


def test_regions_are_set_shown_written_copied_and_removed(run: Run, product: str, file: Path, tmp_path: Path) -> None:
    assert "the whole picture is looked at" in run("product", "regions", product).stdout
    done = run("product", "regions", product, file)
    assert "main.py calibrate" in done.stdout
    shown = run("product", "regions", product, "--json").json["regions"]
    assert [(one["name"], one["kind"]) for one in shown] == [
        ("left", "inspect"),
        ("right", "inspect"),
        ("print", "ignore"),
    ]
    assert run("product", "regions", product, "--write", tmp_path / "again.json").status == 0
    assert run("product", "regions", product, "--none", "--json").json["regions"] == []
    assert run("product", "regions", product, tmp_path / "again.json", "--json").json["regions"] == shown


def test_what_cannot_be_is_one_sentence(run: Run, product: str, file: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("[")
    refused = run("product", "regions", product, tmp_path / "bad.json")
    assert refused.status == 1
    assert "is no JSON" in refused.stderr
    two = run("product", "regions", product, file, "--none")
    assert two.status in {1, 2}
    assert "Give one of" in " ".join(two.stderr.split())
    nothing = run("product", "regions", product, "--write", tmp_path / "w.json")
    assert "has no regions to write" in nothing.stderr
    assert run("product", "regions", product, "--json").json["regions"] == []


def test_the_part_as_a_whole_is_asked_for_and_not_any_more(run: Run, product: str, file: Path) -> None:
    shown = run("product", "regions", product, "--whole-part", "--json").json["regions"]
    assert [(one["name"], one["kind"]) for one in shown] == [("whole picture", "inspect"), ("whole part", "whole")]
    assert run("product", "regions", product, "--no-whole-part", "--json").json["regions"] == []
    with_file = run("product", "regions", product, file, "--whole-part", "--json").json["regions"]
    assert [one["kind"] for one in with_file] == ["inspect", "inspect", "ignore", "whole"]
    assert with_file[-1]["points"] == [[0.22, 0.2], [0.78, 0.8]]
    refused = run("product", "regions", product, "--none", "--whole-part")
    assert "know no --whole-part" in " ".join(refused.stderr.split())
