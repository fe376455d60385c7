"""Attacks on the line: a result that is not this part's, a trigger from who may not ask."""

from __future__ import annotations

from tools.audit_attacks.frame import Attack

ATTACKS: tuple[Attack, ...] = ()
