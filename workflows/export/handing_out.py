"""What goes out of the record, by whom: inspections, figures, reports and the audit chain as files.

Each asks for the right to export and is in the chain before it is written. What the writers are given, they write.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.sentence import Sentence
from filo_core.types import EventKind
from workflows.people.rights import Right, asks

if TYPE_CHECKING:
    from filo_core.sentence import InLanguage
    from filo_core.types import Limits
    from storage.audit.chain import Head
    from workflows.export.formats import ExportFormat
    from workflows.export.selection import Selection
    from workflows.people.access import Access
    from workflows.products.catalogue import Catalogue
    from workflows.reporting.figures import Figures
    from workflows.reporting.report import Report
    from workflows.studies.report import StudyReport


@asks(Right.EXPORT)
def export_inspections(
    access: Access,
    selection: Selection,
    catalogue: Catalogue,
    wanted: ExportFormat,
    out: Path,
    in_language: InLanguage = str,
) -> int:
    """Write inspections to a file or folder, sentences on paper by ``in_language``; how many.

    Raises:
        AccessError: if there are users, and nobody is signed in who may do this.
        FolderError: if it cannot be written.
    """
    from workflows.export.formats import write_export

    _tell(access, selection.wanted.product, wanted.value, out)
    return write_export(selection, catalogue, wanted, out, in_language(_foot(access)), in_language)


@asks(Right.EXPORT)
def export_figures(access: Access, figures: Figures, path: Path, limits: Limits | None) -> None:
    """Write figures as a table; errors as :func:`export_inspections`."""
    from workflows.reporting.figures_csv import write_csv

    _tell(access, figures.wanted.product, "figures", path)
    write_csv(figures, path, limits)


@asks(Right.EXPORT)
def export_report(access: Access, report: Report, path: Path, in_language: InLanguage = str, title: str = "") -> None:
    """Write a report on paper, its sentences by ``in_language``; errors as :func:`export_inspections`.

    ``title`` is what its time is called, such as a shift's name.
    """
    # Only who wants a report pays for loading what draws it.
    from workflows.reporting.paper import with_pictures
    from workflows.reporting.report_pdf import Cover, write_pdf

    _tell(access, report.figures.wanted.product, "report", path)
    cover = Cover(datetime.now().astimezone(), access.operator(), title)
    write_pdf(with_pictures(access.storage, report), path, in_language(_foot(access)), in_language, cover)


@asks(Right.EXPORT)
def export_study(access: Access, report: StudyReport, path: Path, in_language: InLanguage = str) -> None:
    """Write a capability study on paper, its sentences by ``in_language``; the chain holds its digest and verdicts.

    Errors as :func:`export_inspections`.
    """
    from workflows.studies.report import tell_reported
    from workflows.studies.study_pdf import write_pdf

    by = tell_reported(access, report, path.name)
    write_pdf(replace(report, reported_by=by), path, in_language(_foot(access)), in_language)


@asks(Right.EXPORT)
def export_chain(access: Access, path: Path) -> Head:
    """Write the audit chain to an archive; back comes its head, worth noting elsewhere.

    Raises:
        AccessError: if there are users, and nobody is signed in who may do this.
        StorageError: if the file cannot be written.
    """
    _tell(access, "audit chain", "audit chain", path)
    return access.storage.export_chain(path)


def _tell(access: Access, subject: str, form: str, path: Path) -> None:
    access.tell(Right.EXPORT, EventKind.EXPORTED, subject or "all products", {"as": form, "to": path.name})


def _foot(access: Access) -> str:
    """The head of the record, which has the entry of this very export."""
    storage = access.storage
    return Sentence("Record {head}", head=storage.signed(storage.head()))
