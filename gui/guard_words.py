"""A promise and what good parts of other days say of it, in the language of the window."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from filo_core.calibration.guard import Guard, SessionRate
from filo_core.types import Verdict
from gui.wording import number, percentage


def promise_line(guard: Guard | None) -> str:
    """What is promised, and which sessions that rests on; empty where nothing is."""
    if guard is None or guard.promise is None:
        return ""
    if guard.refused_as is Verdict.NG:
        text = _tr("Promised: at most %1 of good parts NG.")
    else:
        text = _tr("Promised: at most %1 of good parts refused.")
    return f"{text.replace('%1', percentage(guard.promise))} {_evidence(guard)}"


def sessions_line(guard: Guard | None) -> str:
    """What was seen of other sessions, and what is stated for them; empty where none was shown."""
    if guard is None or not guard.sessions:
        return ""
    words = [session_text(guard, session) for session in guard.sessions]
    if guard.stated is not None:
        words.append(_tr("Expect up to %1 on such days.").replace("%1", percentage(guard.stated)))
    return " ".join(words)


def exceeded_line(guard: Guard | None) -> str:
    """What Live carries: sessions for which the promise does not hold; empty where there is none."""
    if guard is None or not guard.exceeded:
        return ""
    return " ".join(session_text(guard, session) for session in guard.exceeded)


def session_text(guard: Guard, session: SessionRate) -> str:
    """One session with its count and interval."""
    if guard.refused_as is Verdict.NG:
        text = _tr("%1: %2 of %3 good parts NG (%4 to %5, 95 %).")
    else:
        text = _tr("%1: %2 of %3 good parts refused (%4 to %5, 95 %).")
    rate = session.rate
    values = (session.session, number(rate.count), number(rate.of), percentage(rate.lower), percentage(rate.upper))
    for place, value in enumerate(values, start=1):
        text = text.replace(f"%{place}", value)
    if session.joined:
        return f"{text} {_tr('They are part of the evidence.')}"
    if session.exceeds and session.p_value is not None:
        p = number(session.p_value, 3) if session.p_value >= _SMALL_P else f"< {number(_SMALL_P, 3)}"
        return f"{text} {_tr('That is more than promised (exact test, p = %1).').replace('%1', p)}"
    return text


_SMALL_P = 0.001


def _evidence(guard: Guard) -> str:
    named = [source.name for source in guard.evidence if source.name]
    if not named:
        return _tr("The days of its good parts are not known.")
    if guard.one_session:
        return _tr("All its good parts are of one session (%1).").replace("%1", named[0])
    text = _tr("Its good parts are of %1 sessions (%2).").replace("%1", number(len(guard.evidence)))
    return text.replace("%2", ", ".join(named))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Guard", text)
