"""Products, their drafts and their signed recipes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Select, delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from filo_core.errors import ProductError
from filo_core.sentence import Sentence
from filo_core.types import (
    AnomalyType,
    Box,
    EventKind,
    Limits,
    ProductDescription,
    ProductDraft,
    ProductKind,
    Provenance,
    Recipe,
    RecipeVersion,
    Reference,
    Severity,
    TaughtPatch,
    View,
    eyes_from,
)
from filo_core.views import with_views
from storage.calibration_models import TaughtPatchRow
from storage.models import AnomalyTypeRow, ProductRow, RecipeVersionRow, ReferenceRow
from storage.names import name_key
from storage.recipes import (
    dump_fixture,
    dump_learned_map,
    dump_picture_limits,
    dump_recipe,
    dump_zones,
    load_fixture,
    load_learned_map,
    load_picture_limits,
    load_recipe,
    load_zones,
)
from storage.repositories.events import EventRepository
from storage.repositories.product_removal import remove_product


@dataclass(frozen=True, slots=True)
class RecipeKeys:
    """What an inspection under a recipe version refers to: row ids, the limits that decided, and the model."""

    product_id: int
    recipe_version_id: int
    limits: Limits
    model_hash: str


class ProductRepository:
    """Products by name; case and blanks make no difference when one is looked up.

    Args:
        session: of the transaction.
        writes: whether a product that is looked up must stay as it is until the transaction ends.
    """

    def __init__(self, session: Session, *, writes: bool) -> None:
        self._session = session
        self._writes = writes

    def drafts(self) -> tuple[ProductDraft, ...]:
        """All drafts in the order of their names; views are with their product, and not among them."""
        return self._drafts(
            select(ProductRow)
            .options(selectinload(ProductRow.anomaly_types), selectinload(ProductRow.references))
            .order_by(ProductRow.name_key)
        )

    def draft(self, name: str) -> ProductDraft:
        """The draft of one product.

        Raises:
            ProductError: if there is no such product.
        """
        row = self._row(name)
        # With its views, or as the view that it is.
        own = or_(ProductRow.id == row.id, ProductRow.view_of == row.id)
        return next(draft for draft in self._drafts(select(ProductRow).where(own), row.id))

    def exists(self, name: str) -> bool:
        """True if a product has this name, however it is spelled."""
        return self._find(name) is not None

    def add(self, draft: ProductDraft) -> ProductDraft:
        """Store a new product; what it says of signed versions is not taken over.

        Raises:
            ProductError: if the name is taken.
        """
        name = draft.description.name
        if self.exists(name):
            raise _taken(name)
        now = datetime.now(UTC)
        row = ProductRow(created_at=now, changed_at=now, signed_version=None)
        _write_columns(row, draft)
        row.anomaly_types = _type_rows(draft.anomaly_types)
        row.references = _reference_rows(draft.references)
        self._session.add(row)
        try:
            self._session.flush()
        except IntegrityError as error:
            # Another station was quicker.
            raise _taken(name) from error
        self._session.add_all(_taught_rows(row.id, draft.taught_patches))
        self._session.flush()
        return _draft(row, "", "", draft.taught_patches)

    def save(self, name: str, draft: ProductDraft) -> ProductDraft:
        """Replace the draft of product ``name``; its name may change, its signed versions stay.

        Raises:
            ProductError: if there is no such product, or the new name is taken.
        """
        row = self._row(name)
        new_name = draft.description.name
        if name_key(new_name) != row.name_key and self.exists(new_name):
            raise _taken(new_name)
        _write_columns(row, draft)
        row.changed_at = datetime.now(UTC)
        # Old rows go first: an entry that stays would meet itself in the unique constraint.
        if _types(row) != draft.anomaly_types:
            self._session.execute(delete(AnomalyTypeRow).where(AnomalyTypeRow.product_id == row.id))
            self._session.expire(row, ["anomaly_types"])
            row.anomaly_types = _type_rows(draft.anomaly_types)
        if _references(row) != draft.references:
            self._session.execute(delete(ReferenceRow).where(ReferenceRow.product_id == row.id))
            self._session.expire(row, ["references"])
            row.references = _reference_rows(draft.references)
        if self._taught([row.id]).get(row.id, ()) != draft.taught_patches:
            self._session.execute(delete(TaughtPatchRow).where(TaughtPatchRow.product_id == row.id))
            self._session.add_all(_taught_rows(row.id, draft.taught_patches))
        self._session.flush()
        return self.draft(new_name)

    def remove(self, name: str, by: str = "") -> None:
        """Delete a product with its views, recipes and calibrations; where there were any, an event says ``by`` whom.

        Raises:
            ProductError: if there is no such product, or images were inspected under it.
        """
        row = self._row(name)
        for view in self._session.scalars(select(ProductRow).where(ProductRow.view_of == row.id)).all():
            remove_product(self._session, view, by)
        remove_product(self._session, row, by)

    def make_view(self, of: str, view: View) -> None:
        """Make a product that is there, under the view's name, one of the views of another; again to change it."""
        owner, row = self._row(of), self._row(view.draft.description.name)
        row.view_of, row.view_name, row.view_suffix, row.view_source = owner.id, view.name, view.suffix, view.source
        self._session.flush()

    def take_view(self, name: str, by: str = "") -> None:
        """Take a view away from its product; what was signed for it stays where verdicts or recipes rest on it."""
        row = self._row(name)
        if row.signed_version is None:
            remove_product(self._session, row, by)
        else:
            row.view_name = ""
            self._session.flush()

    def was_view_of(self, name: str, of: str) -> bool:
        """Whether a product is, or was, one of the views of another; False where there is no such product."""
        row = self._find(name)
        return row is not None and row.view_of == self._row(of).id

    def owner_of(self, name: str) -> str:
        """The product that a product is one of the views of; empty where it is none."""
        row = self._row(name)
        query = select(ProductRow.name).where(ProductRow.id == row.view_of)
        return (self._session.scalar(query) or "") if row.view_of is not None and row.view_name else ""

    def sign(self, name: str, recipe: Recipe, signed_by: str, signed_at: datetime) -> RecipeVersion:
        """Put a recipe in force: a new version, or the one that has this very content already.

        Raises:
            ProductError: if there is no such product.
        """
        product = self._row(name)
        same = (
            RecipeVersionRow.product_id == product.id,
            RecipeVersionRow.content_hash == recipe.content_hash,
        )
        row = self._session.scalar(select(RecipeVersionRow).where(*same))
        if row is None:
            newest = select(func.max(RecipeVersionRow.version)).where(RecipeVersionRow.product_id == product.id)
            row = RecipeVersionRow(
                product_id=product.id,
                version=(self._session.scalar(newest) or 0) + 1,
                content=dump_recipe(recipe),
                content_hash=recipe.content_hash,
                model_hash=recipe.model_hash,
                signed_by=signed_by,
                signed_at=signed_at,
            )
            self._session.add(row)
        elif row.version != product.signed_version:
            # No row is added for this, and the chain has to know who put an older recipe back in force.
            detail = {"version": row.version, "instead_of": product.signed_version, "product": product.id}
            EventRepository(self._session).add(EventKind.RECIPE_IN_FORCE, signed_by, "", product.name, detail)
        product.signed_version = row.version
        self._session.flush()
        return _recipe_version(row, product.name)

    def recipe(self, name: str, version: int | None = None) -> RecipeVersion:
        """A signed recipe, checked against its hash; the one in force when no version is given.

        Raises:
            ProductError: if there is no such product or version, or nothing was signed off yet.
            StorageError: if the recipe was altered.
        """
        product = self._row(name)
        number = product.signed_version if version is None else version
        if number is None:
            raise ProductError("{name} has no recipe yet. Sign it off first.", name=product.name)
        row = self._session.scalar(
            select(RecipeVersionRow).where(
                RecipeVersionRow.product_id == product.id, RecipeVersionRow.version == number
            )
        )
        if row is None:
            raise ProductError(
                "{name} has no recipe version {number}. Choose one from its list.", name=product.name, number=number
            )
        return _recipe_version(row, product.name)

    def recipe_keys(self, name: str, recipe_hash: str) -> RecipeKeys:
        """Row ids of a product's recipe by its hash.

        Raises:
            ProductError: if there is no such product, or it has no signed recipe of that hash.
        """
        product = self._row(name)
        row = self._session.scalar(
            select(RecipeVersionRow).where(
                RecipeVersionRow.product_id == product.id, RecipeVersionRow.content_hash == recipe_hash
            )
        )
        if row is None:
            raise ProductError(
                "{name} was judged by a recipe that nobody signed off. Sign it off first.", name=product.name
            )
        limits = _recipe_version(row, product.name).recipe.limits
        return RecipeKeys(product.id, row.id, limits, row.model_hash)

    def _drafts(self, query: Select[ProductRow], only: int | None = None) -> tuple[ProductDraft, ...]:
        rows = self._session.scalars(query).all()
        ids = [row.id for row in rows]
        signed, taught = self._signed_hashes(ids), self._taught(ids)
        views: dict[int, list[View]] = {}
        for row in sorted(rows, key=lambda row: row.id):
            if row.view_of is not None and row.view_name and row.id != only:
                draft = _draft(row, *signed.get(row.id, ("", "")), taught.get(row.id, ()))
                views.setdefault(row.view_of, []).append(View(row.view_name, draft, row.view_suffix, row.view_source))
        return tuple(
            _draft(row, *signed.get(row.id, ("", "")), taught.get(row.id, ()), views.get(row.id, ()))
            for row in rows
            if row.view_of is None or row.id == only
        )

    def _find(self, name: str) -> ProductRow | None:
        query = select(ProductRow).where(ProductRow.name_key == name_key(name))
        # On SQLite the whole database is locked already, and this says nothing.
        return self._session.scalar(query.with_for_update() if self._writes else query)

    def _row(self, name: str) -> ProductRow:
        row = self._find(name)
        if row is None:
            raise ProductError("There is no product {name!r}. Choose one from the list, or create it.", name=name[:120])
        return row

    def product_id(self, name: str) -> int:
        """Row id of a product.

        Raises:
            ProductError: if there is no such product.
        """
        return self._row(name).id

    def recipes(self, name: str) -> tuple[tuple[int, RecipeVersion], ...]:
        """Row id and content of every signed recipe of a product, oldest first.

        Raises:
            ProductError: if there is no such product.
            StorageError: if one was altered.
        """
        product = self._row(name)
        rows = self._session.scalars(
            select(RecipeVersionRow).where(RecipeVersionRow.product_id == product.id).order_by(RecipeVersionRow.version)
        )
        return tuple((row.id, _recipe_version(row, product.name)) for row in rows)

    def _taught(self, product_ids: Sequence[int]) -> dict[int, tuple[TaughtPatch, ...]]:
        rows = self._session.scalars(
            select(TaughtPatchRow)
            .where(TaughtPatchRow.product_id.in_(product_ids))
            .order_by(TaughtPatchRow.product_id, TaughtPatchRow.ordinal)
        )
        found: dict[int, tuple[TaughtPatch, ...]] = {}
        for row in rows:
            patch = TaughtPatch(row.image_hash, row.name, Box(row.x, row.y, row.width, row.height))
            found[row.product_id] = (*found.get(row.product_id, ()), patch)
        return found

    def _signed_hashes(self, product_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Content and model hash of the recipe in force, by product."""
        rows = self._session.execute(
            select(ProductRow.id, RecipeVersionRow.content_hash, RecipeVersionRow.model_hash)
            .join(RecipeVersionRow, RecipeVersionRow.product_id == ProductRow.id)
            .where(ProductRow.id.in_(product_ids), RecipeVersionRow.version == ProductRow.signed_version)
        )
        return {product_id: (content_hash, model_hash) for product_id, content_hash, model_hash in rows}


def _taken(name: str) -> ProductError:
    return ProductError("There is a product {name} already. Choose another name, or open that product.", name=name)


def _draft(
    row: ProductRow,
    signed_hash: str,
    signed_model_hash: str,
    taught: tuple[TaughtPatch, ...],
    views: Sequence[View] = (),
) -> ProductDraft:
    draft = ProductDraft(
        description=ProductDescription(row.name, row.class_name, ProductKind(row.kind), row.domain),
        anomaly_types=_types(row),
        references=_references(row),
        region_of_interest=_region_of_interest(row),
        profile=row.profile,
        limits=_limits(row),
        calibration_note=row.calibration_note,
        model_hash=row.model_hash,
        signed_version=row.signed_version,
        taught_patches=taught,
        eyes=eyes_from(row.eyes) if row.eyes else None,
        learned_map=load_learned_map(row.learned_map, row.name),
        zones=load_zones(row.zones, row.name),
        picture_limits=load_picture_limits(row.picture_limits, row.name),
        fixture=load_fixture(row.fixture, row.name),
    )
    draft = with_views(draft, views)
    if not signed_hash or draft.limits is None:
        return draft
    now = draft.recipe(draft.limits, draft.model_hash or signed_model_hash)
    return replace(draft, changed_since_signing=now.content_hash != signed_hash)


def _recipe_version(row: RecipeVersionRow, product: str) -> RecipeVersion:
    recipe = load_recipe(
        row.content, row.content_hash, Sentence("{product}, version {version},", product=product, version=row.version)
    )
    return RecipeVersion(recipe, row.version, row.signed_by, row.signed_at)


def _types(row: ProductRow) -> tuple[AnomalyType, ...]:
    return tuple(
        AnomalyType(entry.name, Severity(entry.severity), entry.enabled, Provenance(entry.provenance))
        for entry in row.anomaly_types
    )


def _references(row: ProductRow) -> tuple[Reference, ...]:
    return tuple(Reference(entry.image_hash, entry.name) for entry in row.references)


def _region_of_interest(row: ProductRow) -> Box | None:
    x, y, width, height = row.roi_x, row.roi_y, row.roi_width, row.roi_height
    if x is None or y is None or width is None or height is None:
        return None
    return Box(x, y, width, height)


def _limits(row: ProductRow) -> Limits | None:
    if row.limit_ok is None or row.limit_ng is None or row.limit_region is None:
        return None
    return Limits(row.limit_ok, row.limit_ng, row.limit_region)


def _write_columns(row: ProductRow, draft: ProductDraft) -> None:
    description, box, limits = draft.description, draft.region_of_interest, draft.limits
    row.name, row.name_key = description.name, name_key(description.name)
    row.class_name, row.kind, row.domain = description.class_name, description.kind.value, description.domain
    row.roi_x, row.roi_y = (box.x, box.y) if box else (None, None)
    row.roi_width, row.roi_height = (box.width, box.height) if box else (None, None)
    row.profile, row.eyes = draft.profile, draft.eyes.words if draft.eyes else ""
    row.learned_map = dump_learned_map(draft.learned_map)
    row.zones = dump_zones(draft.zones)
    row.picture_limits = dump_picture_limits(draft.picture_limits)
    row.fixture = dump_fixture(draft.fixture)
    if draft.views:
        # They follow from those of its views.
        limits = None
    row.limit_ok = limits.ok if limits else None
    row.limit_ng = limits.ng if limits else None
    row.limit_region = limits.region if limits else None
    row.calibration_note, row.model_hash = ("", "") if draft.views else (draft.calibration_note, draft.model_hash)


def _type_rows(types: tuple[AnomalyType, ...]) -> list[AnomalyTypeRow]:
    return [
        AnomalyTypeRow(
            ordinal=ordinal,
            name=entry.name,
            severity=entry.severity.value,
            enabled=entry.enabled,
            provenance=entry.provenance.value,
        )
        for ordinal, entry in enumerate(types)
    ]


def _reference_rows(references: tuple[Reference, ...]) -> list[ReferenceRow]:
    return [
        ReferenceRow(ordinal=ordinal, image_hash=entry.image_hash, name=entry.name)
        for ordinal, entry in enumerate(references)
    ]


def _taught_rows(product_id: int, patches: tuple[TaughtPatch, ...]) -> list[TaughtPatchRow]:
    return [
        TaughtPatchRow(
            product_id=product_id,
            ordinal=ordinal,
            image_hash=patch.image_hash,
            name=patch.name,
            x=patch.box.x,
            y=patch.box.y,
            width=patch.box.width,
            height=patch.box.height,
        )
        for ordinal, patch in enumerate(patches)
    ]
