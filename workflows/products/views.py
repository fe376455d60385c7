"""The views of a part, set up and found again to judge by; see :mod:`workflows.products.view_rules`."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from filo_core.errors import RecipeError, SourceError
from filo_core.types import ProductDraft, Recipe
from filo_core.views import JudgingView, view_product
from storage.names import name_key
from workflows.products.steps import calibration_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from filo_core.engine import Engine
    from workflows.products.catalogue import Catalogue


def judging_views(catalogue: Catalogue, recipe: Recipe) -> tuple[JudgingView, ...]:
    """The views of a part's recipe with the recipes that they are judged by; none for a product of one picture.

    Raises:
        RecipeError: if one is not there any more.
    """
    if not recipe.views:
        return ()
    now = {view.name: view for view in catalogue.draft(recipe.product).views}
    found = []
    for view in recipe.views:
        versions = catalogue.versions(view_product(recipe.product, view.name))
        version = next((one for one in versions if one.recipe.content_hash == view.recipe_hash), None)
        if version is None:
            raise RecipeError(
                "The recipe of the view {name} of {product} is gone. Restore a backup, or sign {product} off again.",
                name=view.name,
                product=recipe.product,
            )
        kept = now.get(view.name)
        found.append(JudgingView(view.name, version, kept.suffix if kept else "", kept.source if kept else ""))
    return tuple(found)


def sources_of(product: str, views: Sequence[JudgingView], given: Sequence[str]) -> tuple[str, ...]:
    """Where a line takes its pictures from: one source a view, in their order; one or none without views.

    Args:
        product: for the message.
        views: of its recipe.
        given: what was typed, ``VIEW=SOURCE`` where there are views; those of the set-up stand for the others.

    Raises:
        SourceError: if a view has none, there is no such view, or one product of one picture is given several.
    """
    if not views:
        if len(given) > 1:
            raise SourceError(
                "{product} is looked at in one picture, so it has one source, not {count}.",
                product=product,
                count=len(given),
            )
        return tuple(one for one in given if one)
    typed: dict[str, str] = {}
    for one in given:
        name, between, source = one.partition("=")
        view = next((view.name for view in views if name_key(view.name) == name_key(name)), "")
        if not between or not view or view in typed:
            names = ", ".join(view.name for view in views)
            raise SourceError(
                "{product} has the views {names}: write --source VIEW=SOURCE, once for each of them.",
                product=product,
                names=names,
            )
        typed[view] = source
    without = [view.name for view in views if not typed.get(view.name, view.source)]
    if without:
        raise SourceError(
            "The view {without} of {product} has no source. Write --source {without}=CAMERA, or keep "
            "one: main.py product views {product!r} --add {without} --source CAMERA",
            without=without[0],
            product=product,
        )
    return tuple(typed.get(view.name, view.source) for view in views)


def require_all(require: Callable[[str], None], recipe: Recipe) -> None:
    """Ask of a product, or of each view of a part, whether it may be inspected."""
    for name in [view_product(recipe.product, view.name) for view in recipe.views] or [recipe.product]:
        require(name)


def calibrate_views(catalogue: Catalogue, name: str, engine: Engine) -> ProductDraft:
    """Set the limits of every view that has none; back comes the product.

    Raises:
        ProductError: if there is no such product.
        RecipeError: if a view has no good image.
    """
    for view in catalogue.draft(name).views:
        if view.draft.limits is None:
            deque(calibration_steps(catalogue, view.draft.description.name)(engine), maxlen=0)
    return catalogue.draft(name)
