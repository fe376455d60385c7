"""What a person can decide about an inspection, and what follows from it. No Qt widget, no database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from PySide6.QtCore import QCoreApplication

from filo_core.naming.part_types import part_called
from filo_core.types import UNKNOWN_TYPE, InspectionRecord, Review, ReviewDecision, Verdict, Withdrawal
from gui import wording
from gui.widgets.verdicts import verdict_word
from gui.wording import clock, date_and_time, day


def confirmed_verdict(record: InspectionRecord) -> Verdict:
    """The verdict when a person agrees with the system: a doubt that is justified, or no answer, is NG.

    Whoever decides again answers the system again, not the person before.
    """
    return Verdict.OK if record.verdict is Verdict.OK else Verdict.NG


def overruled_verdict(record: InspectionRecord) -> Verdict:
    """The verdict when a person disagrees with the system."""
    return Verdict.NG if confirmed_verdict(record) is Verdict.OK else Verdict.OK


def answer_texts(record: InspectionRecord, *, short: bool = False) -> tuple[str, str]:
    """What agreeing and disagreeing with the system say of the part; ``short`` is the verdict alone."""
    if short:
        return verdict_word(confirmed_verdict(record)), verdict_word(overruled_verdict(record))
    match record.verdict:
        case Verdict.NG:
            return _tr("NG – right"), _tr("OK – false alarm")
        case Verdict.OK:
            return _tr("OK – right"), _tr("NG – missed")
        case _:
            return _tr("NG – bad part"), _tr("OK – good part")


def has_picture(record: InspectionRecord) -> bool:
    """Whether there was a picture when it was inspected."""
    return bool(record.image_hash and record.width)


def can_retype(record: InspectionRecord) -> bool:
    """True unless the part counts as good: what is good has no anomaly to name."""
    return record.final_verdict is not Verdict.OK


def types_of(record: InspectionRecord) -> str:
    """The anomaly types: what a person called it, else what its regions were called, each once with its share."""
    if any(record.retyped):
        named = zip(record.retyped, record.regions, strict=True)
        return ", ".join(dict.fromkeys(name or region.anomaly_type for name, region in named))
    if record.review is not None and record.review.anomaly_type:
        return record.review.anomaly_type
    called = part_called(record.verdict, record.regions, record.anomaly_types)
    return wording.types_text(record.regions) or wording.called(*called)


def type_choices(listed: Iterable[str], record: InspectionRecord) -> tuple[str, ...]:
    """Types to choose among: those seen in this image first, then the rest of the recipe's list, then unknown."""
    seen = [region.anomaly_type for region in record.regions]
    return tuple(dict.fromkeys([*(name for name in seen if name != UNKNOWN_TYPE), *listed, UNKNOWN_TYPE]))


def reasons_for(verdict: Verdict, used: Iterable[str] = ()) -> tuple[str, ...]:
    """Reasons to overrule with ``verdict``, in an order that does not change, then those typed earlier."""
    prepared: tuple[str, ...]
    if verdict is Verdict.OK:
        prepared = (
            _tr("Dust or a fibre, not the part"),
            _tr("Reflection or shadow"),
            _tr("Within tolerance"),
            _tr("Good part, only a new variation"),
            _tr("The part lay differently"),
        )
    else:
        prepared = (
            _tr("A defect was missed"),
            _tr("The defect is small but not allowed"),
            _tr("Wrong part, or a part is missing"),
            _tr("The picture is no good"),
        )
    return tuple(dict.fromkeys([*prepared, *used]))


def decision_word(decision: ReviewDecision | Withdrawal) -> str:
    """What was done, in the language of the window."""
    match decision:
        case ReviewDecision.CONFIRM:
            return _tr("confirmed")
        case ReviewDecision.OVERRULE:
            return _tr("overruled")
        case ReviewDecision.RETYPE:
            return _tr("type changed")
        case Withdrawal.WITHDRAW:
            return _tr("taken back")


def undo_sentence(record: InspectionRecord) -> str:
    """What was just decided, for whoever may take it back."""
    assert record.review is not None, "it was just decided"
    said = f"{decision_word(record.review.decision)} {verdict_word(record.final_verdict)}"
    if record.review.anomaly_type:
        said += f", {record.review.anomaly_type}"
    return f"{said}: {record.name}"


def short_moment(moment: datetime, now: datetime) -> str:
    """The time of the clock on the wall for today, the date for any other day."""
    local = moment.astimezone(now.tzinfo)
    return clock(local, seconds=True) if local.date() == now.date() else day(local)


def review_sentence(review: Review) -> str:
    """One line of the history of decisions."""
    moment = date_and_time(review.reviewed_at)
    stands = verdict_word(review.verdict) if review.verdict is not None else _tr("undecided")
    parts = [f"{moment}  {review.reviewer}: {decision_word(review.decision)}, {stands}"]
    if review.anomaly_type and review.regions:
        listed = ", ".join(str(ordinal + 1) for ordinal in review.regions)
        parts.append(_tr("region %1: %2").replace("%1", listed).replace("%2", review.anomaly_type))
    elif review.anomaly_type:
        parts.append(review.anomaly_type)
    if review.reason:
        parts.append(f"“{review.reason}”")
    return ", ".join(parts)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Review", text)
