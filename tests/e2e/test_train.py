"""``main.py train`` and ``benchmark --table`` as a person starts them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Result
from tests.small_network import SMALL
from tests.unit.filo_core.learning.filo_making import write_tiny_profile

Run = Callable[..., Result]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Folder of a profile with a small vision transformer of seeded noise."""
    return write_tiny_profile(tmp_path / "tiny")


@pytest.mark.slow
def test_heads_are_trained_continued_exported_and_measured_in_a_table(
    run: Run, category: Path, tiny: Path, tmp_path: Path
) -> None:
    checkpoint, weights = tmp_path / "run.safetensors", tmp_path / "weights"
    command = ("train", category, "--checkpoint", checkpoint, "--profile", tiny, "--configuration", "april-gan",
               "--limit", "1", "--types", "1", "--map-epochs", "1", "--adapter-epochs", "1",
               "--export", weights / "april-gan")  # fmt: skip
    first = run(*command)
    assert first.status == 0, first.stderr
    assert "left" in first.stderr
    assert "judge it on other categories" in first.stdout
    again = run(*command)
    assert again.status == 0, again.stderr
    assert "Continues after" in again.stdout

    target = tmp_path / "table.json"
    table = run("benchmark", category, "--table", "I", "--profile", tiny, "--weights", weights, "--limit", "1",
                "--json", target)  # fmt: skip
    assert table.status == 0, table.stderr
    assert "86.1 / 87.6" in table.stdout, "the paper's row stands beside"
    rows = {row["method"]: row for row in json.loads(target.read_text())["rows"]}
    assert 0.0 <= rows["APRIL-GAN"]["measured"]["pixel_auroc"] <= 1.0
    assert rows["FiLo++"]["measured"] is None
    assert "main.py train" in rows["FiLo++"]["missing"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("train", "--checkpoint", "run.safetensors", "--configuration", "nothing"), "no configuration 'nothing'"),
        (("train", "--checkpoint", "run.safetensors", "--categories", "bolt"), "no category bolt"),
        (("benchmark", "--table", "VIII"), "no table 'VIII'"),
    ],
)
def test_a_wrong_name_is_a_sentence(
    run: Run, category: Path, tiny: Path, options: tuple[str, ...], sentence: str
) -> None:
    result = run(options[0], category, *options[1:], "--profile", tiny)
    assert result.status == 1
    assert sentence in " ".join(result.stderr.split())


@pytest.mark.slow
def test_a_convolutional_profile_trains_and_its_row_of_a_table_is_measured(
    run: Run, category: Path, tmp_path: Path
) -> None:
    weights = tmp_path / "weights"
    trained = run("train", category, "--checkpoint", tmp_path / "run.safetensors", "--profile", SMALL,
                  "--configuration", "plain", "--limit", "1", "--types", "1", "--map-epochs", "1",
                  "--adapter-epochs", "1", "--export", weights / "plain")  # fmt: skip
    assert trained.status == 0, trained.stderr
    target = tmp_path / "table.json"
    table = run("benchmark", category, "--table", "III", "--profile", SMALL, "--weights", weights, "--limit", "1",
                "--json", target)  # fmt: skip
    assert table.status == 0, table.stderr
    rows = {row["method"]: row for row in json.loads(target.read_text())["rows"]}
    assert 0.0 <= rows["+ RTPF"]["measured"]["pixel_auroc"] <= 1.0
