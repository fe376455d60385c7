"""What the Statistics screen says about its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from filo_core.calibration.agreement import AgreementStudy, PairAgreement
from filo_core.capability import SYSTEM
from filo_core.errors import EvidenceError
from filo_core.statistics.comparing import PROBABLE_P, Trend
from filo_core.statistics.costs import Weighing
from filo_core.statistics.rates import Rate
from filo_core.statistics.signals import RunRule
from gui.translation import in_language
from gui.wording import date_and_time, number, percentage, score, short_number
from workflows.reporting.periods import Grouping

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from filo_core.statistics.charts import Pareto, PChart
    from filo_core.statistics.recount import Recount, ScoreHistogram
    from filo_core.statistics.signals import Signal, Signals
    from workflows.reporting.figures import Figures, Scores
    from workflows.reporting.period_change import PeriodChange

_LONGEST_NAME = 24
MOST_SIGNALS = 3
"""Of the run rules' signals that are named."""


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
        return in_language(str(error))


def counts_text(figures: Figures) -> str:
    """What everything below is about."""
    counts = figures.counts
    text = _tr("%1 inspections: %2 OK, %3 REVIEW, %4 NG, %5 NOT INSPECTED")
    values = (counts.done, counts.ok, counts.review, counts.ng, counts.not_inspected)
    for place, value in enumerate(values, start=1):
        text = text.replace(f"%{place}", number(value))
    if figures.known:
        text += " · " + _tr("known parts, not counted: %1").replace("%1", number(figures.known))
    return text


def recount_text(recount: Recount) -> str:
    """The verdicts of the past under the limits that are set now."""
    text = _tr("With these limits, past inspections would be: %1 OK, %2 REVIEW, %3 NG.")
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
        return "–", in_language(agreement.pairs[0].sentence)
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
    return f"{names[0]} – {names[1]}: {in_language(pair.sentence)}"


def chart_text(chart: PChart) -> str:
    """What the control chart says, in words."""
    outside = [point.label for point in chart.points if point.outside]
    text = _tr("%1 NG on average; limits at 3 standard deviations, following the size of each subgroup.")
    text = text.replace("%1", percentage(chart.centre))
    if chart.sigma_z > 1.0:
        text += " " + _tr("Widened by %1 (Laney): subgroups vary more than chance.").replace(
            "%1", number(chart.sigma_z, 2)
        )
    found = (
        _tr("Outside: %1.").replace("%1", ", ".join(outside)) if outside else _tr("No point lies outside the limits.")
    )
    return f"{text} {found}"


def signals_text(chart: PChart, signals: Signals | None) -> str:
    """What run rules and EWMA find; empty while there are too few subgroups for them."""
    if signals is None or not signals.ewma:
        return ""
    said = "; ".join(f"{signal.label}: {_rule_text(signal)}" for signal in signals.broken[-MOST_SIGNALS:])
    if len(signals.broken) > MOST_SIGNALS:
        said = _tr("%1 in all, the newest: %2").replace("%1", number(len(signals.broken))).replace("%2", said)
    rules = _tr("Run rules (Western Electric): %1.").replace("%1", said or _tr("none is broken"))
    shifts = ", ".join(chart.points[place].label for place in signals.shifts[-MOST_SIGNALS:])
    shift = _tr("a small shift shows at %1").replace("%1", shifts) if shifts else _tr("no small shift")
    return f"{rules} {_tr('EWMA (weight 0.2, one false alarm in 500): %1.').replace('%1', shift)}"


def _rule_text(signal: Signal) -> str:
    match signal.rule:
        case RunRule.TWO_OF_THREE:
            text = _tr("two of three far above the mean") if signal.rises else _tr("two of three far below the mean")
        case RunRule.FOUR_OF_FIVE:
            text = _tr("four of five above the mean") if signal.rises else _tr("four of five below the mean")
        case RunRule.EIGHT_IN_A_ROW:
            text = _tr("eight in a row above the mean") if signal.rises else _tr("eight in a row below the mean")
    return text


def change_text(found: PeriodChange | str) -> str:
    """Did it get worse: the shares with their counts, and how sure that is."""
    if isinstance(found, str):
        return _tr("There is no earlier period to compare with.")
    change = found.change
    text = _tr("NG %1 in the %2 to %3, %4 in the %2 before: %5.")
    values = (
        f"{percentage(change.now.value)} ({number(change.now.count)}/{number(change.now.of)})",
        _length_text(found.length),
        date_and_time(found.until),
        f"{percentage(change.before.value)} ({number(change.before.count)}/{number(change.before.of)})",
        _trend_text(change.trend),
    )
    for place, value in enumerate(values, start=1):
        text = text.replace(f"%{place}", value)
    return text


def change_note(found: PeriodChange | str) -> str:
    """How sure the comparison is, and what NG means on this page."""
    ng = _tr("NG is what a person decided, else what the system said: in the counts, the chart and the types.")
    if isinstance(found, str):
        return ng
    change = found.change
    text = _tr("The difference lies between %1 and %2 points (95 %); Fisher's exact test, p = %3.")
    lower, upper = (number(100.0 * end, 1) for end in (change.lower, change.upper))
    p = number(change.p, 3) if change.p >= PROBABLE_P / 50.0 else f"< {number(PROBABLE_P / 50.0, 3)}"
    return f"{text.replace('%1', lower).replace('%2', upper).replace('%3', p)} {ng}"


def _trend_text(trend: Trend) -> str:
    match trend:
        case Trend.WORSE:
            return _tr("worse")
        case Trend.PROBABLY_WORSE:
            return _tr("probably worse")
        case Trend.SAME:
            return _tr("no difference to be seen")
        case Trend.PROBABLY_BETTER:
            return _tr("probably better")
        case Trend.BETTER:
            return _tr("better")
        case Trend.TOO_FEW:
            return _tr("too few to tell")


def _length_text(length: timedelta) -> str:
    hours = round(length.total_seconds() / 3600.0)
    if hours > 24:
        return _tr("%1 days").replace("%1", number(round(hours / 24.0)))
    return _tr("%1 hours").replace("%1", number(hours)) if hours > 1 else _tr("hour")


def colours_text(histogram: ScoreHistogram) -> str:
    """What the colours of the bars mean, where there is more than one."""
    good, bad = sum(histogram.good), sum(histogram.bad)
    if not good and not bad:
        return ""
    text = _tr("Green: %1 decided good; red, hatched: %2 decided bad; blue: %3 that nobody has decided.")
    values = (number(good), number(bad), number(sum(histogram.counts) - good - bad))
    for place, value in enumerate(values, start=1):
        text = text.replace(f"%{place}", value)
    return text


def pareto_text(pareto: Pareto) -> str:
    """The anomaly types in words."""
    named = ", ".join(f"{bar.name} {bar.count}" for bar in pareto.bars)
    unknown = _tr("no known type %1").replace("%1", str(pareto.unknown))
    said = ", ".join(part for part in (named, unknown if pareto.unknown else "") if part)
    return f"{costliest_text(pareto)} {said}".strip()


def costliest_text(pareto: Pareto) -> str:
    """Which type costs most, and how that is reckoned; empty where each counts the same."""
    if pareto.weighing is Weighing.COUNT or not pareto.bars:
        return ""
    text = _tr("%1 costs most: %2 × %3.") if pareto.weighing is Weighing.COST else _tr("%1 weighs most: %2 × %3.")
    first = pareto.bars[0]
    return text.replace("%1", first.name).replace("%2", number(first.count)).replace("%3", short_number(first.weight))


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
