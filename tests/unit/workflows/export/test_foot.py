"""The head of the record on every page that is printed."""

from __future__ import annotations

from pathlib import Path

from pypdf import PdfReader

from filo_core.types import InspectionFilter
from storage.recorder import Recorder
from tests.unit.storage.making import make_inspection, sign_product
from workflows.export.formats import ExportFormat
from workflows.export.handing_out import export_inspections, export_report
from workflows.export.selection import Selection
from workflows.keeping.opening import open_record
from workflows.people.access import Access
from workflows.products.catalogue import Catalogue
from workflows.reporting.history import History
from workflows.reporting.report import read_report
from workflows.sealing.installation import Installation
from workflows.settings.settings import Settings


def pages_of(path: Path) -> list[str]:
    return ["".join(page.extract_text().split()) for page in PdfReader(path).pages]


def test_every_page_of_a_report_and_of_an_export_carries_the_signed_head(tmp_path: Path) -> None:
    settings = Settings()
    with open_record(settings) as storage:
        recipe = sign_product(storage)
        for shade in range(4):
            Recorder(storage, "metal nut").record_one(make_inspection(recipe, shade, 0.9))
        access, catalogue = Access(storage), Catalogue(storage)
        wanted = InspectionFilter(product="metal nut")
        export_report(access, read_report(storage, catalogue, wanted), tmp_path / "report.pdf")
        reported = storage.head()
        selection = Selection(History(storage, access), wanted, reviewed=False)
        export_inspections(access, selection, catalogue, ExportFormat.PDF, tmp_path / "parts.pdf")
        exported = storage.head()
    installation = Installation(settings.home)
    for name, head in (("report.pdf", reported), ("parts.pdf", exported)):
        pages = pages_of(tmp_path / name)
        assert pages
        foot = f"Record{head}.{installation.sign(head)}ofinstallation{installation.name}"
        assert [foot in page for page in pages] == [True] * len(pages)
