"""Cells that a spreadsheet shows rather than runs."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(cell: T) -> T | str:
    """``cell`` for a CSV file: text that a spreadsheet would take for a formula gets an apostrophe before it.

    Names come from people, files and language models, so any of them may begin with ``=``. Numbers stay as they are.
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
