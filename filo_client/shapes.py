"""What the client gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

T = TypeVar("T")


class ServiceError(Exception):
    """The service refused, as its problem details say.

    Attributes:
        status: of HTTP.
        detail: a sentence.
        retry_after_s: after how many seconds to ask again; None where that would change nothing.
    """

    def __init__(self, status: int, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Part:
    """Which part it is; an empty field is not said."""

    serial: str = ""
    lot: str = ""
    order: str = ""
    field_1: str = ""
    field_2: str = ""
    field_3: str = ""

    @property
    def said(self) -> dict[str, str]:
        """The fields that are said."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name))}


@dataclass(frozen=True, slots=True)
class Product:
    """A product."""

    name: str
    class_name: str
    recipe_version: int | None
    anomaly_types: tuple[str, ...]
    views: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line, as it was then."""

    name: str
    state: str
    product: str
    recipe_version: int | None
    ready: bool
    problem: str
    camera: str
    triggers: int
    answers: int
    waiting: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Answer:
    """The one answer for a part. Let it go on only where :attr:`passes`."""

    id: str
    line: str
    product: str
    verdict: str
    reads_as: str
    reason: str
    score: float | None
    repeated: bool
    inspection_id: int | None
    decided_at: datetime
    part: Part

    @property
    def passes(self) -> bool:
        """True for OK alone."""
        return self.reads_as == "OK"


@dataclass(frozen=True, slots=True)
class Inspection:
    """One inspection of the record."""

    id: int
    product: str
    recipe_version: int
    name: str
    verdict: str
    counts_as: str
    reason: str
    score: float | None
    inspected_at: datetime
    image_hash: str
    has_picture: bool
    has_heat_map: bool
    part: Part


@dataclass(frozen=True, slots=True)
class Page:
    """Some inspections, the newest first."""

    inspections: tuple[Inspection, ...]
    next_cursor: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: ``inspection`` or ``line``."""

    kind: str
    id: int | None
    """Of an inspection; asks for what came after it."""
    content: Inspection | Line


def made(kind: type[T], content: Mapping[str, Any]) -> T:
    """A value of a kind from what the service said; what a newer service says besides is left out."""
    wanted = {one.name: one.type for one in fields(kind)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for name in wanted:
        if name == "part":
            said = content.get("identity", {})
            values[name] = Part(**{one.name: said.get(one.name, "") for one in fields(Part)})
        elif name in {"decided_at", "inspected_at"}:
            values[name] = datetime.fromisoformat(content[name])
        else:
            value = content[name]
            values[name] = tuple(value) if isinstance(value, list) else value
    return kind(**values)
