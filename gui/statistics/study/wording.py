"""What the window says of a capability study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from filo_core.calibration.agreement import AIAG, Kappa
from filo_core.capability import SYSTEM
from filo_core.types import Verdict
from gui.wording import date_and_time, number, percentage

if TYPE_CHECKING:
    from filo_core.calibration.capability import AppraiserResult, CapabilityResult
    from filo_core.capability import CapabilityStudy
    from filo_core.statistics.rates import Rate

VERDICTS = {"acceptable": Verdict.OK, "marginal": Verdict.REVIEW, "unacceptable": Verdict.NG}
"""In whose colours a band is shown."""


def filled(text: str, *values: str) -> str:
    """A sentence with its places ``%1`` to ``%9`` filled."""
    for place, value in enumerate(values, start=1):
        text = text.replace(f"%{place}", value)
    return text


def appraiser_name(appraiser: str) -> str:
    """The system in the language of the window; people as they are called."""
    return _tr("system") if appraiser == SYSTEM else appraiser


def plan_text(study: CapabilityStudy) -> str:
    """What the study consists of."""
    plan = study.plan
    text = _tr("Study %1, created %2: %3 parts, %4 of them bad, recipe version %5, %6 presentations each.")
    numbers = (number(len(plan.parts)), number(plan.bad), str(plan.recipe_version), str(plan.presentations))
    return filled(text, str(study.study_id), date_and_time(study.created_at), *numbers)


def band_name(band: str) -> str:
    """AIAG's word for a rate."""
    match band:
        case "acceptable":
            return _tr("acceptable")
        case "marginal":
            return _tr("marginal")
        case "unacceptable":
            return _tr("unacceptable")
    return _tr("no verdict")


def verdict_text(found: AppraiserResult, result: CapabilityResult) -> str:
    """AIAG's verdict by the counts, and what so few parts can prove."""
    text = filled(_tr("%1: %2 (%3)."), appraiser_name(found.appraiser), band_name(found.verdict), AIAG)
    if found.proven != found.verdict:
        more = _tr("With %1 parts the intervals reach into “%2”.")
        text += " " + filled(more, number(result.parts), band_name(found.proven))
    return text


def figure_text(rate: Rate | None, band: str = "") -> str:
    """Share, count, interval and band, in a cell of its own."""
    if rate is None:
        return "–"
    text = _tr("%1\n%2 of %3, %4 to %5")
    counts = (number(rate.count), number(rate.of), percentage(rate.lower), percentage(rate.upper))
    said = filled(text, percentage(rate.value), *counts)
    return f"{said}\n{band_name(band)}" if band else said


def kappa_text(kappa: Kappa | str) -> str:
    """Kappa and its interval, or why there is none."""
    if isinstance(kappa, str):
        return "–"
    return filled(_tr("%1\n%2 to %3, %4 parts"), *_kappa_values(kappa))


def table_rows(result: CapabilityResult) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Every figure of every appraiser, a row a figure."""

    def banded(name: str) -> tuple[str, ...]:
        found = result.appraisers
        return tuple(
            figure_text(one.rates.get(name), one.bands[name].name if name in one.bands else "") for one in found
        )

    return (
        (_tr("Effectiveness: right every time"), banded("effectiveness")),
        (_tr("Bad parts called OK (misses)"), banded("miss")),
        (_tr("Good parts called NG (false alarms)"), banded("false alarm")),
        (_tr("No decision (REVIEW)"), tuple(figure_text(one.undecided) for one in result.appraisers)),
        (_tr("The same every time"), tuple(figure_text(one.within) for one in result.appraisers)),
        (_tr("Kappa of the presentations"), tuple(kappa_text(one.within_kappa) for one in result.appraisers)),
        (_tr("Kappa with the reference"), tuple(kappa_text(one.against_kappa) for one in result.appraisers)),
    )


def between_text(result: CapabilityResult) -> str:
    """The appraisers beside each other, a line a pair."""
    lines = [
        filled(_tr("%1 and %2: kappa %3"), *map(appraiser_name, (pair.first, pair.second)), _one_line(pair.kappa))
        for pair in result.pairs
    ]
    if len(result.appraisers) > 1:
        lines.append(_tr("All together: Fleiss' kappa %1").replace("%1", _one_line(result.fleiss)))
    if result.stopping is not None:
        rates = result.stopping.rates
        text = _tr("Where REVIEW stops a part as NG does: right %1, misses %2, false alarms %3.")
        lines.append(filled(text, *(figure_text(rates.get(n)).replace("\n", ": ") for n in _RATES)))
    return "\n".join(lines)


_RATES = ("effectiveness", "miss", "false alarm")


def counting_text(result: CapabilityResult) -> str:
    """How it was counted, and what the system's repeating itself means."""
    lines = [
        _tr(
            "Bands of AIAG: effectiveness at least 90 % acceptable, 80 % marginal; misses at most 2 %, 5 %; false "
            "alarms at most 5 %, 10 %. Intervals hold 95 %; those of misses and false alarms know that several "
            "presentations belong to one part. REVIEW is no decision: neither a miss nor a false alarm, never right."
        )
    ]
    if any(found.appraiser == SYSTEM for found in result.appraisers):
        lines.append(
            _tr(
                "The system was given the same files again, so it always gives the same answers. To learn how well "
                "the camera presents a part twice, photograph the parts again and create a study of those pictures."
            )
        )
    return "\n".join(lines)


def _one_line(kappa: Kappa | str) -> str:
    if isinstance(kappa, str):
        return f"– ({kappa})"
    return filled(_tr("%1, 95 % interval %2 to %3, %4 parts"), *_kappa_values(kappa))


def _kappa_values(kappa: Kappa) -> tuple[str, str, str, str]:
    return number(kappa.value, 2), number(kappa.lower, 2), number(kappa.upper, 2), number(kappa.parts)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Study", text)
