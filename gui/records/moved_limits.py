"""Limits that a person moves: one pushes the other before it, so that they stay in order."""

from __future__ import annotations

from dataclasses import replace

from filo_core.types import Limits


def with_ok(limits: Limits, ok: float) -> Limits:
    """``limits`` with another OK limit, which pushes the NG limit before it."""
    return replace(limits, ok=ok, ng=max(ok, limits.ng))


def with_ng(limits: Limits, ng: float) -> Limits:
    """``limits`` with another NG limit, which pushes the OK limit before it."""
    return replace(limits, ok=min(ng, limits.ok), ng=ng)
