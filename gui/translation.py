"""Marks texts in tables for translation."""

from __future__ import annotations


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: ARG001 - Qt Linguist finds texts by this name
    """``text``, found by Qt Linguist in ``context``; PySide's own function of that name is typed as ``object``."""
    return text
