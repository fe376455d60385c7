"""What the views of a product may be. Pure: nothing is read or stored.

A view is a product of its own under the name of its part and its own, so that good images, regions, limits, eyes, its
golden set and what it learns are kept and shown as those of any product. What all views share is the part's: what it
is, its anomaly list, and the promise, of which each of k views keeps the k-th part.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from filo_core.errors import ProductError
from filo_core.types import ProductDraft, View
from filo_core.views import MOST_VIEWS, view_product
from storage.names import name_key, product_name, tidy_name


def tidy_view(draft: ProductDraft, name: str, suffix: str) -> tuple[str, str]:
    """Name and suffix of a view as they are kept.

    Raises:
        ProductError: if the name is empty or too long, or the suffix is another view's.
    """
    tidy, end = tidy_name(name, "view"), suffix.strip()
    if not tidy:
        raise ProductError("The view has no name. Give it one, such as top or side.")
    if "/" in tidy:
        raise ProductError(
            "The name {tidy!r} holds a /, which stands between a product and its view. Leave it out.", tidy=tidy
        )
    for other in draft.views:
        if end and name_key(other.name) != name_key(tidy) and _ends_alike(end, other.suffix):
            raise ProductError(
                "Files that end in {end!r} could be those of the view {name} ({suffix!r}) as well. Choose "
                "suffixes that no other one ends in.",
                end=end,
                name=other.name,
                suffix=other.suffix,
            )
    return tidy, end


def refuse_password(source: str) -> str:
    """A camera's address as it is kept, without a password: the record is no place for one.

    Raises:
        ProductError: if it holds one.
    """
    tidy = source.strip()
    try:
        parts = urlsplit(tidy)
        holds = parts.password is not None
    except ValueError:
        holds = "@" in tidy
    if holds:
        raise ProductError(
            "The camera's address holds a password, and would keep it in the record. Leave it out, and keep it with: "
            "main.py secret set camera:rtsp://USER@HOST:PORT"
        )
    return tidy


def _ends_alike(one: str, other: str) -> bool:
    ends = one.casefold(), other.casefold()
    return bool(other) and (ends[0].endswith(ends[1]) or ends[1].endswith(ends[0]))


def refuse_own_pictures(draft: ProductDraft) -> None:
    """Refuse views of a product that has a set-up of its own already.

    Raises:
        ProductError: if it has good images, regions or a signed recipe of one picture.
    """
    name = draft.description.name
    if _has_own_setup(draft) or (draft.signed_version and not draft.views):
        raise ProductError(
            "{name} has good images or a recipe of its own, for one picture a part. Make a new product for its views.",
            name=name,
        )


def _has_own_setup(draft: ProductDraft) -> bool:
    found = (draft.references, draft.zones, draft.taught_patches, draft.picture_limits, draft.learned_map)
    return any(found)


def refuse_setup_of_part(draft: ProductDraft) -> None:
    """Refuse a set-up that belongs to one of the views.

    Raises:
        ProductError: if a part with views has good images, regions or anything of that kind.
    """
    if _has_own_setup(draft):
        refuse_part(draft)


def refuse_part(draft: ProductDraft) -> None:
    """Refuse what is found or said of one picture, such as limits.

    Raises:
        ProductError: if the product is a part with views.
    """
    if draft.views:
        names = ", ".join(view.name for view in draft.views)
        raise ProductError(
            "{name} is looked at in several views: {names}. Choose one of them, such as {view!r}.",
            name=draft.description.name,
            names=names,
            view=view_product(draft.description.name, draft.views[0].name),
        )


def refuse_view(draft: ProductDraft, owner: str) -> None:
    """Refuse to rename or delete what is one of the views of another product.

    Raises:
        ProductError: if it has an owner.
    """
    if owner:
        name = draft.description.name
        raise ProductError(
            "{name} is a view of {owner}. Take it away there: main.py product views {owner!r} --remove.",
            name=name,
            owner=owner,
        )


def refuse_signing_alone(draft: ProductDraft, owner: str) -> None:
    """Refuse a signature under one of the views of a part: the part would go on judging by the one before.

    Raises:
        ProductError: if it has an owner.
    """
    if owner:
        raise ProductError(
            "{name} is a view of {owner}, and all views are signed together. Sign {owner} off: main.py product views "
            "{owner!r} --sign",
            name=draft.description.name,
            owner=owner,
        )


def tidy_views(draft: ProductDraft) -> tuple[View, ...]:
    """The views of a draft that comes as a whole, held to what each would be held to if it were added.

    Raises:
        ProductError: if one could not be added, or the part has a set-up of its own beside them.
    """
    refuse_setup_of_part(draft)
    there = replace(draft, views=())
    for view in draft.views:
        refuse_too_many(there)
        name, suffix = tidy_view(there, view.name, view.suffix)
        if view.draft.views or name_key(name) in {name_key(other.name) for other in there.views}:
            raise ProductError(
                "The view {name} of {product} is there twice, or has views of its own. Export the product again.",
                name=name,
                product=draft.description.name[:40],
            )
        tidy = replace(view, name=name, suffix=suffix, source=refuse_password(view.source))
        there = replace(there, views=(*there.views, tidy))
    return there.views


def find_view(draft: ProductDraft, name: str) -> View:
    """One of the views of a product, however its name is spelled.

    Raises:
        ProductError: if there is none of this name.
    """
    wanted = name_key(name)
    for view in draft.views:
        if name_key(view.name) == wanted:
            return view
    there = ", ".join(view.name for view in draft.views) or "none yet"
    raise ProductError(
        "{name} has no view {view!r}. Its views: {there}.", name=draft.description.name, view=name[:40], there=there
    )


def refuse_too_many(draft: ProductDraft) -> None:
    """Refuse one view more than a line can look through.

    Raises:
        ProductError: if there are as many as there may be.
    """
    if len(draft.views) >= MOST_VIEWS:
        raise ProductError(
            "{name} has {most_views} views, and more are not judged together.",
            name=draft.description.name,
            most_views=MOST_VIEWS,
        )


def shared_with_views(before: ProductDraft, after: ProductDraft, view: View) -> ProductDraft:
    """The draft of a view after its part has changed: what all views share is as the part says.

    Raises:
        ProductError: if the name of both together is too long.
    """
    name = product_name(view_product(after.description.name, view.name))
    changed = replace(
        view.draft,
        description=replace(after.description, name=name),
        anomaly_types=after.anomaly_types,
    )
    return replace(changed, eyes=after.eyes) if after.eyes != before.eyes else changed
