"""The named rules of the record, as SQL that every database understands. A row that breaks one is never stored."""

from __future__ import annotations

from filo_core.sessions import ToldBy
from filo_core.types import (
    EventKind,
    KeptJobState,
    KnownAs,
    Origin,
    ProductKind,
    Provenance,
    ReviewDecision,
    Role,
    Severity,
    Verdict,
    Withdrawal,
)
from storage.columns import one_of

KIND_KNOWN = one_of("kind", ProductKind)
SEVERITY_KNOWN = one_of("severity", Severity)
PROVENANCE_KNOWN = one_of("provenance", Provenance)
ORIGIN_KNOWN = one_of("origin", Origin)
VERDICT_KNOWN = one_of("verdict", Verdict)
DECISION_KNOWN = one_of("decision", (*ReviewDecision, *Withdrawal))
ROLE_KNOWN = one_of("role", Role)
STATE_KNOWN = one_of("state", KeptJobState)
EVENT_KNOWN = one_of("kind", EventKind)
KNOWN_AS_KNOWN = one_of("known_as", KnownAs)
CAPTURE_TOLD = f"(taken_at IS NULL AND told_by = '') OR (taken_at IS NOT NULL AND {one_of('told_by', ToldBy)})"

LIMITS_WHOLE = (
    "(limit_ok IS NULL AND limit_ng IS NULL AND limit_region IS NULL) OR "
    "(limit_ok >= 0 AND limit_ok <= limit_ng AND limit_region >= 0)"
)
"""A draft has all three limits in order, or none."""

ROI_WHOLE = (
    "(roi_x IS NULL AND roi_y IS NULL AND roi_width IS NULL AND roi_height IS NULL) OR "
    "(roi_x IS NOT NULL AND roi_y IS NOT NULL AND roi_width > 0 AND roi_height > 0)"
)

JUDGED_WITH_EVIDENCE = (
    "(verdict = 'NOT_INSPECTED' AND image_score IS NULL) OR (verdict <> 'NOT_INSPECTED' "
    "AND image_score IS NOT NULL AND image_hash <> '' AND map_hash <> '')"
)
"""A verdict comes with its score, image and anomaly map; NOT_INSPECTED comes without a score."""

JUDGED_ONCE = "origin = 'folder' AND verdict <> 'NOT_INSPECTED' AND part_hash = ''"
"""Rows among which one image content has one inspection per recipe version."""
PART_JUDGED_ONCE = "origin = 'folder' AND verdict <> 'NOT_INSPECTED' AND part_hash <> ''"
"""The same of parts with several views: two of them may share a picture."""

GOLDEN_KNOWN = "expected IN ('OK', 'NG')"
GOLDEN_ORDER = "wrong >= 0 AND wrong <= parts"
RELEASE_SIGNED = "signed_by <> '' AND reason <> ''"

REVIEW_DECIDES = "verdict IN ('OK', 'NG') OR (decision = 'withdraw' AND verdict = '')"
"""An empty verdict leaves nothing decided."""
ANSWER_HAS_PLACE = "appraiser <> '' AND presentation > 0 AND part >= 0"
BLIND_DECIDES = "verdict IN ('OK', 'NG', '')"
"""An empty verdict takes back what the same person said before."""
OVERRULE_HAS_REASON = "decision <> 'overrule' OR reason <> ''"
RETYPE_HAS_TYPE = "decision <> 'retype' OR anomaly_type <> ''"

USER_HAS_PIN = "version > 0 AND name <> '' AND pin_hash <> ''"
JOB_ENDS_ONCE = "(state = 'running') = (ended_at IS NULL)"
LOCK_IN_RANGE = "failures >= 0 AND delay_s >= 0"
LINKED = "sequence > 0 AND content_hash <> '' AND entry_hash <> ''"
ORDINAL_IN_RANGE = "ordinal >= 0"
COST_KNOWN = "cost >= 0"
ONE_FOUNDATION = "id = 1 AND installation <> '' AND genesis <> ''"
