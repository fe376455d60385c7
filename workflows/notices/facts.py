"""What the rules for alarms look at: the newest verdicts, the p-chart, drift and promise, and room on the disk."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from filo_core.alarms.engine import AlarmKey, AlarmReading
from filo_core.alarms.rules import AlarmKind, Rules
from filo_core.errors import EvidenceError, FiloError
from filo_core.sentence import Sentence
from filo_core.statistics.charts import Subgroup, control_chart
from filo_core.statistics.signals import RunRule, signals_of
from filo_core.types import InspectionFilter, Verdict
from workflows.products.evidence import drift
from workflows.reporting.periods import Grouping, bounds_of, label_of, period_start

if TYPE_CHECKING:
    from pathlib import Path

    from storage.repositories.overview import Lately
    from storage.storage import Storage
    from workflows.products.catalogue import Catalogue

_CHARTED = timedelta(days=3)
_LONGEST_ROW = 1000
_GIB = 2.0**30
_RULES = {
    RunRule.TWO_OF_THREE: Sentence("two of three hours beyond two deviations"),
    RunRule.FOUR_OF_FIVE: Sentence("four of five hours beyond one deviation"),
    RunRule.EIGHT_IN_A_ROW: Sentence("eight hours in a row above the usual"),
}


def verdict_readings(
    storage: Storage, rules: Rules, now: datetime, window: timedelta, fewest: int
) -> tuple[AlarmReading, ...]:
    """How many NG came in a row, and which share of the last while, of every product; known parts are left out.

    Args:
        storage: the record.
        rules: those that are on; what none looks at is not read.
        now: end of the window.
        window: over which the rate is counted.
        fewest: parts below which there is no rate.

    Raises:
        StorageError: if the record cannot be read.
    """
    row, rate = rules.get(AlarmKind.NG_IN_A_ROW), rules.get(AlarmKind.NG_RATE)
    if row is None and rate is None:
        return ()
    newest = min(_LONGEST_ROW, max(1, round(row.limit))) if row is not None else 1
    with storage.reading() as transaction:
        lately = transaction.overview.lately(now - window, newest)
    found = []
    for product, one in sorted(lately.items()):
        if row is not None:
            number = next((at for at, verdict in enumerate(one.newest) if verdict is not Verdict.NG), len(one.newest))
            words = Sentence(
                "{product}: {number} parts in a row were called NG. Look at the parts and at the line.",
                product=product,
                number=number,
            )
            found.append(AlarmReading(AlarmKey(AlarmKind.NG_IN_A_ROW, product), number, words))
        if rate is not None:
            found.append(_rate(product, one, window, fewest))
    return tuple(found)


def _rate(product: str, lately: Lately, window: timedelta, fewest: int) -> AlarmReading:
    judged = sum(count for verdict, count in lately.counts.items() if verdict is not Verdict.NOT_INSPECTED)
    refused = lately.counts.get(Verdict.NG, 0)
    # A rate of three parts is none; what came down to that has cleared.
    share = 100.0 * refused / judged if judged >= fewest else 0.0
    words = Sentence(
        "{product}: {refused} of {judged} parts of the last {minutes} minutes were called NG ({share:.1f} %). "
        "Look at the parts and at the line.",
        product=product,
        refused=refused,
        judged=judged,
        minutes=round(window.total_seconds() / 60.0),
        share=share,
    )
    return AlarmReading(AlarmKey(AlarmKind.NG_RATE, product), share, words)


def chart_readings(storage: Storage, names: tuple[str, ...], now: datetime) -> tuple[AlarmReading, ...]:
    """Whether the newest full hour of products is as usual by the p-chart of three days and its run rules, upwards.

    Raises:
        StorageError: if the record cannot be read.
    """
    return tuple(_charted(storage, name, now) for name in names)


def _charted(storage: Storage, product: str, now: datetime) -> AlarmReading:
    key = AlarmKey(AlarmKind.RUN_RULES, product)
    until = period_start(now, Grouping.HOUR)
    wanted = InspectionFilter(product=product, since=until - _CHARTED, until=until, line_only=True)
    with storage.reading() as transaction:
        span = transaction.aggregates.span(wanted)
        if span is None:
            # Three days without a part: no hour is out of the usual.
            return AlarmReading(key, 0.0)
        bounds = bounds_of(span, Grouping.HOUR)
        periods = transaction.aggregates.by_period(wanted, bounds)
    groups = [
        Subgroup(label_of(start, Grouping.HOUR), period.inspected, period.refused)
        for start, period in zip(bounds, periods, strict=False)
        if period.inspected
    ]
    try:
        chart = control_chart(groups)
    except EvidenceError:
        return AlarmReading(key, 0.0)
    last = chart.points[-1]
    # Counts come in steps, so an hour that is exactly as usual has a score that is not quite zero.
    broken = [one for one in signals_of(chart).broken if one.place == len(chart.points) - 1 and one.rises]
    if last.share > last.upper:
        why = Sentence("above the limit of the chart, {upper:.1f} %", upper=100.0 * last.upper)
    elif broken and last.share > chart.centre:
        why = _RULES[broken[0].rule]
    else:
        return AlarmReading(key, 0.0)
    words = Sentence(
        "{product}: in the hour from {label} {share:.1f} % of the parts were called NG ({why}). "
        "Find out what changed on the line.",
        product=product,
        label=last.label,
        share=100.0 * last.share,
        why=why,
    )
    return AlarmReading(key, 1.0, words)


def slow_readings(
    storage: Storage, catalogue: Catalogue, names: tuple[str, ...], rules: Rules
) -> tuple[AlarmReading, ...]:
    """Drift of good parts, and promises that sessions have broken; takes its time.

    Raises:
        StorageError: if the record cannot be read.
    """
    found = []
    for name in names:
        if AlarmKind.DRIFT in rules:
            state = drift(storage, name)
            found.append(AlarmReading(AlarmKey(AlarmKind.DRIFT, name), float(state.alarm), _of(name, state.sentence)))
        if AlarmKind.PROMISE_BROKEN in rules:
            try:
                broken = catalogue.reported_sessions(name)
            except FiloError:
                # Nothing is signed, so nothing is promised.
                continue
            found.append(AlarmReading(AlarmKey(AlarmKind.PROMISE_BROKEN, name), float(bool(broken)), _of(name, broken)))
    return tuple(found)


def disk_readings(folders: tuple[Path, ...]) -> tuple[AlarmReading, ...]:
    """GiB free on each disk that record and pictures lie on; one that cannot be asked is left out."""
    found: dict[int, AlarmReading] = {}
    for folder in folders:
        there = next((one for one in (folder, *folder.parents) if one.is_dir()), None)
        if there is None:
            continue
        try:
            device, free = there.stat().st_dev, shutil.disk_usage(there).free / _GIB
        except OSError:
            continue
        words = Sentence(
            "{free:.1f} GiB are free on the disk of {folder}. Free some space, or inspecting will stop.",
            free=free,
            folder=folder,
        )
        found.setdefault(device, AlarmReading(AlarmKey(AlarmKind.DISK, str(folder)), free, words))
    return tuple(found.values())


def _of(name: str, sentence: str) -> str:
    return Sentence("{product}: {sentence}", product=name, sentence=sentence) if sentence else ""
