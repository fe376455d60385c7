"""Numbers of the Grounding DINO localizer (III-C1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GroundingSettings:
    """Thresholds, picture sizes, and which configuration of the groundingdino package is built."""

    box_threshold: float = 0.25
    text_threshold: float = 0.25
    area_limit: float = 0.7
    """Boxes of this share of the image and more say nothing."""
    short_side_px: int = 800
    long_side_px: int = 1333
    config: str = "GroundingDINO_SwinT_OGC"
    """A configuration of the groundingdino package."""
    changes: Mapping[str, int] = field(default_factory=dict)
    """Numbers that replace the configuration's, for smaller networks."""
