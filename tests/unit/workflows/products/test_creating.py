"""The anomaly list of a file: a person's own words are kept, and what makes no name is listed."""

from pathlib import Path

import pytest

from filo_core.errors import ProductError
from workflows.products.creating import read_anomalies


def test_a_persons_own_words_are_kept_and_every_line_that_makes_none_is_listed(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("- Scratch\nbad smell\ndefect\nscratches\n\n!!!\nwrong torque on the flange bolt\n")
    types, said = read_anomalies(file)
    assert [one.name for one in types] == ["scratch", "bad smell", "defect", "wrong torque on the flange bolt"]
    assert said == (
        "'scratches' was left out: 'scratch' is on the list already.",
        "'!!!' was left out: it holds no word, or the one that is kept for regions without a name.",
        "'bad smell' is kept; a picture may not show it, or not tell it apart.",
        "'defect' is kept; a picture may not show it, or not tell it apart.",
        "'wrong torque on the flange bolt' is kept; a picture may not show it, or not tell it apart.",
    )


def test_a_list_of_nothing_visible_is_refused_and_more_than_twenty_are_cut_with_a_word(tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    file.write_text('["smell", "noise"]')
    with pytest.raises(ProductError, match="holds no visible anomaly"):
        read_anomalies(file)
    file.write_text("[" + ", ".join(f'"dent number {number}"' for number in range(21)) + ", 7]")
    types, said = read_anomalies(file)
    assert len(types) == 20
    assert said[0] == "'dent number 20' was left out: a list has 20 names at most."
    assert said[1].startswith("'7' was left out")
