"""Drawn regions while they are edited, with every step back and forth. No Qt, no drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from filo_core.zones import FixtureSearch, ItemCount, Point, Zone, ZoneKind, ZoneShape, contains

MOST_STEPS = 200
_LEAST_SIDE = 0.004
"""Of the picture, to which a region can be made smaller."""


@dataclass(frozen=True, slots=True)
class Edited:
    """How things stand: the regions, and which of them is chosen (-1: none)."""

    zones: tuple[Zone, ...] = ()
    chosen: int = -1


class ZoneEdits:
    """Regions that are added, moved, changed and removed; coordinates stay within the picture.

    Args:
        zones: to begin with.
    """

    def __init__(self, zones: Sequence[Zone] = ()) -> None:
        self._now = Edited(tuple(zones))
        self._past: list[Edited] = []
        self._future: list[Edited] = []
        self._held: Edited | None = None

    @property
    def zones(self) -> tuple[Zone, ...]:
        """As they stand now."""
        return self._now.zones

    @property
    def chosen(self) -> int:
        """Which one is chosen, -1 for none."""
        return self._now.chosen

    @property
    def zone(self) -> Zone | None:
        """The chosen one."""
        return self.zones[self.chosen] if 0 <= self.chosen < len(self.zones) else None

    @property
    def can_undo(self) -> bool:
        """Whether there is a step back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step forth."""
        return bool(self._future)

    def choose(self, index: int) -> None:
        """Choose one; -1 chooses none. No step of its own."""
        self._now = replace(self._now, chosen=index if 0 <= index < len(self.zones) else -1)

    def undo(self) -> None:
        """Take the last step back."""
        if self._past:
            self._future.append(self._now)
            self._now = self._past.pop()

    def redo(self) -> None:
        """Do again what was taken back."""
        if self._future:
            self._past.append(self._now)
            self._now = self._future.pop()

    def hold(self) -> None:
        """What follows until :meth:`let_go` is one step, as while the mouse is held."""
        self._held = self._now

    def let_go(self) -> None:
        """The end of :meth:`hold`."""
        held, self._held = self._held, None
        if held is not None and held.zones != self.zones:
            self._keep(held)

    def add(
        self,
        shape: ZoneShape,
        points: Sequence[Point],
        kind: ZoneKind,
        stem: str,
        search: FixtureSearch | None = None,
        count: ItemCount | None = None,
    ) -> None:
        """Add a region under the first name of this stem that is free, and choose it.

        Args:
            shape: of it.
            points: in fractions of the picture.
            kind: what it is there for.
            stem: of its name.
            search: of a fixture.
            count: of one that counts.
        """
        taken = {zone.name.casefold() for zone in self.zones}
        number = next(n for n in range(1, len(taken) + 2) if f"{stem} {n}".casefold() not in taken)
        added = Zone(
            f"{stem} {number}", tuple(_inside(point) for point in points), shape, kind, search=search, count=count
        )
        self._step((*self.zones, added), len(self.zones))

    def remove(self) -> None:
        """Remove the chosen one."""
        if self.zone is not None:
            left = tuple(zone for number, zone in enumerate(self.zones) if number != self.chosen)
            self._step(left, min(self.chosen, len(left) - 1))

    def replace_all(self, zones: Sequence[Zone]) -> None:
        """Other regions in place of all, as from a file."""
        self._step(tuple(zones), -1)

    def change(self, **fields: object) -> None:
        """Change name, kind, limit or search of the chosen one."""
        if self.zone is not None:
            self._put(replace(self.zone, **fields))  # type: ignore[arg-type]

    def move(self, across: float, down: float) -> None:
        """Move the chosen one, as far as the picture goes."""
        if self.zone is None:
            return
        xs, ys = zip(*self.zone.points, strict=True)
        across = min(max(across, -min(xs)), 1.0 - max(xs))
        down = min(max(down, -min(ys)), 1.0 - max(ys))
        self._put(replace(self.zone, points=tuple((x + across, y + down) for x, y in self.zone.points)))

    def resize(self, across: float, down: float) -> None:
        """Make the chosen one larger or smaller; its upper left corner stays."""
        if self.zone is None:
            return
        xs, ys = zip(*self.zone.points, strict=True)
        left, top = min(xs), min(ys)
        wide, high = max(xs) - left, max(ys) - top
        by_x = min(max(wide + across, _LEAST_SIDE), 1.0 - left) / max(wide, _LEAST_SIDE)
        by_y = min(max(high + down, _LEAST_SIDE), 1.0 - top) / max(high, _LEAST_SIDE)
        points = tuple(_inside((left + (x - left) * by_x, top + (y - top) * by_y)) for x, y in self.zone.points)
        self._put(replace(self.zone, points=points))

    def move_point(self, number: int, point: Point) -> None:
        """Put one corner of the chosen one elsewhere."""
        if self.zone is not None and 0 <= number < len(self.zone.points):
            points = list(self.zone.points)
            points[number] = _inside(point)
            self._put(replace(self.zone, points=tuple(points)))

    def at(self, point: Point) -> int:
        """The smallest region around a point, -1 where there is none."""
        hits = [number for number, zone in enumerate(self.zones) if contains(zone.outline, point)]
        return min(hits, key=lambda number: _area(self.zones[number].outline), default=-1)

    def corner_at(self, point: Point, reach: Point) -> int:
        """The corner of the chosen one that is within ``reach`` of a point, -1 where none is."""
        corners = self.zone.points if self.zone is not None else ()
        near = [
            number
            for number, (x, y) in enumerate(corners)
            if abs(x - point[0]) <= reach[0] and abs(y - point[1]) <= reach[1]
        ]
        return near[0] if near else -1

    def _put(self, zone: Zone) -> None:
        zones = tuple(zone if number == self.chosen else other for number, other in enumerate(self.zones))
        if zones != self.zones:
            self._step(zones, self.chosen)

    def _step(self, zones: tuple[Zone, ...], chosen: int) -> None:
        if self._held is None:
            self._keep(self._now)
        self._now = Edited(zones, chosen)

    def _keep(self, before: Edited) -> None:
        self._past = [*self._past, before][-MOST_STEPS:]
        self._future.clear()


def _area(points: Sequence[Point]) -> float:
    return abs(sum(x * points[n - 1][1] - points[n - 1][0] * y for n, (x, y) in enumerate(points)))


def _inside(point: Point) -> Point:
    return min(max(point[0], 0.0), 1.0), min(max(point[1], 0.0), 1.0)
