"""Writes the table of outputs into ``docs/line.md``, from the specs beside the outputs.

``python -m tools.outputs_table`` replaces what stands between its two marks.
"""

from __future__ import annotations

import sys
from pathlib import Path

from filo_core.line.outputs.known import specs
from filo_core.line.outputs.spec import FieldKind, OutputField, OutputSpec
from tools.markdown import between_marks

PAGE = Path(__file__).resolve().parents[1] / "docs" / "line.md"
BEGIN, END = "<!-- outputs: python -m tools.outputs_table -->", "<!-- end of outputs -->"


def rows() -> list[str]:
    """A line a kind, in the order of the window."""
    lines = ["| output | address | behind it as `?NAME=VALUE&…` | delivered when |", "|---|---|---|---|"]
    return lines + [f"| {spec.about} | {_forms(spec)} | {_fields(spec)} | {spec.delivered} |" for spec in specs()]


def _forms(spec: OutputSpec) -> str:
    return ", ".join(f"`{form}`" for form in spec.forms)


def _fields(spec: OutputSpec) -> str:
    return "; ".join(_field(one) for one in spec.fields if not one.is_beside)


def _field(field: OutputField) -> str:
    takes = {
        FieldKind.NUMBER: f" {field.least} to {field.most}",
        FieldKind.SWITCH: " `true`",
        FieldKind.FILE: " a file",
    }.get(field.kind, "")
    usual = f", else {field.default}" if field.default else ""
    return f"`{field.name}`{takes}: {field.caption[:1].lower()}{field.caption[1:]}{usual}"


def with_table(page: str) -> str:
    """A page with the table in place of what stands between the marks.

    Raises:
        ValueError: if a mark is missing.
    """
    return between_marks(page, BEGIN, END, rows())


def main() -> int:
    """Write the page."""
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
