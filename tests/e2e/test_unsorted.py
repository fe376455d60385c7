"""A product begun from pictures that nobody has sorted, on the command line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from filo_core.resources import resource_path
from tests.e2e.conftest import Result

Run = Callable[..., Result]
GOOD, BAD = 12, ("missing_screw", "scratch")


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Twelve good brackets and two bad ones under names that say nothing."""
    bracket, folder = resource_path("demo", "bracket"), tmp_path / "mixed"
    folder.mkdir()
    good = [*sorted((bracket / "train" / "good").iterdir()), *sorted((bracket / "test" / "good").iterdir())][:GOOD]
    bad = [sorted((bracket / "test" / kind).iterdir())[0] for kind in BAD]
    for number, path in enumerate([*bad, *good]):
        shutil.copy(path, folder / f"{number:02}{path.suffix}")
    return folder


@pytest.mark.slow
def test_good_parts_are_proposed_first_and_made_a_product_when_somebody_says_so(run: Run, mixed: Path) -> None:
    asked = ("product", "create", "bracket", "--class-name", "bracket", "--unsorted", mixed, "--eyes", "fast 256")
    shown = run(*asked, "--json").json
    assert shown["created"] is False
    assert len(shown["proposed"]) == 6
    assert len(shown["ranked"]) >= 12
    bad = {str(mixed / "00.jpg"), str(mixed / "01.jpg")}
    assert not bad & set(shown["proposed"])
    assert bad <= set(shown["oddest"])
    assert run("product", "list", "--json").json["products"] == []
    made = run(*asked, "--yes", "--json").json
    assert (made["created"], made["good_parts"], made["product"]) == (True, 6, "bracket")
    assert made["proposed"] == shown["proposed"]


def test_it_needs_one_folder_and_enough_pictures(run: Run, mixed: Path) -> None:
    neither = run("product", "create", "bracket", "--class-name", "bracket")
    assert (neither.status, "--unsorted" in neither.stderr) == (1, True)
    both = run("product", "create", "b", "--class-name", "bracket", "--references", mixed, "--unsorted", mixed)
    assert (both.status, "--unsorted" in both.stderr) == (1, True)
    for path in sorted(mixed.iterdir())[4:]:
        path.unlink()
    few = run("product", "create", "bracket", "--class-name", "bracket", "--unsorted", mixed)
    assert few.status == 1
    assert "Sorting needs 12" in few.stderr
