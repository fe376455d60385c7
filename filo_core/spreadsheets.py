"""Cells that a spreadsheet shows rather than runs."""

from __future__ import annotations

from typing import TypeVar

from filo_core.printable import without_controls

T = TypeVar("T")

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The wide ones begin a formula where a spreadsheet speaks Chinese or Japanese."""


def harmless(cell: T) -> T | str:
    """``cell`` for a CSV file: text that a spreadsheet would take for a formula gets an apostrophe before it.

    Names come from people, files and language models, so any of them may begin with ``=`` or hold signs that steer a
    terminal, which are written out. Numbers stay as they are.
    """
    if not isinstance(cell, str):
        return cell
    text = without_controls(cell)
    return f"'{text}" if cell.startswith(_FORMULA) else text
