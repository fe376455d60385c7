"""What a defect costs: an amount where one is given for its type, else its severity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from filo_core.types import AnomalyType, Severity

SEVERITY_WEIGHTS = {Severity.CRITICAL: 5.0, Severity.MAJOR: 1.0, Severity.MINOR: 0.2}
"""A critical defect counts as five major ones, and five minor ones as a major one."""


class Weighing(StrEnum):
    """By what anomaly types are put in order."""

    COUNT = "count"
    SEVERITY = "severity"
    COST = "cost"


def weights_of(types: Iterable[AnomalyType], costs: Mapping[str, float]) -> tuple[Weighing, dict[str, float]]:
    """How much one defect of each type counts, and by what.

    Args:
        types: of one product, with their severities.
        costs: of a defect by its type, in whatever money; empty for none.

    Returns:
        With any cost, the costs, and for a listed type without one their mean times its severity's weight. Without, the
        severities' weights; nothing where they are all the same.
    """
    listed = {anomaly.name: SEVERITY_WEIGHTS[anomaly.severity] for anomaly in types}
    if costs:
        mean = sum(costs.values()) / len(costs)
        return Weighing.COST, {name: mean * weight for name, weight in listed.items()} | dict(costs)
    if len(set(listed.values())) > 1:
        return Weighing.SEVERITY, listed
    return Weighing.COUNT, {}
