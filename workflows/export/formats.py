"""The formats by name."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import count
from pathlib import Path

from filo_core.errors import FolderError
from filo_core.sentence import InLanguage, sentences
from workflows.export.selection import Selection
from workflows.products.catalogue import Catalogue


class ExportFormat(StrEnum):
    """What an export is written as."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    COCO = "coco"
    MVTEC = "mvtec"
    PDF = "pdf"


_ENDINGS = {
    ExportFormat.CSV: ".csv",
    ExportFormat.JSON_LINES: ".jsonl",
    ExportFormat.COCO: "-coco/annotations.json",
    ExportFormat.MVTEC: "-mvtec",
    ExportFormat.PDF: ".pdf",
}


def free_places(folder: Path, name: str, formats: Sequence[ExportFormat]) -> tuple[Path, ...]:
    """Where several formats go below a folder under one name; with a number where one of them is there already.

    Raises:
        FolderError: if there is no such folder.
    """
    if not folder.is_dir():
        raise FolderError("{folder} is no folder. Choose one that is there.", folder=folder)
    for number in count(1):
        stem = name if number == 1 else f"{name} {number}"
        places = tuple(folder / f"{stem}{_ENDINGS[wanted]}" for wanted in formats)
        # What lies in a folder of its own needs all of that.
        if not any((folder / place.relative_to(folder).parts[0]).exists() for place in places):
            return places
    raise AssertionError("some number is free")


def write_export(
    selection: Selection,
    catalogue: Catalogue,
    wanted: ExportFormat,
    out: Path,
    foot: str = "",
    in_language: InLanguage = str,
) -> int:
    """Write a selection; back comes how many inspections it holds.

    Args:
        selection: what to write.
        catalogue: of the same record.
        wanted: the format.
        out: a file; a new or empty folder for the MVTec layout.
        foot: at the end of every page, where there are pages.
        in_language: says the sentences on those pages; data keep the words that programs read.

    Raises:
        FolderError: if it cannot be written.
        StorageError: if the record or an anomaly map cannot be read.
        ProductError: if the product has no recipe and the format needs its references.
    """
    # Each format loads what it needs, reportlab and pycocotools among that.
    match wanted:
        case ExportFormat.CSV:
            from workflows.export.tables import write_csv

            return write_csv(selection, out)
        case ExportFormat.JSON_LINES:
            from workflows.export.tables import write_json_lines

            return write_json_lines(selection, out)
        case ExportFormat.COCO:
            from workflows.export.coco import write_coco

            return write_coco(selection, out)
        case ExportFormat.MVTEC:
            from workflows.export.mvtec import write_mvtec

            return write_mvtec(selection, catalogue, out)
        case ExportFormat.PDF:
            from workflows.export.pdf import write_pdf

            product = selection.wanted.product
            carried = (catalogue.reported_proof(product), catalogue.reported_sessions(product))
            return write_pdf(selection, out, foot, sentences(*carried), in_language)
