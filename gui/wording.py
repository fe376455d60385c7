"""Numbers, dates and times as people say them in the language of the window: the one place that decides how."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QTime

from filo_core.naming.part_types import BROAD_WORDS
from filo_core.types import UNKNOWN_TYPE, Limits, Position, Region, TypeShare

NOT_KNOWN = "–"


def number(value: float, digits: int = 0) -> str:
    """A number with so many decimals, grouped and pointed as the language does."""
    return QLocale().toString(float(value), "f", digits)


def short_number(value: float) -> str:
    """A number with no more digits than it needs, at most six, pointed as the language does."""
    return QLocale().toString(float(value), "g", 6)


def day(at: datetime) -> str:
    """The date of a moment, in the time zone that it has, with a year of four digits."""
    pattern = QLocale().dateFormat(QLocale.FormatType.ShortFormat)
    if "yyyy" not in pattern:
        pattern = pattern.replace("yy", "yyyy")
    return QLocale().toString(QDate(at.year, at.month, at.day), pattern)


def clock(at: datetime, *, seconds: bool = False) -> str:
    """The time of day of a moment, in the time zone that it has."""
    pattern = QLocale().timeFormat(QLocale.FormatType.ShortFormat)
    if seconds and "s" not in pattern:
        pattern = pattern.replace("mm", "mm:ss")
    return QLocale().toString(QTime(at.hour, at.minute, at.second), pattern)


def date_and_time(moment: datetime, *, seconds: bool = False) -> str:
    """A moment by the calendar and the clock on the wall here."""
    at = moment.astimezone()
    return f"{day(at)} {clock(at, seconds=seconds)}"


def duration(seconds: float) -> str:
    """About how long, rounded to what is worth saying."""
    seconds = max(0.0, seconds)
    if seconds < 1.5:
        return _tr("1 s")
    if seconds < 90:
        return _tr("%1 s").replace("%1", number(seconds))
    minutes = round(seconds / 60)
    if minutes < 90:
        return _tr("%1 min").replace("%1", number(minutes))
    return _tr("%1 h %2 min").replace("%1", number(minutes // 60)).replace("%2", number(minutes % 60))


def milliseconds(value: float | None) -> str:
    """A latency; a dash where it is not known."""
    if value is None:
        return NOT_KNOWN
    if value < 1000:
        return _tr("%1 ms").replace("%1", number(value))
    return _tr("%1 s").replace("%1", number(value / 1000, 1))


def rate(images_per_second: float | None) -> str:
    """Images per second; a dash where it is not known."""
    if images_per_second is None:
        return NOT_KNOWN
    digits = 1 if images_per_second < 20 else 0
    return _tr("%1 images/s").replace("%1", number(images_per_second, digits))


def size(count: int) -> str:
    """Bytes as a person reads them: ``694 MB``, ``1.71 GB``."""
    digits = 2 if count >= 10**9 else 0 if count >= 10**7 else 1
    return QLocale().formattedDataSize(count, digits, QLocale.DataSizeFormat.DataSizeSIFormat)


def score(value: float | None) -> str:
    """An image score with three digits; a dash where there is none."""
    return NOT_KNOWN if value is None else number(value, 3)


def times(value: float | None, limits: Limits | None) -> str:
    """An image score as a multiple of its recipe's OK limit, with as many digits as tell it from 1.

    The score itself where there is no limit that it could be a multiple of.
    """
    relative = None if value is None or limits is None else limits.relative(value)
    if relative is None:
        return score(value)
    digits = 0 if relative >= 10.0 else 1
    while digits < 4 and relative != 1.0 and round(relative, digits) == 1.0:
        digits += 1
    return f"{number(relative, digits)} ×"


def times_limit(value: float | None, limits: Limits | None) -> str:
    """:func:`times` where no heading says of what."""
    text = times(value, limits)
    return _tr("%1 limit").replace("%1", text) if text.endswith("×") else text


def raw_score(value: float | None, limits: Limits | None) -> str:
    """The numbers behind :func:`times_limit`, for whoever points at it; empty where one of them is not known."""
    if value is None or limits is None:
        return ""
    text = _tr("score %1, OK up to %2, NG above %3")
    for place, part in enumerate((value, limits.ok, limits.ng), start=1):
        text = text.replace(f"%{place}", score(part))
    return text


def percentage(share: float) -> str:
    """A share in [0, 1] as per cent, with one digit where that says something."""
    value = 100.0 * share
    digits = 1 if 0.0 < value < 99.95 and round(value, 1) != round(value) else 0
    return f"{number(value, digits)} %"


def type_name(anomaly_type: str) -> str:
    """A type as the product's list has it; what is none of them in the language of the window."""
    return _tr("unknown") if anomaly_type == UNKNOWN_TYPE else anomaly_type


def called(anomaly_type: str, share: float) -> str:
    """A type with its own share; one that nobody is sure of without."""
    name = type_name(anomaly_type)
    return f"{name} {percentage(round(share, 2))}" if share else name


def region_called(region: Region) -> str:
    """A region's type with its share; of one that is unknown the broad kind, where that much is clear."""
    if region.broad is None or region.type_confidence:
        return called(region.anomaly_type, region.type_confidence)
    return f"{type_name(region.anomaly_type)}, {called(broad_word(region.broad.name), region.broad.share)}"


def broad_word(broad: str) -> str:
    """A broad kind in the language of the window."""
    word = BROAD_WORDS.get(broad, broad)
    return QCoreApplication.translate("Sentences", word)


def shares_text(shares: Sequence[TypeShare]) -> str:
    """What a region or picture may be, best first."""
    return ", ".join(called(one.name, one.share) for one in shares)


def types_text(regions: Sequence[Region]) -> str:
    """The types of several regions in their order, each once with its largest share."""
    best: dict[str, float] = {}
    for region in regions:
        best[region.anomaly_type] = max(best.get(region.anomaly_type, 0.0), region.type_confidence)
    if len(best) == 1 and regions and regions[0].broad is not None:
        return region_called(max(regions, key=lambda region: region.score))
    return ", ".join(called(name, share) for name, share in best.items())


def position_name(position: Position) -> str:
    """One of the nine cells of the picture."""
    return {
        Position.TOP_LEFT: _tr("top left"),
        Position.TOP: _tr("top"),
        Position.TOP_RIGHT: _tr("top right"),
        Position.LEFT: _tr("left"),
        Position.CENTER: _tr("center"),
        Position.RIGHT: _tr("right"),
        Position.BOTTOM_LEFT: _tr("bottom left"),
        Position.BOTTOM: _tr("bottom"),
        Position.BOTTOM_RIGHT: _tr("bottom right"),
    }[position]


def _tr(text: str) -> str:
    return QCoreApplication.translate("Wording", text)
