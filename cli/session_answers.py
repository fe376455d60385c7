"""The promise and what good parts of other days say of it, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from filo_core.calibration.guard import Guard


def guard_json(guard: Guard | None) -> dict[str, Any] | None:
    """The promise and its sessions for programs; None where nothing was judged."""
    if guard is None:
        return None
    return {
        "promise": guard.promise,
        "refused_as": guard.refused_as.value,
        "stated": guard.stated,
        "one_session": guard.one_session,
        "evidence": [
            {"session": source.name or None, "parts": source.parts, "told_by": source.told_by}
            for source in guard.evidence
        ],
        "shown": [
            {
                "session": shown.session,
                "parts": shown.rate.of,
                "refused": shown.rate.count,
                "lower": shown.rate.lower,
                "upper": shown.rate.upper,
                "doubtful": shown.doubtful,
                "p_value": shown.p_value,
                "exceeds": shown.exceeds,
                "joined": shown.joined,
            }
            for shown in guard.sessions
        ],
        "waiting": list(guard.waiting),
        "sentence": guard.sentence,
    }
