"""Attacks on who may do what: a decision that nobody took, or somebody else."""

from __future__ import annotations

from tools.audit_attacks.frame import Attack

ATTACKS: tuple[Attack, ...] = ()
