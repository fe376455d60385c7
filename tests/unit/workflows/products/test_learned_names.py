"""Names follow decisions: retyped regions teach, what is taken back does not, and no verdict moves."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from click.testing import CliRunner

from filo_core.errors import ProductError, RecipeError
from filo_core.line.results import LineResult, result_of
from filo_core.naming.examples import NOTHING_WRONG
from filo_core.naming.region_features import space_of
from filo_core.statistics.charts import Pareto
from filo_core.types import (
    UNKNOWN_TYPE,
    EventKind,
    InspectionFilter,
    Prediction,
    Recipe,
    Region,
    ReviewDecision,
    TypeShare,
    Verdict,
)
from program import cli
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.making import LIMITS, MOMENT, make_inspection, make_region, sign_product
from workflows.export.tables import row_of
from workflows.products.carrying import carried
from workflows.products.catalogue import Catalogue
from workflows.products.learned_names import LOOKS_EVERY_S, ProductNames, learned, naming, read_decided
from workflows.products.name_agreement import name_agreement
from workflows.products.product_file import NamedRegion, ProductFile
from workflows.reporting.figures import FigureReader
from workflows.reporting.history import History
from workflows.reporting.report import pareto_sentence


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def seen(*regions: Region, space: str) -> Prediction:
    plain = tuple(replace(region, anomaly_type=UNKNOWN_TYPE, type_confidence=0.0, type_shares=()) for region in regions)
    return Prediction(0.9, np.zeros((2, 2), np.float32), plain, {}, trained=True, embedding_space=space)


@pytest.fixture
def recipe(storage: Storage) -> Recipe:
    return sign_product(storage)


def inspect(storage: Storage, recipe: Recipe, shade: int, *looks: float) -> int:
    """Record a part with a region for each number, by the recipe's own eyes."""
    made = make_inspection(recipe, shade, 0.9)
    prediction = seen(*(make_region(looks=one) for one in looks), space=space_of(recipe.model_hash))
    return Recorder(storage, recipe.product).record_one(replace(made, prediction=prediction))


def test_names_follow_what_is_retyped_region_by_region_and_leave_when_it_is_taken_back(
    storage: Storage, recipe: Recipe
) -> None:
    history, clock = History(storage), Clock()
    number = inspect(storage, recipe, 1, 1.0, 0.1)
    names = ProductNames(storage, recipe, clock)
    new = seen(make_region(looks=0.99), make_region(looks=0.05), space=space_of(recipe.model_hash))

    def called() -> list[str]:
        clock.now += LOOKS_EVERY_S
        return [region.anomaly_type for region in names().applied(new).regions]

    assert called() == [UNKNOWN_TYPE, UNKNOWN_TYPE]
    history.review(number, ReviewDecision.RETYPE, Verdict.NG, "Ada", anomaly_type="burr", regions=(0,))
    assert called() == ["burr", UNKNOWN_TYPE]
    history.review(number, ReviewDecision.RETYPE, Verdict.NG, "Ada", anomaly_type="hole", regions=(1,))
    assert called() == ["burr", "hole"]
    assert names().examples == 2
    history.withdraw(number, "Ada")
    assert called() == ["burr", UNKNOWN_TYPE]
    history.withdraw(number, "Ada")
    assert called() == [UNKNOWN_TYPE, UNKNOWN_TYPE]


def test_between_two_looks_nothing_is_asked_of_the_record(storage: Storage, recipe: Recipe) -> None:
    clock = Clock()
    names = ProductNames(storage, recipe, clock)
    first = names()
    number = inspect(storage, recipe, 1, 1.0)
    History(storage).review(number, ReviewDecision.RETYPE, Verdict.NG, "Ada", anomaly_type="burr")
    clock.now += LOOKS_EVERY_S / 2
    assert names() is first
    clock.now += LOOKS_EVERY_S
    assert names().names == ("burr",)


def test_a_record_that_cannot_be_read_stops_no_inspection(storage: Storage, recipe: Recipe) -> None:
    number = inspect(storage, recipe, 1, 1.0)
    History(storage).review(number, ReviewDecision.RETYPE, Verdict.NG, "Ada", anomaly_type="burr")
    names = ProductNames(storage, replace(recipe, product="gone"))
    assert names().examples == 0


def test_what_one_product_learns_another_does_not_know(storage: Storage, recipe: Recipe) -> None:
    other = sign_product(storage, "bolt")
    number = inspect(storage, recipe, 1, 1.0)
    History(storage).review(number, ReviewDecision.RETYPE, Verdict.NG, "Ada", anomaly_type="burr")
    assert ProductNames(storage, other)().examples == 0


def test_regions_that_other_eyes_saw_are_counted_and_not_compared(storage: Storage, recipe: Recipe) -> None:
    number = inspect(storage, recipe, 1, 1.0)
    History(storage).review(number, ReviewDecision.RETYPE, Verdict.NG, "Ada", anomaly_type="burr")
    found = read_decided(storage, replace(recipe, model_hash="d" * 64))
    assert (found.examples, found.elsewhere) == ((), 1)


def test_a_region_of_a_part_that_is_good_after_all_teaches_no_name(storage: Storage, recipe: Recipe) -> None:
    number = inspect(storage, recipe, 1, 1.0)
    History(storage).review(number, ReviewDecision.OVERRULE, Verdict.OK, "Ada", reason="dust")
    assert [one.name for one in read_decided(storage, recipe).examples] == [NOTHING_WRONG]
    assert ProductNames(storage, recipe)().names == ()


def test_a_named_detector_moves_no_score_and_no_verdict(storage: Storage, recipe: Recipe) -> None:
    number = inspect(storage, recipe, 1, 1.0)
    History(storage).review(number, ReviewDecision.RETYPE, Verdict.NG, "Ada", anomaly_type="burr")
    raw = seen(make_region(looks=0.98), space=space_of(recipe.model_hash))

    class Sees:
        def predict(self, _pixels: object) -> Prediction:
            return raw

    named = naming(Sees(), storage, recipe).predict(np.zeros((2, 2, 3), np.uint8))
    assert named.regions[0].anomaly_type == "burr"
    assert named.image_score == raw.image_score
    assert named.anomaly_map is raw.anomaly_map
    assert [(one.box, one.area_px, one.score) for one in named.regions] == [
        (one.box, one.area_px, one.score) for one in raw.regions
    ]


def test_agreement_is_counted_with_each_picture_left_out_and_shown_by_a_command(
    storage: Storage, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(storage)
    for shade in range(6):
        number = inspect(storage, recipe, shade, *((0.99, 1.0) if shade % 2 else (0.02, 0.05)))
        name = "burr" if shade % 2 else "hole"
        history.review(number, ReviewDecision.RETYPE, Verdict.NG, "Ada", anomaly_type=name)
    good = inspect(storage, recipe, 90, 0.999)
    history.review(good, ReviewDecision.OVERRULE, Verdict.OK, "Ada", reason="dust")
    found = name_agreement(storage, recipe)
    assert found.agreed is not None
    assert (found.agreed.count, found.agreed.of) == (12, 12)
    assert found.agreed.lower > 0.6
    assert {one.name: one.examples for one in found.types} == {"scratch": 0, "burr": 6, "hole": 6}
    assert found.good_named is not None
    assert (found.good_named.count, found.good_named.of) == (1, 1)

    monkeypatch.setenv("COLUMNS", "200")
    command, where = typer.main.get_command(cli), ["--database", sqlite_url(Path(storage.where))]
    done = CliRunner().invoke(command, ["product", "types", recipe.product, *where])
    assert done.exit_code == 0, done.output
    assert "6 of 6" in done.output
    assert "Named as people did, each region by the others: 12 of 12" in done.output
    as_json = CliRunner().invoke(command, ["product", "types", recipe.product, "--json", *where])
    told = json.loads(as_json.output.splitlines()[-1])
    assert [(one["name"], one["examples"]) for one in told["types"]] == [("scratch", 0), ("burr", 6), ("hole", 6)]


def test_the_chain_says_what_named_regions_and_the_record_keeps_a_broad_kind(storage: Storage, recipe: Recipe) -> None:
    broad = TypeShare("crack-like", 0.71)
    recorder = Recorder(storage, recipe.product, station="cell 3")

    def record(recorder: Recorder, shade: int, named_by: str) -> int:
        region = replace(make_region(looks=1.0), anomaly_type=UNKNOWN_TYPE, type_confidence=0.0, broad=broad)
        prediction = replace(seen(space="1:a"), regions=(region,), named_by=named_by)
        return recorder.record_one(replace(make_inspection(recipe, shade, 0.9), prediction=prediction))

    first = record(recorder, 1, "aa:bb")
    record(recorder, 2, "aa:bb")
    record(Recorder(storage, recipe.product, station="cell 3"), 3, "aa:bb")
    record(recorder, 4, "cc:bb")
    record(Recorder(storage, recipe.product, station="cell 4"), 5, "cc:bb")
    with storage.reading() as transaction:
        told = transaction.events.of_kinds(EventKind.NAMES_READ)
    assert [(one.station, json.loads(one.detail)["head"]) for one in told] == [
        ("cell 3", "aa"), ("cell 3", "cc"), ("cell 4", "cc"),
    ]  # fmt: skip
    assert {one.subject for one in told} == {recipe.product}
    kept = History(storage).get(first)
    assert kept.regions[0].broad == broad
    assert row_of(kept)["broad_kind"] == "crack-like 0.71"
    assert result_of(make_inspection(recipe, 9, 0.9), "1", recipe.product, 1.0).broad is None
    answer = result_of(replace(make_inspection(recipe, 8, 0.9), prediction=seen(space="")), "1", recipe.product, 1.0)
    again = LineResult.from_json(replace(answer, broad=broad).to_json())
    assert again.broad == broad
    assert "broad" not in json.loads(answer.to_json())


def test_what_defects_cost_orders_the_report_and_is_told_to_the_record(storage: Storage, recipe: Recipe) -> None:
    catalogue = Catalogue(storage)
    for shade in range(3):
        inspect(storage, recipe, shade, 1.0)
        History(storage).review(shade + 1, ReviewDecision.RETYPE, Verdict.NG, "Ada", anomaly_type="burr")
    number = inspect(storage, recipe, 9, 1.0)
    History(storage).review(number, ReviewDecision.RETYPE, Verdict.NG, "Ada", anomaly_type="hole")
    catalogue.set_type_cost(recipe.product, "hole", 40.0)
    catalogue.set_type_cost(recipe.product, "burr", 2.5)
    found = FigureReader(storage, catalogue).read(InspectionFilter(product=recipe.product)).pareto
    assert isinstance(found, Pareto)
    assert [(bar.name, bar.cost) for bar in found.bars] == [("hole", 40.0), ("burr", 7.5)]
    assert pareto_sentence(found).endswith("Weighed by cost: hole costs most, 1 × 40.")
    catalogue.set_type_cost(recipe.product, "hole", None)
    assert catalogue.type_costs(recipe.product) == {"burr": 2.5}
    with storage.reading() as transaction:
        told = [event.detail for event in transaction.events.newest(10) if "cost of hole" in str(event.detail)]
    assert len(told) == 2
    with pytest.raises(RecipeError, match="costs nothing or more"):
        catalogue.set_type_cost(recipe.product, "hole", -1.0)


def test_an_exported_product_takes_what_its_names_were_learnt_from_along(
    storage: Storage, catalogue: Catalogue, exported: Path, tmp_path: Path
) -> None:
    draft = catalogue.import_product(exported)
    assert draft.limits is None
    name = draft.description.name
    signed = replace(draft, limits=LIMITS)
    recipe = signed.recipe(LIMITS, "e" * 64)
    with storage.transaction() as transaction:
        transaction.products.sign(name, recipe, "Ada", MOMENT)
    number = inspect(storage, recipe, 1, 1.0, 0.1)
    history = History(storage)
    history.review(number, ReviewDecision.RETYPE, Verdict.NG, "Ada", anomaly_type="burr", regions=(0,))
    history.review(number, ReviewDecision.RETYPE, Verdict.NG, "Ada", anomaly_type="hole", regions=(1,))
    file = tmp_path / "taught.filo"
    catalogue.export(name, file)

    with open_storage(sqlite_url(tmp_path / "other.sqlite"), tmp_path / "other") as other:
        Catalogue(other).import_product(file, "elsewhere")
        names = learned(read_decided(other, replace(recipe, product="elsewhere")), recipe)
        assert (names.names, names.examples) == (("burr", "hole"), 2)
        assert names.shares(np.array([1.0, 0.0], np.float32))[0].name == "burr"
        again = tmp_path / "again.filo"
        Catalogue(other).export("elsewhere", again)
        assert len(ProductFile(again).examples) == 2
        assert other.verify().intact
    assert read_decided(storage, replace(recipe, product=name)).elsewhere == 0


def test_a_product_without_named_regions_is_written_as_every_program_reads_it(
    catalogue: Catalogue, exported: Path, tmp_path: Path
) -> None:
    name = catalogue.import_product(exported).description.name
    catalogue.export(name, tmp_path / "plain.filo")
    with zipfile.ZipFile(tmp_path / "plain.filo") as archive:
        content = json.loads(archive.read("product.json"))
    assert (content["version"], "examples" in content) == (1, False)


@pytest.mark.parametrize("embedding", ["AAAAAA==", "AAA"])
def test_a_carried_region_that_is_no_unit_vector_is_refused(embedding: str) -> None:
    with pytest.raises(ProductError, match="Export the product again"):
        carried([NamedRegion(name="burr", space="1:eyes", part="a", embedding=embedding)])
