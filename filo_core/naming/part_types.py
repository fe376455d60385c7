"""What a whole part is called: its regions first, then what is known of the picture as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from filo_core.naming.prototypes import called
from filo_core.types import Region, TypeShare, Verdict


def part_called(verdict: Verdict, regions: Sequence[Region], image_types: Sequence[TypeShare]) -> tuple[str, float]:
    """A part's type and the share of that type, in [0, 1]; 0 for one that is unknown.

    That of the region that stands out most. Where nothing does, a part that is doubtful or refused has a type all the
    same: the picture's, or unknown; one that is good or was not inspected has an empty one.
    """
    worst = max(regions, key=lambda region: region.score, default=None)
    if worst is not None:
        return worst.anomaly_type, worst.type_confidence
    return called(image_types) if verdict in {Verdict.NG, Verdict.REVIEW} else ("", 0.0)
