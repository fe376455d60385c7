"""Every row of Tables I to VII and every point of Figures 3 and 4 runs by name on a tiny data set with seeded heads."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from filo_core.benchmark.categories import Category
from filo_core.benchmark.configurations import CONFIGURATIONS, SAME_HEADS
from filo_core.benchmark.datasets import load_category
from filo_core.benchmark.paper_figures import FIGURES, PointResult, run_figure
from filo_core.benchmark.paper_tables import TABLES, RowResult, TableRun, read_tables, run_table
from filo_core.learning.filo_export import export_heads
from filo_core.learning.filo_run import prepare_run
from filo_core.learning.filo_training import TrainingPlan
from filo_core.method.interfaces import GroundingBox
from filo_core.profiles.builder import load_profile
from filo_core.profiles.loaded import LoadedProfile
from filo_core.types import Prediction
from tests.unit.filo_core.conftest import write_mask, write_part
from tests.unit.filo_core.learning.filo_making import write_tiny_profile

CORNER = GroundingBox(0.0, 0.0, 0.3, 0.3, 0.9, "damage")


class Corner:
    """Stands in for Grounding DINO."""

    def locate(self, *_: object) -> tuple[GroundingBox, ...]:
        return (CORNER,)


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


@pytest.fixture(scope="module")
def category(space: Path) -> Category:
    spot = (10, 20, 12, 10)
    for index in range(4):
        write_part(space / "plate" / "train" / "good" / f"{index}.png", index)
    write_part(space / "plate" / "test" / "good" / "0.png", 100)
    write_part(space / "plate" / "test" / "spot" / "0.png", 200, spot)
    write_mask(space / "plate" / "ground_truth" / "spot" / "0_mask.png", spot)
    return load_category(space / "plate")


@pytest.fixture(scope="module")
def setting(space: Path, category: Category) -> Iterator[TableRun]:
    """A tiny profile, a localizer, and untrained heads of every configuration that has some."""
    tiny = write_tiny_profile(space / "tiny")
    weights = space / "weights"
    for name, configuration in CONFIGURATIONS.items():
        if configuration.heads is not None and name not in SAME_HEADS:
            plan = TrainingPlan(map_epochs=0, adapter_epochs=0)
            run = prepare_run(str(tiny), "cpu", [category], plan, space / f"{name}.ckpt", name, types=1)
            export_heads(run.folder, run.profile, run.heads, weights / name, "nothing")
    for row in read_tables()["VII"].rows:
        (space / row.anomaly_list).write_text(json.dumps({"plate": ["dent"]}))
    loaded = load_profile(tiny, "cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("filo_core.benchmark.rows.load_profile", lambda *where: _with_boxes(load_profile(*where)))
        yield TableRun(_with_boxes(loaded), "cpu", weights, space, limit=1)


def _with_boxes(loaded: LoadedProfile) -> LoadedProfile:
    return replace(loaded, localizer=Corner())


def test_every_row_and_every_point_runs_by_name_but_the_one_that_is_printed_only(
    setting: TableRun, category: Category
) -> None:
    seen: set[str] = set()

    def show(row: str, category: str, test: object, prediction: Prediction) -> None:
        del category, test
        assert prediction.anomaly_map.shape
        seen.add(row)

    setting = replace(setting, on_prediction=show)
    for table in TABLES:
        results = [event for event in run_table(table, [category], setting) if isinstance(event, RowResult)]
        assert len(results) == len(read_tables()[table].rows)
        for result in results:
            if not result.row.configuration:
                assert result.missing.startswith("Printed only")
                continue
            assert result.missing == "", (table, result.row.method)
            assert result.measured is not None
            assert result.measured.shots == result.row.shots
            assert result.measured.map_side == 518
            assert result.measured.mean.pixel_auroc is not None
            namesake = CONFIGURATIONS[result.row.configuration].differs
            assert result.method == result.row.method + ("-like" if namesake else "")
    for figure, shown in FIGURES.items():
        points = [event for event in run_figure(figure, [category], setting) if isinstance(event, PointResult)]
        assert [point.point for point in points] == [point for point, _ in shown.points]
        assert all(point.measured is not None and point.missing == "" for point in points)
    assert {"1-shot PatchCore", "WinCLIP", "context-8", "kernels-bars"} <= seen


def test_a_point_without_heads_prints_a_command_that_can_be_typed(
    setting: TableRun, category: Category, tmp_path: Path
) -> None:
    where = replace(setting, weights=tmp_path, profile="full", learn_from="/data/my visa")
    events = run_figure("3", [category], where)
    points = {event.configuration: event for event in events if isinstance(event, PointResult)}
    point = points["context-8"]
    assert point.missing.startswith(f"Needs trained heads in {tmp_path / 'context-8'}. Train them: ")
    words = shlex.split(point.missing.partition("Train them: ")[2])
    folder = str(tmp_path / "context-8")
    assert words == [
        "main.py", "train", "/data/my visa", "--configuration", "context-8", "--profile", "full",
        "--checkpoint", f"{folder}.ckpt", "--export", folder,
    ]  # fmt: skip
