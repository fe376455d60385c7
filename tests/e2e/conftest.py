"""A small category made by the test, and the program as a user starts it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from program import cli

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict[str, Any]:
        """The last line of stdout."""
        content: dict[str, Any] = json.loads(self.stdout.splitlines()[-1])
        return content


def environment(home: Path) -> dict[str, str]:
    """The environment of a command with its data in ``home``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FILO_")}
    return kept | {"FILO_HOME": str(home), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def run(filo_home: Path) -> Callable[..., Result]:
    """``run("demo", "--json")`` does what ``main.py demo --json`` does, in this process: torch loads but once."""

    def start(*arguments: str | Path, env: dict[str, str | None] | None = None, typed: str = "") -> Result:
        variables: dict[str, str | None] = {"FILO_HOME": str(filo_home)} | (env or {})
        done = CliRunner().invoke(cli, list(map(str, arguments)), input=typed, env=variables)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert "Traceback" not in done.output
        return Result(done.exit_code, done.stdout, done.stderr)

    return start


@pytest.fixture
def run_process(filo_home: Path) -> Callable[..., Result]:
    """``run_process("demo", "--json")`` starts ``python main.py demo --json`` and waits for its end."""

    def start(*arguments: str | Path) -> Result:
        done = subprocess.run(
            [sys.executable, str(ROOT / "main.py"), *map(str, arguments)],
            cwd=filo_home.parent,
            env=environment(filo_home),
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    return start


def paint_part(path: Path, seed: int, spot: bool = False) -> None:
    """Write a picture of a plate; with a dark spot when it is to be anomalous."""
    rng = np.random.default_rng(seed)
    pixels = np.full((96, 128, 3), 70.0)
    pixels[20:76, 30:98] = (180, 170, 150)
    if spot:
        pixels[40:54, 50:66] = 15.0
    noisy = np.clip(pixels + rng.normal(0, 3, pixels.shape), 0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noisy).save(path)


def write_category(root: Path) -> Path:
    """MVTec-AD layout: six good parts, three good and three spotted test images, with masks."""
    for seed in range(6):
        paint_part(root / "train" / "good" / f"{seed}.png", seed)
    for seed in range(3):
        paint_part(root / "test" / "good" / f"{seed}.png", 100 + seed)
        paint_part(root / "test" / "spot" / f"{seed}.png", 200 + seed, spot=True)
        mask = np.zeros((96, 128), np.uint8)
        mask[40:54, 50:66] = 255
        target = root / "ground_truth" / "spot" / f"{seed}_mask.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(target)
    return root


@pytest.fixture
def category(tmp_path: Path) -> Path:
    return write_category(tmp_path / "plates" / "plate")


@pytest.fixture(scope="session")
def home_with_product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the product ``plate`` of six good images, as ``product create`` leaves it."""
    folder = tmp_path_factory.mktemp("made-once")
    # The light trunk alone, at its smallest: what these tests ask does not depend on how sharp it sees.
    command = ["product", "create", "plate", "--class-name", "metal plate", "--kind", "object", "--eyes", "fast 256",
               "--references", str(write_category(folder / "plate") / "train" / "good"), "--json"]  # fmt: skip
    # What the user has set does not reach in.
    cleared: dict[str, str | None] = {name: None for name in os.environ if name.startswith("FILO_")}
    home = folder / "home"
    done = CliRunner().invoke(cli, command, env=cleared | {"FILO_HOME": str(home), "FILO_SECRETS": "file"})
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["good_parts"] == 6
    return home


@pytest.fixture
def product(home_with_product: Path, filo_home: Path) -> str:
    """A signed product with six good images, in a data folder of the test's own."""
    shutil.copytree(home_with_product, filo_home)
    return "plate"
