"""Rows that a station forwards, taken into the plant's record: each one once, in the station's order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from sqlalchemy import select, text, tuple_
from sqlalchemy.orm import Session

from filo_core.sentence import Sentence
from filo_core.types import EventKind, ProductDescription, ProductDraft, Recipe, View
from filo_core.views import view_product
from storage import constraints
from storage.audit.forwarded import arrival_detail
from storage.engine import wait_for_other_arrivals
from storage.models import InspectionRow, RecipeVersionRow, RegionRow, ReviewRow
from storage.naming_models import NamedRegionRow, NamingRow
from storage.plant_models import ForwardedRow
from storage.recipes import load_recipe
from storage.repositories.events import EventRepository
from storage.repositories.outbox import INSPECTIONS, KNOWN, NAMINGS, RECIPES, REVIEWS, VIEWS, Outgoing
from storage.repositories.products import ProductRepository
from storage.session_models import KnownInspectionRow
from storage.view_models import PartViewRow


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The newest entry of a station's chain that is here."""

    sequence: int
    entry_hash: str


class ArrivalRepository:
    """Of the plant's record, within one transaction."""

    def __init__(self, session: Session, products: ProductRepository) -> None:
        self._session = session
        self._products = products

    def mark(self, station: str) -> ChainHead | None:
        """Up to where a station's rows are here; None before the first. Nobody else adds any until the end."""
        wait_for_other_arrivals(self._session.connection())
        newest = (
            select(ForwardedRow.sequence, ForwardedRow.entry_hash)
            .where(ForwardedRow.station == station)
            .order_by(ForwardedRow.sequence.desc())
            .limit(1)
        )
        found = self._session.execute(newest).one_or_none()
        return ChainHead(*found) if found is not None else None

    def take(self, station: str, rows: Sequence[Outgoing]) -> None:
        """Store rows and, with them, that they are here.

        An image of a folder that another station has judged under the same recipe stays judged once: the row that is
        here stands for both, and reviews of either are kept with it.

        Raises:
            StorageError: if a recipe was altered on its way.
            ProductError: if another station added the same product at this moment.
        """
        if not rows:
            return
        now = datetime.now(UTC)
        for table, group in groupby(rows, key=lambda row: row.table):
            arrived = list(group)
            if table == RECIPES:
                ids = [self._recipe(row) for row in arrived]
            elif table == INSPECTIONS:
                ids = self._inspections(station, arrived)
            elif table == NAMINGS:
                ids = self._of_inspections(station, arrived, NamingRow)
            elif table == KNOWN:
                ids = self._of_inspections(station, arrived, KnownInspectionRow)
            elif table == VIEWS:
                ids = self._views(station, arrived)
            elif table == REVIEWS:
                ids = self._reviews(station, arrived)
            else:
                ids = self._named_regions(station, arrived)
            self._session.add_all(
                ForwardedRow(
                    station=station,
                    sequence=row.sequence,
                    table_name=table,
                    local_id=row.local_id,
                    row_id=row_id,
                    entry_hash=row.entry_hash,
                    forwarded_at=now,
                )
                for row, row_id in zip(arrived, ids, strict=True)
            )
            self._session.flush()
        detail = arrival_detail(self._session, station, rows[0].sequence - 1)
        EventRepository(self._session).add(EventKind.ROWS_ARRIVED, "", station, station, detail)

    def _recipe(self, row: Outgoing) -> int:
        values = row.values
        recipe = load_recipe(
            values["content"],
            values["content_hash"],
            Sentence("entry {number} of the station's chain", number=row.sequence),
        )
        if not self._products.exists(recipe.product):
            self._products.add(_draft(recipe))
        for view in recipe.views:
            # The recipes of its views came before it. One that is known here keeps where its pictures come from.
            name = view_product(recipe.product, view.name)
            if not self._products.owner_of(name):
                self._products.make_view(recipe.product, View(view.name, self._products.draft(name)))
        self._products.sign(recipe.product, recipe, values["signed_by"], values["signed_at"])
        return self._products.recipe_keys(recipe.product, recipe.content_hash).recipe_version_id

    def _inspections(self, station: str, arrived: Sequence[Outgoing]) -> list[int]:
        recipe_ids = self._here(station, RECIPES, {row.values["recipe_version_id"] for row in arrived})
        product_ids = self._products_of(recipe_ids.values())
        made: list[InspectionRow] = []
        for row in arrived:
            recipe_id = recipe_ids[row.values["recipe_version_id"]]
            owners = {"id": None, "recipe_version_id": recipe_id, "product_id": product_ids[recipe_id]}
            made.append(InspectionRow(**{**row.values, **owners, "station": row.values["station"] or station}))
        judged = self._judged(made)
        new = [row for row in made if _content(row) not in judged or not _is_judged_once(row)]
        self._session.add_all(new)
        self._session.flush()
        added = set(map(id, new))
        ids = [row.id if id(row) in added else judged[_content(row)] for row in made]
        self._session.add_all(
            RegionRow(**{**region, "inspection_id": made_row.id})
            for row, made_row in zip(arrived, made, strict=True)
            if id(made_row) in added
            for region in row.regions
        )
        self._session.flush()
        return ids

    def _reviews(self, station: str, arrived: Sequence[Outgoing]) -> list[int]:
        owners = self._here(station, INSPECTIONS, {row.values["inspection_id"] for row in arrived})
        made = [
            ReviewRow(**{**row.values, "id": None, "inspection_id": owners[row.values["inspection_id"]]})
            for row in arrived
        ]
        self._session.add_all(made)
        self._session.flush()
        return [row.id for row in made]

    def _of_inspections(
        self, station: str, arrived: Sequence[Outgoing], table: type[NamingRow] | type[KnownInspectionRow]
    ) -> list[int]:
        """One an inspection: where another station's inspection stands for both, so does what is known of it."""
        owners = self._here(station, INSPECTIONS, {row.values["inspection_id"] for row in arrived})
        query = select(table.inspection_id, table.id).where(table.inspection_id.in_(owners.values()))
        known = dict(self._session.execute(query).all())
        made = [
            table(**{**row.values, "id": None, "inspection_id": owners[row.values["inspection_id"]]}) for row in arrived
        ]
        self._session.add_all(row for row in made if row.inspection_id not in known)
        self._session.flush()
        return [known.get(row.inspection_id) or row.id for row in made]

    def _views(self, station: str, arrived: Sequence[Outgoing]) -> list[int]:
        """Several a part: where another station's part stands for both, so do its views."""
        owners = self._here(station, INSPECTIONS, {row.values["inspection_id"] for row in arrived})
        recipes = self._here(station, RECIPES, {row.values["recipe_version_id"] for row in arrived})
        query = select(PartViewRow).where(PartViewRow.inspection_id.in_(owners.values()))
        known = {(row.inspection_id, row.ordinal): row for row in self._session.scalars(query)}
        made = [
            PartViewRow(
                **{
                    **row.values,
                    "id": None,
                    "inspection_id": owners[row.values["inspection_id"]],
                    "recipe_version_id": recipes[row.values["recipe_version_id"]],
                }
            )
            for row in arrived
        ]
        kept = [known.get((row.inspection_id, row.ordinal), row) for row in made]
        self._session.add_all(row for row in kept if row.id is None)
        self._session.flush()
        return [row.id for row in kept]

    def _named_regions(self, station: str, arrived: Sequence[Outgoing]) -> list[int]:
        owners = self._here(station, REVIEWS, {row.values["review_id"] for row in arrived})
        made = [
            NamedRegionRow(**{**row.values, "id": None, "review_id": owners[row.values["review_id"]]})
            for row in arrived
        ]
        self._session.add_all(made)
        self._session.flush()
        return [row.id for row in made]

    def _here(self, station: str, table: str, local_ids: Iterable[int]) -> dict[int, int]:
        """Ids in this record by the station's ids."""
        query = select(ForwardedRow.local_id, ForwardedRow.row_id).where(
            ForwardedRow.station == station, ForwardedRow.table_name == table, ForwardedRow.local_id.in_(local_ids)
        )
        return dict(self._session.execute(query).all())

    def _products_of(self, recipe_ids: Iterable[int]) -> dict[int, int]:
        query = select(RecipeVersionRow.id, RecipeVersionRow.product_id).where(RecipeVersionRow.id.in_(recipe_ids))
        return dict(self._session.execute(query).all())

    def _judged(self, rows: Sequence[InspectionRow]) -> dict[tuple[int, str], int]:
        """Ids of inspections that are here already, by recipe version and image."""
        once = [row for row in rows if _is_judged_once(row)]
        found: dict[tuple[int, str], int] = {}
        for column, rule, parts in (
            (InspectionRow.image_hash, constraints.JUDGED_ONCE, False),
            (InspectionRow.part_hash, constraints.PART_JUDGED_ONCE, True),
        ):
            columns = (InspectionRow.recipe_version_id, column)
            wanted = {_content(row) for row in once if bool(row.part_hash) is parts}
            # Spelled as in the partial index, which is used only then.
            query = select(*columns, InspectionRow.id).where(tuple_(*columns).in_(wanted), text(rule))
            found |= {(recipe_id, key): row_id for recipe_id, key, row_id in self._session.execute(query)}
        return found


def _content(row: InspectionRow) -> tuple[int, str]:
    return row.recipe_version_id, row.part_hash or row.image_hash


def _is_judged_once(row: InspectionRow) -> bool:
    return row.origin == "folder" and row.verdict != "NOT_INSPECTED"


def _draft(recipe: Recipe) -> ProductDraft:
    return ProductDraft(
        description=ProductDescription(recipe.product, recipe.class_name, recipe.kind, recipe.domain),
        anomaly_types=recipe.anomaly_types,
        references=recipe.references,
        region_of_interest=recipe.region_of_interest,
        zones=recipe.zones,
        picture_limits=recipe.picture_limits,
        fixture=recipe.fixture,
        profile=recipe.profile,
        limits=recipe.limits,
        model_hash=recipe.model_hash,
        taught_patches=recipe.taught_patches,
        eyes=recipe.eyes,
        learned_map=recipe.learned_map,
    )
