"""Does a promise hold for good parts of another day or shift?

A promise is about parts of the process that its evidence came from. Light, pose and sharpness differ from one session
to the next, so parts of another session are held against limits that were set without them. Whether they are refused
more often than promised is an exact binomial test; what is stated for such a session is never less than the upper end
of the interval of Clopper and Pearson (1934) for what was seen there. Both hold whatever the scores are distributed
like, as long as the parts shown are like the others of their session. ``tools.calibration_study`` measures it.

Once a session's parts are evidence themselves, the bound still holds: where limits end above the (n - k)-th of n
scores, the share above them has the very distribution that the interval is made from (Wilks 1941).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from filo_core.calibration.guard import SessionRate
from filo_core.statistics.rates import CONFIDENCE, exact_rate
from filo_core.types import Limits, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence


def session_rate(
    session: str,
    scores: Sequence[float],
    limits: Limits,
    promise: float | None,
    refused_as: Verdict,
    *,
    joined: bool = False,
) -> SessionRate:
    """What good parts of one session say of a promise.

    Args:
        session: what it is called.
        scores: image scores of its good parts, in [0, 1].
        limits: they are held against.
        promise: largest share of refused good parts that was promised; None where nothing was.
        refused_as: NG, or REVIEW where all that does not pass as OK counts as refused.
        joined: whether the limits were set with these parts too.

    Raises:
        ValueError: without a part.
    """
    limit = limits.ng if refused_as is Verdict.NG else limits.ok
    refused = sum(score > limit for score in scores)
    rate = exact_rate(refused, len(scores))
    p_value = exceeding_p_value(refused, len(scores), promise) if promise is not None else None
    exceeds = p_value is not None and p_value < 1.0 - CONFIDENCE and not joined
    doubtful = sum(score > limits.ok for score in scores)
    return SessionRate(session, rate, doubtful, p_value, exceeds, joined)


def exceeding_p_value(refused: int, of: int, promise: float) -> float:
    """Chance that ``refused`` or more of ``of`` good parts are refused where a share ``promise`` of them is.

    Raises:
        ValueError: if the counts contradict each other, or the promise is no share.
    """
    if not 0 <= refused <= of or not 0.0 <= promise <= 1.0:
        raise ValueError(f"{refused} of {of} cannot be refused at a rate of {promise}")
    if refused == 0:
        return 1.0
    # scipy takes a while to load; only those who show another session pay for it.
    from scipy.special import betainc

    return float(betainc(refused, of - refused + 1, promise))
