"""Pictures of known parts, and inspections that turned out to be of one."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from contextlib import suppress

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from filo_core.sessions import Taken, ToldBy
from filo_core.types import InspectionFilter, KnownAs, SourceImage, Verdict
from storage.calibration_models import GoldenPartRow
from storage.columns import UtcDateTime
from storage.known_pictures import RecognisedPart, pixels_hash, rows_hash
from storage.models import InspectionRow, RecipeVersionRow
from storage.repositories.filters import conditions
from storage.repositories.products import RecipeKeys
from storage.session_models import KnownInspectionRow, KnownPictureRow, SessionPartRow

_AT_ONCE = 500


class KnownPictureRepository:
    """Within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def note(self, image: SourceImage, taken: Taken | None) -> None:
        """Keep how to tell the picture of a known part again, and when it was taken; what is kept already stays."""
        if self._session.get(KnownPictureRow, image.image_hash) is None:
            row = KnownPictureRow(
                content_hash=image.image_hash,
                rows_hash=rows_hash(image.pixels),
                pixels_hash=pixels_hash(image.pixels),
                taken_at=taken.at if taken else None,
                told_by=taken.told_by.value if taken else "",
            )
            # Another station may keep the same picture at this moment.
            with suppress(IntegrityError), self._session.begin_nested():
                self._session.add(row)

    def taken(self, product_id: int, hashes: Collection[str]) -> dict[str, Taken]:
        """When pictures were taken, else when they were first inspected as parts of the product."""
        found: dict[str, Taken] = {}
        wanted = sorted(set(hashes))
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            first = (
                select(InspectionRow.image_hash, func.min(InspectionRow.inspected_at, type_=UtcDateTime))
                .where(InspectionRow.product_id == product_id, InspectionRow.image_hash.in_(some))
                .group_by(InspectionRow.image_hash)
            )
            for image_hash, at in self._session.execute(first):
                found[image_hash] = Taken(at, ToldBy.RECORD)
            for row in self._session.scalars(select(KnownPictureRow).where(KnownPictureRow.content_hash.in_(some))):
                if row.taken_at is not None:
                    found[row.content_hash] = Taken(row.taken_at, ToldBy(row.told_by))
        return found

    def find(self, keys: RecipeKeys, image: SourceImage) -> RecognisedPart | None:
        """Which known part a picture shows that was judged under a recipe version; None where it is news."""
        candidates = (image.image_hash, *(one for one in self._alike(image) if one != image.image_hash))
        found = self._known(keys, candidates)
        for content_hash in candidates:
            if content_hash in found:
                return RecognisedPart(found[content_hash], content_hash)
        return None

    def _alike(self, image: SourceImage) -> tuple[str, ...]:
        """Hashes of the pictures with the same pixels."""
        query = select(KnownPictureRow.content_hash, KnownPictureRow.pixels_hash)
        rows = self._session.execute(query.where(KnownPictureRow.rows_hash == rows_hash(image.pixels))).all()
        pixels = pixels_hash(image.pixels) if rows else ""
        return tuple(content_hash for content_hash, found in rows if found == pixels)

    def _known(self, keys: RecipeKeys, candidates: Sequence[str]) -> dict[str, KnownAs]:
        shown = select(SessionPartRow.image_hash).where(
            SessionPartRow.product_id == keys.product_id, SessionPartRow.image_hash.in_(candidates)
        )
        found = dict.fromkeys(self._session.scalars(shown), KnownAs.GOOD)
        golden = select(GoldenPartRow.image_hash, GoldenPartRow.expected).where(
            GoldenPartRow.product_id == keys.product_id, GoldenPartRow.image_hash.in_(candidates)
        )
        for content_hash, expected in self._session.execute(golden):
            found[content_hash] = KnownAs.GOOD if expected == Verdict.OK.value else KnownAs.BAD
        bank = self._references(keys.recipe_version_id)
        return found | {content_hash: KnownAs.REFERENCE for content_hash in candidates if content_hash in bank}

    def add(self, inspection_id: int, known: RecognisedPart) -> None:
        """Keep that an inspection was of a known part."""
        self._session.add(
            KnownInspectionRow(
                inspection_id=inspection_id, known_as=known.known_as.value, known_hash=known.content_hash
            )
        )
        self._session.flush()

    def count(self, wanted: InspectionFilter) -> int:
        """How many of the wanted inspections are of known parts."""
        query = select(func.count(KnownInspectionRow.id)).join(
            InspectionRow, InspectionRow.id == KnownInspectionRow.inspection_id
        )
        return self._session.scalar(query.where(*conditions(wanted))) or 0

    def _references(self, recipe_version_id: int) -> frozenset[str]:
        # What was taught from inspected parts is no reference: those parts came from the line.
        query = select(RecipeVersionRow.content).where(RecipeVersionRow.id == recipe_version_id)
        content = json.loads(self._session.scalars(query).one())
        return frozenset(reference["image_hash"] for reference in content["references"])
