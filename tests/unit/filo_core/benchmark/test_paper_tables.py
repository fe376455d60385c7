"""The paper's tables: figures as printed, and rows run through the one detector on a tiny profile."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from filo_core.benchmark.configurations import CONFIGURATIONS, head_settings_of, kernels_of
from filo_core.benchmark.datasets import load_category
from filo_core.benchmark.paper_tables import TABLES, RowResult, Table, TableRun, read_tables, run_table
from filo_core.errors import FiloError
from filo_core.learning.filo_run import prepare_run
from filo_core.learning.filo_training import TrainingPlan
from filo_core.profiles.builder import load_profile
from tests.unit.filo_core.learning.filo_making import write_tiny_profile

PAPER = Path(__file__).parents[4].parent / "shared" / "paper" / "filo_plus_plus.txt"
MakeCategory = Callable[..., Path]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_tiny_profile(tmp_path / "tiny")


def _rows(table: Table, root: Path, tiny: Path, **settings: Path) -> list[RowResult]:
    setting = TableRun(load_profile(tiny, "cpu"), "cpu", limit=2, **settings)
    events = run_table(table, [load_category(root)], setting)
    return [event for event in events if isinstance(event, RowResult)]


@pytest.mark.skipif(not PAPER.is_file(), reason="the paper's text is not on this machine")
def test_every_row_stands_in_the_paper_with_these_figures() -> None:
    lines = [re.sub(r"\\checkmark ?", "", line) for line in PAPER.read_text(encoding="utf-8").splitlines()]
    for name, table in read_tables().items():
        for row in table.rows:
            order = (*row.visa, *row.mvtec) if name == "VII" else (*row.mvtec, *row.visa)
            figures = " ".join(f"{value:.1f}" for value in order)
            method = row.method.split()[-1] if name not in ("IV", "VI") else ""
            assert any(line.endswith(figures) and method in line for line in lines), (name, row.method, figures)


def test_every_row_is_a_configuration_but_anomalygpt_which_is_printed_only() -> None:
    tables = read_tables()
    assert tuple(tables) == TABLES
    rows = [row for table in tables.values() for row in table.rows]
    assert {row.method for row in rows if not row.configuration} == {"AnomalyGPT"}
    assert {row.configuration for row in rows} - {""} <= CONFIGURATIONS.keys()


def test_rows_of_table_iv_differ_in_what_they_say() -> None:
    settings = {name: head_settings_of(name, (6, 12, 18, 24)) for name in ("plain", "multi-shape", "multi-scale")}
    assert settings["plain"].kernels == ()
    assert len(settings["multi-shape"].kernels) < 6
    assert all(rows == columns for rows, columns in settings["multi-scale"].kernels)
    full = head_settings_of("filo++", (6, 12, 18, 24))
    assert full.deformable
    assert len(full.kernels) == 6
    assert (full.value_stages, full.first_value_block) == ((12, 18, 24), 7)


def test_rows_of_other_methods_score_and_learn_as_those_methods_do() -> None:
    filo = head_settings_of("filo", (6, 12, 18, 24))
    assert filo.conditional, "the released prompt learners have meta-nets"
    assert (filo.fusion, filo.positions, filo.deformable) == ("feature", "top1", False)
    assert not filo.fixed_templates
    assert not filo.filtering
    # WinCLIP scores an image by its text alone until there are references.
    tables = read_tables()
    (zero,) = (row for row in tables["I"].rows if row.method == "WinCLIP")
    few = {row.configuration for row in tables["II"].rows if row.method == "WinCLIP"}
    assert CONFIGURATIONS[zero.configuration].peak_share == 0.0
    assert [CONFIGURATIONS[name].peak_share for name in few] == [0.5]


def test_zero_shot_rows_run_and_those_that_lack_weights_say_which(make_category: MakeCategory, tiny: Path) -> None:
    results = {result.row.method: result for result in _rows("I", make_category(), tiny)}
    for method in ("CLIP", "CLIP-AC", "WinCLIP"):
        measured = results[method].measured
        assert measured is not None
        assert measured.shots == 0
        assert measured.mean.image_auroc is not None
        assert measured.mean.pixel_auroc is not None
    assert "trained heads in WEIGHTS/april-gan" in results["APRIL-GAN"].missing
    assert "Grounding DINO" in results["FiLo++"].missing


def test_few_shot_rows_run_with_their_own_shots(make_category: MakeCategory, tiny: Path) -> None:
    results = _rows("II", make_category(references=4), tiny)
    shots = {(r.row.setup, r.row.method): r.measured.shots for r in results if r.measured is not None}
    assert shots == {
        (f"{count}-shot", method): count for count in (1, 2, 4) for method in ("SPADE", "PatchCore", "WinCLIP")
    }
    printed = [result for result in results if result.row.method == "AnomalyGPT"]
    assert [result.missing[:12] for result in printed] == ["Printed only"] * 3


def test_too_few_good_images_are_a_missing_part_of_the_rows_that_need_them(
    make_category: MakeCategory, tiny: Path
) -> None:
    results = _rows("V", make_category(references=2), tiny)
    by_setup = {result.row.setup: result for result in results if result.row.method == "PM"}
    assert by_setup["2-shot"].measured is not None
    assert by_setup["4-shot"].missing == "Needs 4 good images to choose from in plate."


def test_a_row_with_trained_heads_runs_on_its_own_folder(
    make_category: MakeCategory, tiny: Path, tmp_path: Path
) -> None:
    from filo_core.learning.filo_export import export_heads

    root = make_category(good=2, spots=2)
    plan = TrainingPlan(map_epochs=1, adapter_epochs=1)
    for name in ("april-gan", "anomalyclip"):
        run = prepare_run(str(tiny), "cpu", [load_category(root)], plan, tmp_path / f"{name}.ckpt", name, types=2)
        list(run.trainer.run())
        export_heads(run.folder, run.profile, run.heads, tmp_path / "weights" / name, "a test")
    results = {r.row.method: r for r in _rows("I", root, tiny, weights=tmp_path / "weights")}
    for method in ("APRIL-GAN", "AnomalyCLIP"):
        measured = results[method].measured
        assert measured is not None, results[method].missing
        assert measured.profile == method.lower()


def test_table_vii_takes_the_language_models_lists(make_category: MakeCategory, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "gpt-4o.json").write_text(json.dumps({"plate": ["dent"]}))
    results = _rows("VII", make_category(), tiny, lists=tmp_path)
    assert "gpt-4o.json" not in results[0].missing
    assert "the anomaly list llama.json" in results[2].missing


def test_kernels_are_read_as_a_person_types_them() -> None:
    assert kernels_of("1x1, 3×3,1X5") == ((1, 1), (3, 3), (1, 5))


@pytest.mark.parametrize("text", ["2x2", "3", "3x3,3x3", "1x17", "axb", "3x3,", "-1x3", "3x²"])
def test_a_kernel_that_is_none_is_named(text: str) -> None:
    with pytest.raises(FiloError, match="is no kernel"):
        kernels_of(text)


def test_an_unknown_configuration_lists_those_that_can_be_trained() -> None:
    with pytest.raises(FiloError, match=r"no configuration 'clip' to train. Available: april-gan"):
        head_settings_of("clip", (1, 2))
