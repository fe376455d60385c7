"""Numbers and times as people say them."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def duration(seconds: float) -> str:
    """About how long, rounded to what is worth saying."""
    seconds = max(0.0, seconds)
    if seconds < 1.5:
        return _tr("1 s")
    if seconds < 90:
        return _tr("%1 s").replace("%1", str(round(seconds)))
    minutes = round(seconds / 60)
    if minutes < 90:
        return _tr("%1 min").replace("%1", str(minutes))
    return _tr("%1 h %2 min").replace("%1", str(minutes // 60)).replace("%2", str(minutes % 60))


def milliseconds(value: float | None) -> str:
    """A latency; a dash where it is not known."""
    if value is None:
        return "–"
    if value < 1000:
        return _tr("%1 ms").replace("%1", str(round(value)))
    return _tr("%1 s").replace("%1", f"{value / 1000:.1f}")


def rate(images_per_second: float | None) -> str:
    """Images per second; a dash where it is not known."""
    if images_per_second is None:
        return "–"
    digits = 1 if images_per_second < 20 else 0
    return _tr("%1 images/s").replace("%1", f"{images_per_second:.{digits}f}")


def score(value: float | None) -> str:
    """An image score with three digits; a dash where there is none."""
    return "–" if value is None else f"{value:.3f}"


def percentage(share: float) -> str:
    """A share in [0, 1] as per cent, with one digit where that says something."""
    value = 100.0 * share
    return f"{value:.1f} %" if 0.0 < value < 99.95 and round(value, 1) != round(value) else f"{round(value)} %"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Wording", text)
