"""``python -m tools.drawing``: draws who imports whom, from the code, into docs/architecture.md.

A package is a frame, its rooms are in it. An arrow that follows from others is left out: who knows the engine knows
what the engine knows. Modules beside the rooms are left out as well, unless one of :data:`SINGLE` is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
PACKAGES = ("cli", "gui", "service", "workflows", "storage", "filo_core")
SINGLE = frozenset({"workflows.workbench", "filo_core.engine", "filo_core.judging"})
"""Modules that stand for a room of their own."""
_PLACE = re.compile(r"(?<=```mermaid\n).*?(?=```)", re.DOTALL)

Edges = Mapping[str, frozenset[str]]


def reduced(edges: Edges) -> dict[str, frozenset[str]]:
    """Edges of a graph, without those that a longer way makes already."""

    def beyond(node: str) -> frozenset[str]:
        found: set[str] = set()
        waiting = list(edges.get(node, ()))
        while waiting:
            if (other := waiting.pop()) not in found:
                found.add(other)
                waiting += edges.get(other, ())
        return frozenset(found)

    return {
        node: frozenset(other for other in direct if not any(other in beyond(way) for way in direct - {other}))
        for node, direct in edges.items()
    }


def rooms_of(graph: grimp.ImportGraph, package: str) -> list[str]:
    """The rooms of a package, in the order of their names."""
    return sorted(child for child in graph.find_children(package) if graph.find_children(child) or child in SINGLE)


def known_among(graph: grimp.ImportGraph, parts: Iterable[str]) -> dict[str, frozenset[str]]:
    """Part → the others that it imports directly."""
    parts = tuple(parts)
    return {
        part: frozenset(
            other
            for other in parts
            if other != part and graph.direct_import_exists(importer=part, imported=other, as_packages=True)
        )
        for part in parts
    }


def drawing() -> str:
    """The picture, as Mermaid text."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    lines = ["flowchart TD"]
    for package in PACKAGES:
        lines += _frame(graph, package)
    for package, others in reduced(known_among(graph, PACKAGES)).items():
        lines += [f"    {package} --> {other}" for other in sorted(others)]
    return "\n".join(lines) + "\n"


def _frame(graph: grimp.ImportGraph, package: str) -> list[str]:
    rooms = rooms_of(graph, package)
    if not rooms:
        return [f"    {package}"]
    named = {room: room.removeprefix(f"{package}.") for room in rooms}
    lines = [f"    subgraph {package}"]
    lines += [f"        {package}_{name}[{name}]" for name in named.values()]
    for room, others in reduced(known_among(graph, rooms)).items():
        lines += [f"        {package}_{named[room]} --> {package}_{named[other]}" for other in sorted(others)]
    return [*lines, "    end"]


def with_drawing(page: str) -> str:
    """The page with the picture as it is now."""
    return _PLACE.sub(lambda _: drawing(), page, count=1)


if __name__ == "__main__":
    PAGE.write_text(with_drawing(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
