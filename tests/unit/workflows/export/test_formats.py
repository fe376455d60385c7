"""Every format is read again by a reader of its own."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from pypdf import PdfReader

from filo_core.benchmark.datasets import load_category, read_mask
from filo_core.errors import FolderError
from filo_core.identity import FIELDS, Identity
from filo_core.imaging import read_image
from filo_core.spreadsheets import harmless
from filo_core.types import Verdict
from tests.unit.workflows.export.conftest import NAMES, PRODUCT
from tests.unit.workflows.languages import speaks
from workflows.export.formats import ExportFormat, write_export
from workflows.export.images import safe_name
from workflows.export.selection import Selection
from workflows.export.tables import row_of
from workflows.products.catalogue import Catalogue


def test_csv_has_every_inspection_and_no_formula(selection: Selection, catalogue: Catalogue, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert write_export(selection, catalogue, ExportFormat.CSV, out) == 5
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["final_verdict"] for row in rows] == ["OK", "NG", "OK", "REVIEW", "NOT_INSPECTED"]
    assert rows[1]["name"] == f"'{NAMES[1]}"
    assert rows[2]["review_reason"] == "'@Staub auf der Linse"
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())
    assert float(rows[0]["image_score"]) == 0.1


def test_a_serial_is_in_the_table_and_runs_as_no_formula(
    selection: Selection, catalogue: Catalogue, tmp_path: Path
) -> None:
    record = next(selection.records())
    said = Identity('=HYPERLINK("http://x")', "@SUM(1)", "-1+1", "+7", "plain")
    row = {name: harmless(value) for name, value in row_of(replace(record, identity=said)).items()}
    assert [row[name] for name in FIELDS] == ['\'=HYPERLINK("http://x")', "'@SUM(1)", "'-1+1", "'+7", "plain", ""]
    out = tmp_path / "out.csv"
    write_export(selection, catalogue, ExportFormat.CSV, out)
    assert out.read_text(encoding="utf-8-sig").splitlines()[0].endswith(",".join(FIELDS))


def test_json_lines_hold_the_regions_and_the_names_as_they_are(
    selection: Selection, catalogue: Catalogue, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    assert write_export(selection, catalogue, ExportFormat.JSON_LINES, out) == 5
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["name"] for row in rows[:4]] == list(NAMES)
    assert rows[1]["regions"][0]["box"] == {"x": 2, "y": 1, "width": 2, "height": 2}
    assert rows[4]["image_score"] is None


def test_coco_gives_boxes_and_masks_to_its_own_reader(
    selection: Selection, catalogue: Catalogue, tmp_path: Path
) -> None:
    out = tmp_path / "coco" / "annotations.json"
    out.parent.mkdir()
    assert write_export(selection, catalogue, ExportFormat.COCO, out) == 4
    coco = COCO(str(out))
    assert [category["name"] for category in coco.loadCats(coco.getCatIds())] == ["刮痕"]
    annotations = coco.loadAnns(coco.getAnnIds())
    assert [annotation["bbox"] for annotation in annotations] == [[2, 1, 2, 2]] * 2
    expected = np.zeros((4, 4), np.uint8)
    expected[1:3, 2:4] = 1
    assert np.array_equal(coco.annToMask(annotations[0]), expected)
    for image in coco.loadImgs(coco.getImgIds()):
        assert read_image(out.parent / "images" / image["file_name"]).size == (image["width"], image["height"])


def test_the_mvtec_layout_is_a_category_with_masks(selection: Selection, catalogue: Catalogue, tmp_path: Path) -> None:
    out = tmp_path / "category"
    assert write_export(selection, catalogue, ExportFormat.MVTEC, out) == 3
    category = load_category(out)
    assert len(category.references) == 1
    assert sorted((test.defect, test.mask is not None) for test in category.tests) == [
        ("good", False),
        ("good", False),
        ("刮痕", True),
    ]
    outlined = next(test for test in category.tests if test.mask is not None)
    assert outlined.mask is not None
    assert read_mask(outlined.mask, read_image(outlined.path).size).sum() == 4
    with pytest.raises(FolderError, match="is not empty"):
        write_export(selection, catalogue, ExportFormat.MVTEC, out)


def test_the_pdf_report_can_be_read_in_every_script(selection: Selection, catalogue: Catalogue, tmp_path: Path) -> None:
    out = tmp_path / "report.pdf"
    assert write_export(selection, catalogue, ExportFormat.PDF, out) == 5
    pages = PdfReader(out).pages
    text = "\n".join(page.extract_text() for page in pages)
    assert "Türgriff 门把手" in text
    assert "刮痕/../Größe.png" in text
    assert "Ada decided OK: @Staub auf der Linse" in text
    assert sum(len(page.images) for page in pages) == 3


@pytest.mark.parametrize(
    ("code", "there"),
    [
        (
            "de",
            ("Prüfungen von Türgriff", "NICHT GEPRÜFT", "Ada entschied OK", "Urteil NG", "Rezeptversion 1", "Wert 0,9"),
        ),
        ("zh_CN", ("Türgriff 门把手 的检测", "未检测", "Ada 裁定为 OK", "判定 NG", "配方版本 1", "分数 0.9")),
    ],
)
def test_the_pdf_report_is_in_the_language_that_is_asked_for(
    selection: Selection, catalogue: Catalogue, tmp_path: Path, code: str, there: tuple[str, ...]
) -> None:
    out = tmp_path / "report.pdf"
    assert write_export(selection, catalogue, ExportFormat.PDF, out, in_language=speaks(code)) == 5
    text = "\n".join(page.extract_text() for page in PdfReader(out).pages)
    assert [words for words in there if words not in text] == []
    for english in ("Inspections", "Judged", "decided", "score", "recipe", "NOT INSPECTED", "Counts"):
        assert english not in text


def test_the_letters_are_in_the_file_so_that_every_machine_shows_the_same(
    selection: Selection, catalogue: Catalogue, tmp_path: Path
) -> None:
    out = tmp_path / "report.pdf"
    write_export(selection, catalogue, ExportFormat.PDF, out)
    fonts = [font.get_object() for page in PdfReader(out).pages for font in page["/Resources"]["/Font"].values()]  # type: ignore[index, union-attr]
    embedded = {font["/BaseFont"].split("+")[-1] for font in fonts if "/FontDescriptor" in font}
    assert {"Inter-Regular", "Inter-SemiBold"} <= embedded


def test_only_what_people_decided_on_can_be_asked_for(
    selection: Selection, catalogue: Catalogue, tmp_path: Path
) -> None:
    reviewed = replace(selection, reviewed=True)
    assert write_export(reviewed, catalogue, ExportFormat.CSV, tmp_path / "out.csv") == 2
    only_ng = replace(selection, wanted=replace(selection.wanted, verdicts=frozenset({Verdict.NG})))
    assert [record.verdict for record in only_ng.records()] == [Verdict.NG] * 2


def test_a_removed_image_is_left_out_and_the_rest_goes_on(
    selection: Selection, catalogue: Catalogue, tmp_path: Path
) -> None:
    record = next(iter(selection.records()))
    selection.history._storage.artefacts.path_of(record.image_hash).unlink()
    assert write_export(selection, catalogue, ExportFormat.MVTEC, tmp_path / "category") == 2
    assert write_export(selection, catalogue, ExportFormat.PDF, tmp_path / "report.pdf") == 5


@pytest.mark.parametrize("chosen", list(ExportFormat))
def test_a_place_that_cannot_be_written_is_named(
    selection: Selection, catalogue: Catalogue, tmp_path: Path, chosen: ExportFormat
) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    with pytest.raises(FolderError, match=r"cannot be written: .*\. Choose another folder"):
        write_export(selection, catalogue, chosen, blocked / "out")


@pytest.mark.parametrize(
    ("text", "name"), [("../../etc/passwd", "etc_passwd"), ("", "unnamed"), ("a b\0c", "a_b_c"), ("x" * 500, "x" * 60)]
)
def test_a_name_from_outside_is_no_path(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_the_product_of_the_selection_is_the_one_that_was_signed(selection: Selection) -> None:
    assert {record.product for record in selection.records()} == {PRODUCT}
