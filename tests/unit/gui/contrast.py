"""Contrast of two colours, as WCAG 2 defines it."""

from __future__ import annotations

from PySide6.QtGui import QColor


def contrast_ratio(first: str, second: str) -> float:
    """Contrast of two colours by WCAG 2, from 1 (equal) to 21 (black on white)."""
    brighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    named = QColor(colour)
    red, green, blue = (_linear(channel) for channel in (named.redF(), named.greenF(), named.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
