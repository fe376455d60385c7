"""Small real parts for tests of the record: images, recipes, inspections, and a product that is signed off."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from PIL import Image

from filo_core.golden_set import GoldenAnswer, GoldenChecked, GoldenPart, GoldenRelease
from filo_core.types import (
    AnomalyType,
    Box,
    Inspection,
    Limits,
    Origin,
    Position,
    Prediction,
    ProductDescription,
    ProductDraft,
    Recipe,
    Reference,
    Region,
    SourceImage,
    TypeShare,
    Verdict,
    View,
    ViewInspection,
)
from filo_core.views import PART_LIMITS, part_inspection, view_product
from storage.repositories.reviews import BlindReview
from storage.storage import Storage

MODEL_HASH = "c" * 64
LIMITS = Limits(ok=0.25, ng=0.5, region=0.125)
MOMENT = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)


def make_image(shade: int, name: str = "part.png", side: int = 4, frame_id: int | None = None) -> SourceImage:
    """A square PNG; each ``shade`` from 0 to 16 million gives other content."""
    colour = (shade % 256, shade // 256 % 256, shade // 65536)
    pixels = np.full((side, side, 3), colour, dtype=np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "PNG")
    content = encoded.getvalue()
    return SourceImage(name, content, hashlib.sha256(content).hexdigest(), pixels, MOMENT, frame_id)


def make_draft(name: str = "metal nut") -> ProductDraft:
    """A draft that only waits for its signature."""
    return ProductDraft(
        description=ProductDescription(name, "nut", domain="industrial"),
        anomaly_types=(AnomalyType("scratch"), AnomalyType("missing thread", enabled=False)),
        references=(Reference("b" * 64, "second.png"), Reference("a" * 64, "first.png")),
        region_of_interest=Box(1, 2, 30, 40),
        limits=LIMITS,
        calibration_note="two good parts",
        model_hash=MODEL_HASH,
    )


def sign_product(storage: Storage, name: str = "metal nut", draft: ProductDraft | None = None) -> Recipe:
    """Store a product and sign it off; back comes its recipe."""
    wanted = draft or make_draft(name)
    assert wanted.limits is not None
    recipe = wanted.recipe(wanted.limits, MODEL_HASH)
    with storage.transaction() as transaction:
        transaction.products.add(wanted)
        transaction.products.sign(wanted.description.name, recipe, "Ada", MOMENT)
    return recipe


def make_region(anomaly_type: str = "scratch", x: int = 0, looks: float | None = None) -> Region:
    """A region; what it ``looks`` like is the first number of a unit vector in the plane, None for no embedding."""
    region = Region(Box(x, 1, 2, 3), 6, 0.75, anomaly_type, 0.5, Position.TOP_LEFT)
    if looks is None:
        return region
    embedding = np.array([looks, (1.0 - looks**2) ** 0.5], np.float32)
    shares = (TypeShare(anomaly_type, 0.5), TypeShare("dent", 0.25))
    return replace(region, type_shares=shares, embedding=embedding)


def make_inspection(
    recipe: Recipe,
    shade: int,
    score: float = 0.1,
    *,
    name: str = "",
    origin: Origin = Origin.FOLDER,
    regions: Sequence[Region] = (),
    inspected_at: datetime = MOMENT,
) -> Inspection:
    """An inspection of ``make_image(shade)`` whose verdict follows the recipe's limits."""
    image = make_image(shade, name or f"part {shade}.png", frame_id=shade if origin is Origin.LIVE else None)
    anomaly_map = np.full((3, 5), score, dtype=np.float32)
    space = "1:eyes" if any(region.embedding is not None for region in regions) else ""
    seconds = {"encode": 0.01, "match": 0.02}
    prediction = Prediction(score, anomaly_map, tuple(regions), seconds, trained=True, embedding_space=space)
    return Inspection(
        name=image.name,
        image_hash=image.image_hash,
        recipe_hash=recipe.content_hash,
        verdict=recipe.limits.verdict(score),
        origin=origin,
        inspected_at=inspected_at,
        seconds=0.03,
        image=image,
        prediction=prediction,
        frame_age_ms=12.5 if origin is Origin.LIVE else None,
    )


def sign_part(storage: Storage, name: str = "housing", views: Sequence[str] = ("top", "side")) -> Recipe:
    """Store a product with views and sign all of it; back comes the recipe of the part."""
    with storage.transaction() as transaction:
        transaction.products.add(replace(make_draft(name), references=(), limits=None, region_of_interest=None))
        for view in views:
            draft = transaction.products.add(make_draft(view_product(name, view)))
            transaction.products.make_view(name, View(view, draft, f"_{view}"))
            transaction.products.sign(draft.description.name, draft.recipe(LIMITS, MODEL_HASH), "Ada", MOMENT)
        part = transaction.products.draft(name)
        recipe = part.recipe(PART_LIMITS, MODEL_HASH)
        transaction.products.sign(name, recipe, "Ada", MOMENT)
    return recipe


def make_part(
    storage: Storage, recipe: Recipe, shades: Sequence[int], scores: Sequence[float], name: str = "part 1"
) -> Inspection:
    """A part of :func:`sign_part`, one picture and one score a view."""
    with storage.reading() as transaction:
        drafts = [transaction.products.draft(view_product(recipe.product, view.name)) for view in recipe.views]
    recipes = [draft.recipe(LIMITS, MODEL_HASH) for draft in drafts]
    views = [
        ViewInspection(view.name, LIMITS, make_inspection(own, shade, score, regions=[make_region(x=shade)]))
        for view, own, shade, score in zip(recipe.views, recipes, shades, scores, strict=True)
    ]
    return part_inspection(name, views, recipe, time.perf_counter())


def make_refusal(recipe: Recipe, name: str = "broken.png", image_hash: str = "") -> Inspection:
    """An image that could not be inspected."""
    return Inspection(
        name=name,
        image_hash=image_hash,
        recipe_hash=recipe.content_hash,
        verdict=Verdict.NOT_INSPECTED,
        origin=Origin.FOLDER,
        inspected_at=MOMENT,
        seconds=0.001,
        reason=f"{name}: is empty. Copy it again.",
    )


def add_calibration(storage: Storage, name: str = "metal nut") -> None:
    """A calibration of a product, and the alarm that the drift watch raised over it."""
    with storage.transaction() as transaction:
        product_id = transaction.products.product_id(name)
        transaction.calibrations.add(product_id, "d" * 64, (0.1, 0.2), (0.15,), LIMITS, "three good parts", MOMENT)
        kept = transaction.calibrations.newest(product_id)
        assert kept is not None
        transaction.calibrations.add_alarm(kept.calibration_id, "The good parts score higher.", MOMENT)


def add_checks(storage: Storage, recipe: Recipe, inspection_id: int) -> None:
    """A golden check that failed, the release that let inspection go on, and a blind review."""
    answer = GoldenAnswer(GoldenPart("a" * 64, "bad.png", Verdict.NG), Verdict.OK, 0.1)
    checked = GoldenChecked((answer,), recipe.content_hash)
    with storage.transaction() as transaction:
        keys = transaction.products.recipe_keys(recipe.product, recipe.content_hash)
        number = transaction.golden.add_check(keys.product_id, keys.recipe_version_id, checked, "Ada", MOMENT)
        release = GoldenRelease(number, "The golden set failed.", "lamp was replaced", "Sue", MOMENT)
        transaction.golden.add_release(keys.product_id, release)
        transaction.reviews.add_blind(inspection_id, BlindReview(Verdict.NG, "Olaf", MOMENT))
