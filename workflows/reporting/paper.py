"""What paper shows of a report beside words: the product's picture, its recipe, the worst parts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image

from filo_core.errors import FiloError
from filo_core.imaging import decode_image
from workflows.reporting.worst_parts import jpeg_of, worst_parts

if TYPE_CHECKING:
    from storage.storage import Storage
    from workflows.reporting.report import Report

_COVER_PX = 300


def with_pictures(storage: Storage, report: Report) -> Report:
    """The report with what paper shows beside words: the product's first good image, its recipe, the worst parts.

    Raises:
        StorageError: if the record cannot be read.
    """
    wanted = report.figures.wanted
    with storage.reading() as transaction:
        draft = transaction.products.draft(wanted.product)
        recipe = ""
        if draft.signed_version is not None:
            version = transaction.products.recipe(wanted.product)
            recipe = f"{version.version} ({version.recipe.content_hash[:12]})"
    picture = b""
    if draft.references:
        try:
            encoded = storage.artefacts.get_bytes(draft.references[0].image_hash)
            image = Image.fromarray(decode_image(encoded, draft.references[0].name).pixels)
        except FiloError:
            # An imported product's picture may be elsewhere.
            pass
        else:
            image.thumbnail((_COVER_PX, _COVER_PX))
            picture = jpeg_of(image)
    return replace(report, recipe=recipe, picture=picture, worst=worst_parts(storage, wanted))
