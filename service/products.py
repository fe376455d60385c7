"""Products, looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path

from service.gate import Reading, TheService
from service.problems import problem_responses
from service.shapes import PlainName, Products, ProductShape

if TYPE_CHECKING:
    from filo_core.types import ProductDraft
    from workflows.products.catalogue import Catalogue

router = APIRouter(tags=["products"])


@router.get("/products", summary="All products")
def list_products(service: TheService, _: Reading) -> Products:
    """Every product, in the order of their names."""
    catalogue = service.catalogue
    return Products(products=[_shape(catalogue, draft) for draft in catalogue.drafts()])


@router.get("/products/{name}", summary="One product", responses=problem_responses(404))
def one_product(name: Annotated[PlainName, Path(min_length=1)], service: TheService, _: Reading) -> ProductShape:
    """A product by its name; case and blanks make no difference."""
    return _shape(service.catalogue, service.catalogue.draft(name))


def _shape(catalogue: Catalogue, draft: ProductDraft) -> ProductShape:
    name = draft.description.name
    version = catalogue.recipe(name) if catalogue.versions(name) else None
    return ProductShape(
        name=name,
        class_name=draft.description.class_name,
        recipe_version=version.version if version else None,
        signed_at=version.signed_at if version else None,
        signed_by=version.signed_by if version else "",
        anomaly_types=[one.name for one in draft.anomaly_types],
        views=[view.name for view in draft.views],
    )
