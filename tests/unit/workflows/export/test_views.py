"""Every format tells of all views of a part, and not of the one alone that decided."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from pycocotools.coco import COCO
from pypdf import PdfReader

from filo_core.benchmark.datasets import load_category
from filo_core.types import InspectionFilter, ReviewDecision, Verdict
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import make_image, make_part, sign_part
from workflows.export.formats import ExportFormat, write_export
from workflows.export.selection import Selection
from workflows.products.catalogue import Catalogue
from workflows.reporting.history import History


@pytest.fixture
def selection(storage: Storage) -> Selection:
    """A part that is bad from the side and was confirmed so, and one that was called good although its top was not."""
    for shade in (0, 1, 77):
        storage.artefacts.put_image(make_image(shade))
    recipe = sign_part(storage)
    recorder, history = Recorder(storage, "housing"), History(storage)
    bad = recorder.record_one(make_part(storage, recipe, (11, 21), (0.1, 0.9), "part 1"))
    good = recorder.record_one(make_part(storage, recipe, (12, 22), (0.8, 0.1), "part 2"))
    history.review(bad, ReviewDecision.CONFIRM, Verdict.NG, "Ada")
    history.review(good, ReviewDecision.OVERRULE, Verdict.OK, "Ada", "dust")
    return Selection(history, InspectionFilter(product="housing"))


def test_a_table_has_a_row_a_part_and_below_it_one_a_view(
    selection: Selection, catalogue: Catalogue, tmp_path: Path
) -> None:
    assert write_export(selection, catalogue, ExportFormat.CSV, tmp_path / "out.csv") == 2
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    said = [(row["view"], row["verdict"], row["final_verdict"], row["decision"]) for row in rows]
    assert said == [
        ("", "NG", "NG", "confirm"),
        ("top", "OK", "OK", ""),
        ("side", "NG", "NG", "confirm"),
        ("", "NG", "OK", "overrule"),
        ("top", "NG", "OK", "overrule"),
        ("side", "OK", "OK", "overrule"),
    ]
    assert [float(row["image_score"]) for row in rows[1:3]] == [0.1, 0.9], "each on its own scale"
    assert [row["image_hash"] for row in rows[1:3]] == [make_image(11).image_hash, make_image(21).image_hash]
    assert {row["inspection_id"] for row in rows[:3]} == {rows[0]["inspection_id"]}


def test_json_has_the_views_within_their_part(selection: Selection, catalogue: Catalogue, tmp_path: Path) -> None:
    write_export(selection, catalogue, ExportFormat.JSON_LINES, tmp_path / "out.jsonl")
    first, _ = (json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines())
    assert [(view["view"], view["verdict"], len(view["regions"])) for view in first["views"]] == [
        ("top", "OK", 1),
        ("side", "NG", 1),
    ]
    assert first["views"][1]["product"] == "housing / side"


def test_coco_lists_the_picture_of_each_view(selection: Selection, catalogue: Catalogue, tmp_path: Path) -> None:
    out = tmp_path / "coco" / "annotations.json"
    out.parent.mkdir()
    assert write_export(selection, catalogue, ExportFormat.COCO, out) == 4
    coco = COCO(str(out))
    images = coco.loadImgs(coco.getImgIds())
    assert [(image["view"], image["verdict"]) for image in images] == [
        ("top", "OK"),
        ("side", "NG"),
        ("top", "OK"),
        ("side", "OK"),
    ]
    assert len({image["id"] for image in images}) == 4
    assert all((out.parent / "images" / image["file_name"]).is_file() for image in images)
    (annotation,) = coco.loadAnns(coco.getAnnIds())
    assert annotation["image_id"] == images[1]["id"]


def test_each_view_is_a_category_of_the_folder_layout(
    storage: Storage, selection: Selection, catalogue: Catalogue, tmp_path: Path
) -> None:
    for view in ("housing / top", "housing / side"):
        draft = catalogue.draft(view)
        kept = tuple(
            replace(one, image_hash=make_image(shade).image_hash) for shade, one in enumerate(draft.references)
        )
        with storage.transaction() as transaction:
            saved = transaction.products.save(view, replace(draft, references=kept))
            assert saved.limits is not None
            recipe = saved.recipe(saved.limits, "c" * 64)
            transaction.products.sign(view, recipe, "Ada", selection.history.get(1).inspected_at)
    with storage.transaction() as transaction:
        part = transaction.products.draft("housing")
        assert part.limits is not None
        recipe = part.recipe(part.limits, part.model_hash)
        transaction.products.sign("housing", recipe, "Ada", selection.history.get(1).inspected_at)
    assert write_export(selection, catalogue, ExportFormat.MVTEC, tmp_path / "out") == 4
    top, side = (load_category(tmp_path / "out" / view) for view in ("top", "side"))
    assert len(top.references) == len(side.references) == len(catalogue.draft("housing / top").references)
    assert sorted(test.defect for test in side.tests) == ["good", "scratch"]
    assert [test.defect for test in top.tests] == ["good", "good"]


def test_the_report_on_paper_shows_the_views_beside_each_other(
    selection: Selection, catalogue: Catalogue, tmp_path: Path
) -> None:
    assert write_export(selection, catalogue, ExportFormat.PDF, tmp_path / "out.pdf") == 2
    reader = PdfReader(tmp_path / "out.pdf")
    text = " ".join(page.extract_text() for page in reader.pages)
    assert "top: OK" in text
    assert "side: NG" in text
    assert sum(len(page.images) for page in reader.pages) == 4
