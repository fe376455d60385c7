"""What the Statistics screen says about its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from filo_core.calibration.agreement import AgreementStudy, PairAgreement
from filo_core.capability import SYSTEM
from filo_core.errors import EvidenceError
from filo_core.statistics.rates import Rate
from gui.wording import number, percentage, score
from workflows.reporting.periods import Grouping

if TYPE_CHECKING:
    from collections.abc import Callable

    from filo_core.statistics.charts import Pareto, PChart
    from filo_core.statistics.recount import Recount
    from workflows.reporting.figures import Figures, Scores

_LONGEST_NAME = 24


def shortened(name: str) -> str:
    """A name that fits beside an axis."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def rate_text(rate: Rate) -> str:
    """Count and interval under a share."""
    text = _tr("%1 of %2, 95 % interval %3 to %4")
    values = (number(rate.count), number(rate.of), percentage(rate.lower), percentage(rate.upper))
    for place, value in enumerate(values, start=1):
        text = text.replace(f"%{place}", value)
    return text


def figure_of(rate: Rate | str) -> tuple[str, str]:
    """Large figure and the words under it; a dash where a sentence stands in its place."""
    return ("–", rate) if isinstance(rate, str) else (percentage(rate.value), rate_text(rate))


def asked(figure: Callable[[], Rate]) -> Rate | str:
    """A rate, or the sentence that says why there is none."""
    try:
        return figure()
    except EvidenceError as error:
        return str(error)


def counts_text(figures: Figures) -> str:
    """What everything below is about."""
    counts = figures.counts
    text = _tr("%1 inspections: %2 OK, %3 REVIEW, %4 NG, %5 NOT INSPECTED")
    values = (counts.done, counts.ok, counts.review, counts.ng, counts.not_inspected)
    for place, value in enumerate(values, start=1):
        text = text.replace(f"%{place}", number(value))
    return text


def recount_text(recount: Recount) -> str:
    """The verdicts of the past under the limits that are set now."""
    text = _tr("Under these limits the past would be: %1 OK, %2 REVIEW, %3 NG.")
    for place, value in enumerate((recount.all.ok, recount.all.review, recount.all.ng), start=1):
        text = text.replace(f"%{place}", number(value))
    return text


def errors_text(recount: Recount) -> str:
    """What the limits would do to the images that a person has decided."""
    lines = []
    for rate, sentence in (
        (asked(recount.false_reject_rate), _tr("Good parts refused (false rejects): %1")),
        (asked(recount.false_accept_rate), _tr("Bad parts passed (false accepts): %1")),
    ):
        said = rate if isinstance(rate, str) else f"{percentage(rate.value)} ({rate_text(rate)})"
        lines.append(sentence.replace("%1", said))
    return "\n".join(lines)


def scores_note(scores: Scores) -> str:
    """Why limits cannot be moved, or which inspections do not take part; empty when there is nothing to say."""
    if scores.limits is None:
        return _tr("Choose one product to move its limits: each product has its own.")
    if scores.other_model:
        text = _tr("%1 inspections by another model are left out: their scores are not comparable.")
        return text.replace("%1", number(scores.other_model))
    return ""


def agreement_figure(agreement: AgreementStudy | str) -> tuple[str, str]:
    """Kappa of the system with whoever reviewed most, and its interval."""
    if isinstance(agreement, str):
        return "–", agreement
    with_system = [pair for pair in agreement.pairs if pair.first == SYSTEM and pair.kappa is not None]
    best = max(with_system, key=lambda pair: pair.kappa.parts if pair.kappa else 0, default=None)
    if best is None or best.kappa is None:
        return "–", agreement.pairs[0].sentence
    text = _tr("kappa with %1: 95 % interval %2 to %3, %4 parts").replace("%1", best.second)
    values = (number(best.kappa.lower, 2), number(best.kappa.upper, 2), number(best.kappa.parts))
    for place, value in enumerate(values, start=2):
        text = text.replace(f"%{place}", value)
    return number(best.kappa.value, 2), text


def agreement_lines(agreement: AgreementStudy | str) -> tuple[str, ...]:
    """One line a pair; of pairs without the system only those that judged parts in common."""
    if isinstance(agreement, str):
        return (agreement,)
    return tuple(_pair_line(pair) for pair in agreement.pairs if pair.kappa is not None or pair.first == SYSTEM)


def _pair_line(pair: PairAgreement) -> str:
    names = [_tr("system") if name == SYSTEM else name for name in (pair.first, pair.second)]
    return f"{names[0]} – {names[1]}: {pair.sentence}"


def chart_text(chart: PChart) -> str:
    """What the control chart says, in words."""
    outside = [point.label for point in chart.points if point.outside]
    text = _tr("%1 NG on average; limits at 3 standard deviations, following the size of each subgroup.")
    text = text.replace("%1", percentage(chart.centre))
    if chart.sigma_z > 1.0:
        text += " " + _tr("Widened by %1 (Laney): subgroups vary more than chance.").replace(
            "%1", number(chart.sigma_z, 2)
        )
    found = _tr("Outside: %1.").replace("%1", ", ".join(outside)) if outside else _tr("None lies outside.")
    return f"{text} {found}"


def pareto_text(pareto: Pareto) -> str:
    """The anomaly types in words."""
    named = ", ".join(f"{bar.name} {bar.count}" for bar in pareto.bars)
    unknown = _tr("no known type %1").replace("%1", str(pareto.unknown))
    return ", ".join(part for part in (named, unknown if pareto.unknown else "") if part)


def grouping_text(grouping: Grouping) -> str:
    """How subgroups are made."""
    match grouping:
        case Grouping.AUTO:
            return _tr("Automatic")
        case Grouping.HOUR:
            return _tr("By hour")
        case Grouping.SHIFT:
            return _tr("By shift (6, 14, 22 h)")
        case Grouping.DAY:
            return _tr("By day")


def limit_label(upper: bool, value: float) -> str:
    """What stands beside a limit's line."""
    text = _tr("NG above %1") if upper else _tr("OK up to %1")
    return text.replace("%1", score(value))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Statistics", text)
