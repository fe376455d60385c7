"""``main.py product`` around its main road: files from elsewhere, and names that are taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Result

Run = Callable[..., Result]


def test_a_product_whose_name_is_taken_is_imported_under_another(run: Run, product: str, tmp_path: Path) -> None:
    file = tmp_path / "plate.filo"
    run("product", "export", product, file)
    refused = run("product", "import", file)
    assert (refused.status, "Import it under another name" in refused.stderr) == (1, True)
    assert "steel plate was imported" in run("product", "import", file, "--name", "steel plate").stdout
    names = [one["product"] for one in run("product", "list", "--json").json["products"]]
    assert names == ["plate", "steel plate"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "anomalies.txt cannot be read: No such file or directory. Check the path."),
        (b"\xff\xd8\xff", "is neither text in UTF-8 nor a JSON list"),
        (b'["scratch"', "is neither text in UTF-8 nor a JSON list"),
        (b"smell\n", "holds no visible anomaly"),
    ],
)
def test_an_anomaly_list_of_no_use_is_said_without_codes(
    run: Run, category: Path, tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "anomalies.txt"
    if content is not None:
        file.write_bytes(content)
    good = category / "train" / "good"
    refused = run("product", "create", "new", "--class-name", "plate", "--references", good, "--anomalies", file)
    assert refused.status == 1
    assert words in refused.stderr
    assert "Errno" not in refused.stderr


def test_what_could_not_be_inspected_is_one_line_a_file(run: Run, product: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / f"{'long ' * 20}.png").touch()
    done = run("inspect", product, "--folder", tmp_path / "in")
    assert any(line.startswith("Not inspected: ") and line.endswith("came from.") for line in done.stderr.splitlines())
