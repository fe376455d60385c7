"""The rules for alarms as the settings have them."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from filo_core.alarms.rules import FALLING, AlarmKind, AlarmRule, Rules

if TYPE_CHECKING:
    from workflows.settings.declared import Declared

_CLEARS_BELOW = 0.75
"""Of the limit of a rate, unless the settings say otherwise."""
_CLEARS_ABOVE = 1.2
"""Of the limit of free space."""


def rules_of(settings: Declared) -> Rules:
    """The rules that are on.

    A rule whose limit is zero, or that is not ticked, is off. Where the settings say it would clear where it is raised,
    it clears as it does without them: a rule that cannot be is not one that is off.
    """
    limits: dict[AlarmKind, float] = {
        AlarmKind.NG_IN_A_ROW: settings.alarm_ng_in_a_row,
        AlarmKind.NG_RATE: settings.alarm_ng_rate,
        AlarmKind.RUN_RULES: float(settings.alarm_run_rules),
        AlarmKind.CAMERA_LOST: settings.alarm_camera_lost_s,
        AlarmKind.MODEL_DOWN: settings.alarm_model_down_s,
        AlarmKind.DRIFT: float(settings.alarm_drift),
        AlarmKind.PROMISE_BROKEN: float(settings.alarm_promise),
        AlarmKind.DISK: settings.alarm_disk_gb,
    }
    cooldowns, clears = settings.alarm_cooldown_min, settings.alarm_clears
    usual = cooldowns.get("", 0.0)
    found = {}
    for kind, limit in limits.items():
        if limit > 0:
            cooldown = timedelta(minutes=cooldowns.get(kind.value, usual))
            try:
                found[kind] = AlarmRule(kind, limit, clears.get(kind.value, _usual_clearing(kind, limit)), cooldown)
            except ValueError:
                found[kind] = AlarmRule(kind, limit, _usual_clearing(kind, limit), cooldown)
    return found


def _usual_clearing(kind: AlarmKind, limit: float) -> float:
    if kind in FALLING:
        return max(limit * _CLEARS_ABOVE, math.nextafter(limit, math.inf))
    return limit * _CLEARS_BELOW if kind is AlarmKind.NG_RATE else 0.0
