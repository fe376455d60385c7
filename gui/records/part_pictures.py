"""What a record shows: the picture of an inspection, or those of all views of a part beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filo_core.errors import StorageError
from filo_core.imaging import decode_image
from filo_core.views import PART_LIMITS, deciding_view, view_records
from gui.canvas.pictures import PictureContent
from gui.canvas.side_by_side import ViewPicture, side_by_side
from gui.records.placed import told

if TYPE_CHECKING:
    from filo_core.types import Inspection, InspectionRecord
    from workflows.reporting.history import History


def content_of_record(history: History, record: InspectionRecord) -> PictureContent:
    """Picture, map and regions of an inspection, away from the GUI thread.

    Raises:
        StorageError: if the picture or its map is missing or was altered.
        UnreadableImageError: if it is none.
    """
    if not record.views:
        return _single(history, record)
    pictures = [
        ViewPicture(view.name, _view_of(history, own))
        for view, own in zip(record.views, view_records(record), strict=True)
    ]
    decided = next((n for n, view in enumerate(record.views) if view.image_hash == record.image_hash), 0)
    return side_by_side(pictures, PART_LIMITS, decided)


def content_of_part(part: Inspection) -> PictureContent | None:
    """The same of a part that was just judged; None where no view has a picture."""
    pictures = [ViewPicture(view.name, PictureContent.of(view.inspection, view.limits)) for view in part.views]
    if not any(picture.content for picture in pictures):
        return None
    deciding = deciding_view(part)
    decided = next((n for n, view in enumerate(part.views) if view is deciding), 0)
    return side_by_side(pictures, PART_LIMITS, decided)


def _single(history: History, record: InspectionRecord) -> PictureContent:
    pixels = decode_image(history.encoded(record), record.name).pixels
    if not record.map_hash:
        return PictureContent(pixels)
    zones = told(history.placed(record, pixels), pixels, record.counts)
    return PictureContent(pixels, history.anomaly_map(record), record.limits, record.regions, zones)


def _view_of(history: History, record: InspectionRecord) -> PictureContent | None:
    """None where no picture came, or retention has taken it: the others are shown all the same."""
    if not record.image_hash:
        return None
    try:
        return _single(history, record)
    except StorageError:
        return None
