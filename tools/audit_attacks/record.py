"""Attacks on the record: what was written is altered, removed or put in its place."""

from __future__ import annotations

from tools.audit_attacks.frame import Attack

ATTACKS: tuple[Attack, ...] = ()
