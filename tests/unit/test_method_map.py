"""The page that lays the paper beside the code names what there is, and misses no equation."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "method_map.md"
CODE, TESTS = (ROOT / "filo_core",), (ROOT / "tests" / "unit" / "filo_core", ROOT / "tests")
SECTIONS = ("III-A", "III-B1", "III-B2", "III-B3", "III-C1", "III-C2", "III-C3", "III-C4", "IV-A", "IV-B", "IV-C")
SOURCES = {
    *(f"eq. {number}" for number in range(1, 10)),
    *SECTIONS,
    *(f"Table {number}" for number in ("I", "II", "III", "IV", "V", "VI", "VII")),
    *(f"Fig. {number}" for number in (3, 4, 5)),
    "Algorithm 1",
}


class Row(NamedTuple):
    source: str
    """Empty for a choice that the paper leaves open."""
    code: str
    test: str


def rows() -> list[Row]:
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("|") and "`" in line
    ]
    return [Row(row[0] if len(row) == 4 else "", row[-2].strip("`"), row[-1].strip("`")) for row in cells]


def documentation(place: str, roots: tuple[Path, ...]) -> str:
    """Docstrings of what ``path.py:Name.method`` names: its own, its class's, and its module's.

    Raises:
        LookupError: if there is no such file or name in it.
    """
    file, _, name = place.partition(":")
    path = next((root / file for root in roots if (root / file).is_file()), None)
    if path is None:
        raise LookupError(f"{place}: no such file")
    node: ast.AST = ast.parse(path.read_text(encoding="utf-8"))
    found = [ast.get_docstring(node) or ""]  # type: ignore[arg-type]
    for part in name.split("."):
        node, after = member(node, part)
        # Attributes are documented by a string behind them, functions and classes by one inside.
        for inner in (*getattr(node, "body", []), after):
            value = getattr(inner, "value", None)
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found.append(value.value)
    return "\n".join(found)


def member(node: ast.AST, name: str) -> tuple[ast.AST, ast.AST | None]:
    """What is called ``name`` in a module or class, and what stands behind it."""
    body = getattr(node, "body", [])
    for child, after in zip(body, [*body[1:], None], strict=True):
        targets = child.targets if isinstance(child, ast.Assign) else [getattr(child, "target", None)]
        if getattr(child, "name", None) == name or any(getattr(target, "id", None) == name for target in targets):
            return child, after
    raise LookupError(f"no {name}")


def names_source(text: str, source: str) -> bool:
    """Whether a docstring names an equation, alone or in a list or range, or a section or one that holds it."""
    if source.startswith("eq. "):
        number = int(source.removeprefix("eq. "))
        for listed in re.findall(r"[Ee]qs?\. [\d(),and to]+", text):
            spans = re.findall(r"(\d)\D+to\D+(\d)", listed)
            if str(number) in re.findall(r"\d", listed) or any(int(a) <= number <= int(b) for a, b in spans):
                return True
        return False
    if source.startswith("Table "):
        return bool(re.search(rf"Tables? [IV, and]*\b{source.removeprefix('Table ')}\b|Tables I to VII", text))
    return source in text or re.search(rf"{source.rstrip('0123456789')}\b", text) is not None


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.source} {row.code}".strip())
def test_every_place_and_every_test_exists_and_the_docstring_names_the_source(row: Row) -> None:
    assert documentation(row.test, TESTS) is not None
    text = documentation(row.code, CODE)
    if row.source:
        assert names_source(text, row.source), f"{row.code} does not name {row.source}"


def test_every_equation_section_table_and_figure_has_a_row() -> None:
    assert SOURCES - {row.source for row in rows()} == set()


def test_a_name_that_is_gone_is_noticed() -> None:
    with pytest.raises(LookupError):
        documentation("method/scoring.py:no_such_thing", CODE)
    assert not names_source("Eqs. (2) to (4).", "eq. 5")
    assert names_source("Eqs. (2) to (4).", "eq. 3")
