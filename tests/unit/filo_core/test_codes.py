"""Codes in a picture, written by the library that reads them: what they say, and what it costs when they do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from filo_core.codes import read_codes, with_codes, with_told
from filo_core.fixture import Fixture, Placement, ShapeEdges
from filo_core.identity import NOBODY, Identity
from filo_core.method.zone_masks import zone_masks
from filo_core.types import (
    Inspection,
    Limits,
    Origin,
    ProductKind,
    Recipe,
    SourceImage,
    Verdict,
    ViewInspection,
)
from filo_core.views import deciding_view, part_inspection
from filo_core.zones import CodeRead, Unreadable, Zone, ZoneKind

SIZE = (640, 480)
CODE = Zone("label", ((0.05, 0.05), (0.95, 0.95)), kind=ZoneKind.CODE, code=CodeRead())
FORMATS = ("DataMatrix", "QRCode", "Code128", "Aztec", "PDF417")


def drawn(*codes: tuple[str, str, tuple[int, int]], scale: int = 4, **options: Any) -> NDArray[np.uint8]:
    """A grey picture with these codes: text, format and where the corner lies."""
    picture = np.full((SIZE[1], SIZE[0]), 205, np.uint8)
    for text, kind, (left, top) in codes:
        written = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind), **options)
        modules = 1 if kind in {"Code128", "EAN13"} else scale
        piece = np.asarray(written.to_image(scale=modules if modules > 1 else 2))
        height = min(len(piece), 400 if kind == "QRCode" else 120)
        picture[top : top + height, left : left + piece.shape[1]] = piece[:height]
    return np.repeat(picture[..., None], 3, axis=2)


def turned(picture: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    matrix = cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(picture, matrix, SIZE, borderValue=(205, 205, 205)), np.uint8)


def recipe(*zones: Zone) -> Recipe:
    return Recipe("nut", "nut", ProductKind.OBJECT, "", (), (), None, Limits(0.3, 0.6, 0.5), "", "m", zones=zones)


def inspected(picture: NDArray[np.uint8], by: Recipe, verdict: Verdict = Verdict.OK) -> Inspection:
    image = SourceImage("a.png", b"", "h", picture, datetime.now(UTC))
    found = Inspection("a.png", "h", by.content_hash, verdict, Origin.FOLDER, datetime.now(UTC), 0.0, image=image)
    return with_codes(found, picture, by)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("degrees", [0, 30, 90, 151])
def test_a_code_names_the_serial_however_it_lies(kind: str, degrees: float) -> None:
    found = inspected(turned(drawn(("SN-4711", kind, (200, 180))), degrees), recipe(CODE))
    assert (found.identity, found.verdict, found.reason) == (Identity(serial="SN-4711"), Verdict.OK, "")


@pytest.mark.parametrize("kind", ["DataMatrix", "QRCode"])
def test_a_blurred_code_is_read_sharper_and_a_smeared_one_is_not(kind: str) -> None:
    picture = drawn(("SN-4711", kind, (200, 180)))
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.5), np.uint8)
    assert read_codes(blurred, CODE) == ("SN-4711",)
    smeared = np.asarray(cv2.GaussianBlur(picture, (0, 0), 6.0), np.uint8)
    assert read_codes(smeared, CODE) == ()


@pytest.mark.parametrize(("unreadable", "verdict"), [(Unreadable.REVIEW, Verdict.REVIEW), (Unreadable.NG, Verdict.NG)])
def test_a_code_that_is_not_there_costs_the_ok_and_is_said(unreadable: Unreadable, verdict: Verdict) -> None:
    zone = replace(CODE, code=CodeRead("lot", unreadable))
    found = inspected(drawn(), recipe(zone))
    assert (found.verdict, found.identity) == (verdict, NOBODY)
    assert found.reason == "No code could be read in region label, so the lot is not known."
    worse = inspected(drawn(), recipe(zone), Verdict.NG)
    assert worse.verdict is Verdict.NG
    none = inspected(drawn(), recipe(zone), Verdict.NOT_INSPECTED)
    assert none.verdict is Verdict.NOT_INSPECTED
    assert "so the lot is not known" in none.reason


def test_two_codes_in_a_region_are_said_and_the_same_one_twice_is_one() -> None:
    two = drawn(("SN-1", "DataMatrix", (100, 150)), ("SN-2", "QRCode", (400, 250)))
    found = inspected(two, recipe(CODE))
    assert (found.verdict, found.identity) == (Verdict.REVIEW, NOBODY)
    assert "shows 2 codes, SN-1 and SN-2 among them" in found.reason
    twice = drawn(("SN-1", "DataMatrix", (100, 150)), ("SN-1", "QRCode", (400, 250)))
    assert inspected(twice, recipe(CODE)).identity.serial == "SN-1"


def test_each_region_reads_its_own_code_for_its_own_field() -> None:
    picture = drawn(("SN-1", "DataMatrix", (100, 150)), ("L-2", "QRCode", (400, 150)))
    left = Zone("one", ((0.0, 0.0), (0.5, 1.0)), kind=ZoneKind.CODE, code=CodeRead("serial"))
    right = Zone("two", ((0.5, 0.0), (1.0, 1.0)), kind=ZoneKind.CODE, code=CodeRead("field_1"))
    assert inspected(picture, recipe(left, right)).identity == Identity(serial="SN-1", field_1="L-2")
    same = inspected(picture, recipe(left, replace(right, code=CodeRead("serial"))))
    assert same.verdict is Verdict.REVIEW
    assert "The code in region two says L-2 for the serial, and another code says SN-1." in same.reason


@pytest.mark.parametrize(
    ("text", "said"),
    [("A\tB", "holds \\t, which cannot be seen"), ("x" * 700, "has 700 characters"), ("A\x1bB", "cannot be seen")],
)
def test_what_a_code_says_is_checked_like_a_scan(text: str, said: str) -> None:
    found = inspected(
        drawn((text, "QRCode", (20, 20)), scale=2), recipe(replace(CODE, points=((0.0, 0.0), (1.0, 1.0))))
    )
    assert (found.verdict, found.identity) == (Verdict.REVIEW, NOBODY)
    assert said in found.reason


def test_an_element_string_keeps_its_separator_and_any_letter_may_be_said() -> None:
    gs1 = drawn(("(01)09501101020917(10)ABC(21)12345", "DataMatrix", (200, 180)), gs1=True)
    assert inspected(gs1, recipe(CODE)).identity.serial == "010950110102091710ABC\u241d2112345"
    ohm = drawn(("10k\u03a9 \u00b15 %", "QRCode", (200, 180)))
    assert inspected(ohm, recipe(CODE)).identity.serial == "10k\u03a9 \u00b15 %"


def test_a_trigger_that_says_another_name_leaves_the_part_in_doubt_with_both_said() -> None:
    read = inspected(drawn(("SN-1", "DataMatrix", (200, 180))), recipe(CODE))
    agreed = with_told(read, Identity(serial="SN-1", lot="L7"))
    assert (agreed.verdict, agreed.identity) == (Verdict.OK, Identity(serial="SN-1", lot="L7"))
    other = with_told(read, Identity(serial="SN-9"))
    assert (other.verdict, other.identity.serial) == (Verdict.REVIEW, "SN-9")
    assert other.reason == "The serial was given as SN-9, and the code in the picture says SN-1."
    assert with_told(replace(read, verdict=Verdict.NG), Identity(serial="SN-9")).verdict is Verdict.NG
    silent = with_told(read, NOBODY)
    assert (silent.verdict, silent.identity, silent.reason) == (read.verdict, read.identity, read.reason)


def test_a_code_moves_with_the_fixture_and_is_not_looked_for_without_one() -> None:
    edges = ShapeEdges(1.0, "", 0)
    fixture = Fixture("p", *SIZE, (320.0, 240.0), 180.0, 0.0, edges, edges, 0.5)
    zone = Zone("label", ((0.28, 0.3), (0.5, 0.6)), kind=ZoneKind.CODE, code=CodeRead())
    by = replace(recipe(zone), fixture=fixture)
    picture = turned(drawn(("SN-1", "DataMatrix", (210, 170)), ("SN-2", "DataMatrix", (500, 60))), 90)
    turn = cv2.getRotationMatrix2D((320.0, 240.0), 90, 1.0)
    a, b, across, c, d, down = (float(value) for value in turn.ravel())
    found = Placement((a, b, across, c, d, down), (0.0, 0.0), -90.0, 1.0, 1.0, 0.1)
    plain = Inspection("a", "h", by.content_hash, Verdict.OK, Origin.FOLDER, datetime.now(UTC), 0.0)
    assert with_codes(plain, picture, by, found).identity.serial == "SN-1"
    assert with_codes(plain, picture, by, None) == plain


def test_what_a_code_looks_like_is_compared_with_nothing_and_is_part_of_the_recipe() -> None:
    whole = zone_masks((CODE,), 10, 10)[0]
    assert not whole[2:8, 2:8].any()
    hashes = {recipe(replace(CODE, code=code)).content_hash for code in (CodeRead(), CodeRead("lot"))}
    assert len(hashes) == 2
    before = Zone("face", ((0.1, 0.1), (0.5, 0.5)))
    assert "code" not in str(recipe(before)._content()["zones"])


def test_views_whose_codes_differ_leave_the_part_in_doubt() -> None:
    own = recipe(CODE)
    looks = [
        ViewInspection(name, own.limits, inspected(drawn((text, "DataMatrix", (200, 180))), own))
        for name, text in (("top", "SN-1"), ("side", "SN-2"))
    ]
    part = part_inspection("part", looks, own, 0.0)
    assert (part.verdict, part.identity.serial) == (Verdict.REVIEW, "SN-1")
    assert "side shows the code SN-2, and another view SN-1." in part.reason
    assert deciding_view(part) is not None
