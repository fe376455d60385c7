"""What a message that asks for a verdict says, and what it is told: the same over HTTP and MQTT."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filo_core.errors import IdentityError, SourceError
from filo_core.identifying import identity_of

if TYPE_CHECKING:
    from filo_core.identity import Identity
    from filo_core.line.results import LineResult

MOST_BYTES = 4096
REPEATS_S = 600.0
"""So long an id means the same part."""
_TRIGGER_ID = re.compile(r"[A-Za-z0-9._:-]{1,80}")
_LONG_AGO = "This is the verdict of {age:.1f} s ago, for a part that may be gone. Ask with a new id for a new part."
_UNKNOWN = "This id was begun before the line was started, nobody knows by whom. Ask with a new id."


class TriggerWishError(SourceError):
    """A message cannot be understood as a wish for a verdict."""


@dataclass(frozen=True, slots=True)
class TriggerWish:
    """A verdict that is wanted.

    Attributes:
        trigger_id: the caller's id of it.
        is_wanted_again: an earlier verdict is wanted, and no part judged.
        identity: which part it is.
    """

    trigger_id: str
    is_wanted_again: bool
    identity: Identity


def content_of(body: bytes) -> dict[str, Any]:
    """A body as JSON says it; empty where it says nothing that could be a wish."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def wish_of(content: Mapping[str, Any], own_fields: tuple[str, ...]) -> TriggerWish:
    """What is wanted.

    Raises:
        TriggerWishError: if it has no id that could be one, or says of the part what cannot be kept.
    """
    trigger_id, is_wanted_again = content.get("id"), content.get("repeat", False)
    if (
        not isinstance(trigger_id, str)
        or not _TRIGGER_ID.fullmatch(trigger_id)
        or not isinstance(is_wanted_again, bool)
    ):
        raise TriggerWishError(
            'Send {"id": "..."} with 1 to 80 letters, digits, dots, colons, dashes or underlines, and "repeat": true '
            "where an earlier verdict is wanted.",
        )
    try:
        return TriggerWish(trigger_id, is_wanted_again, identity_of(content, own_fields))
    except IdentityError as error:
        raise TriggerWishError(error.sentence) from None


def told(
    result: LineResult, *, age_s: float, deadline_s: float, is_repeat: bool, is_known: bool, is_wanted_again: bool
) -> dict[str, Any]:
    """A result as a message; a repetition says so, and reads as NG where it may be taken for another part's verdict.

    Args:
        result: the answer.
        age_s: of a repeated one, in seconds.
        deadline_s: longest time from a trigger to its answer.
        is_repeat: whether this id was answered before.
        is_known: whether it was begun since the start, and by this caller.
        is_wanted_again: see :class:`TriggerWish`.
    """
    said: dict[str, Any] = json.loads(result.to_json()) | {"repeated": is_repeat, "age_s": 0.0}
    if not is_repeat:
        return said
    said["age_s"] = round(max(age_s, 0.0), 3)
    reason = ""
    if not is_known:
        reason = _UNKNOWN
    elif age_s > deadline_s and not is_wanted_again:
        reason = _LONG_AGO.format(age=age_s)
    if reason:
        said |= {"reads_as": "NG", "reason": said["reason"] or reason}
    return said
