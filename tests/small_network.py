"""A network profile that is quick to build, with noise from a seed as weights, for tests of what works on networks."""

from __future__ import annotations

from pathlib import Path

SMALL = Path(__file__).resolve().parent / "profiles" / "small"
