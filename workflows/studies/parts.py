"""The parts of a capability study: from folders, or from what people have decided."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.capability import LEAST_PARTS, LEAST_SHARE, MOST_PARTS, StudyPart
from filo_core.errors import EvidenceError
from filo_core.imaging import printable_name, read_image
from filo_core.types import InspectionFilter, Verdict
from workflows.products.golden import known_images

if TYPE_CHECKING:
    from filo_core.types import Recipe, SourceImage
    from storage.storage import Storage

USUAL_PARTS = 50
"""AIAG's own example has 50 parts."""
_BAD_SHARE = 0.4


def folder_parts(folders: Sequence[Path]) -> tuple[tuple[StudyPart, Path], ...]:
    """What the folders hold, each content once: ``good`` or ``ok`` are good, all folders beside them bad.

    Raises:
        FolderError: if one is no folder, or has no good and no bad part in it.
        UnreadableImageError: if a picture is of no use.
    """
    found: dict[str, tuple[StudyPart, Path]] = {}
    for folder in folders:
        for path, expected in known_images(folder):
            image = read_image(path)
            part = StudyPart(image.image_hash, printable_name(path.name), expected)
            other = found.setdefault(image.image_hash, (part, path))[0]
            if other.expected is not expected:
                raise EvidenceError(
                    "{path} is the same picture as {name}, and one is good and the other bad.",
                    path=path,
                    name=other.name,
                )
    return tuple(found.values())


def decided_parts(storage: Storage, product: str) -> tuple[StudyPart, ...]:
    """Inspected parts that people have decided on, and the golden set; contents that they disagree about are left out.

    Raises:
        ProductError: if there is no such product.
    """
    with storage.reading() as transaction:
        golden = transaction.golden.parts(transaction.products.product_id(product))
        rows = transaction.figures.judged(InspectionFilter(product=product), reviewed_only=True)
    known: dict[str, set[Verdict]] = {part.image_hash: {part.expected} for part in golden}
    names = {part.image_hash: part.name for part in golden}
    for row in rows:
        if row.review_verdict is not None and row.image_hash:
            known.setdefault(row.image_hash, set()).add(row.review_verdict)
            names.setdefault(row.image_hash, f"inspection {row.inspection_id}")
    return tuple(
        StudyPart(image_hash, names[image_hash], next(iter(verdicts)))
        for image_hash, verdicts in known.items()
        if len(verdicts) == 1 and storage.artefacts.path_of(image_hash).is_file()
    )


def learned(recipe: Recipe) -> frozenset[str]:
    """Hashes of the pictures that a recipe knows by heart: its references, and what was taught to it."""
    taught = (patch.image_hash for patch in recipe.taught_patches)
    return frozenset((*(reference.image_hash for reference in recipe.references), *taught))


def choose_parts(parts: Iterable[StudyPart], most: int, seed: str) -> tuple[StudyPart, ...]:
    """At most ``most`` of the parts, by chance.

    Two fifths are bad where there are so many, and never less than one fifth of either kind.

    Raises:
        EvidenceError: if no study can be made of them.
    """
    if not LEAST_PARTS <= most <= MOST_PARTS:
        raise EvidenceError(
            "A study has {least_parts} to {most_parts} parts. Ask for a number between them.",
            least_parts=LEAST_PARTS,
            most_parts=MOST_PARTS,
        )
    by_kind: dict[Verdict, list[StudyPart]] = {Verdict.OK: [], Verdict.NG: []}
    for part in parts:
        by_kind[part.expected].append(part)
    good, bad = by_kind[Verdict.OK], by_kind[Verdict.NG]
    others = round(1.0 / LEAST_SHARE) - 1
    bad_count = min(len(bad), round(_BAD_SHARE * most))
    good_count = min(len(good), most - bad_count, others * bad_count)
    bad_count = min(len(bad), most - good_count, others * good_count)
    if good_count + bad_count < LEAST_PARTS:
        raise EvidenceError(
            "There are {count} good and {bad} bad parts that the recipe does not know by heart. A "
            "study needs at least {least_parts} parts, a fifth of them good and a fifth bad. Add "
            "known parts.",
            count=len(good),
            bad=len(bad),
            least_parts=LEAST_PARTS,
        )
    chance = random.Random(seed)
    chosen = chance.sample(good, good_count) + chance.sample(bad, bad_count)
    # Not in two halves: whoever sees the list sees no order in it.
    return tuple(sorted(chosen, key=lambda part: part.image_hash))


def chosen_images(found: Sequence[tuple[StudyPart, Path]], chosen: Sequence[StudyPart]) -> Iterable[SourceImage]:
    """The pictures of the chosen parts, one at a time."""
    paths = {part.image_hash: path for part, path in found}
    return (read_image(paths[part.image_hash]) for part in chosen)
