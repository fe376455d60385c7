"""Colours and sizes of the window, light and dark. Every pair of text and ground keeps a contrast of 4.5:1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette

from filo_core.types import Verdict

SPACE: Final = 8
"""The grid: distance between neighbours. Screens keep twice as much to their edges, a caption half to its field."""
TOUCH_PX: Final = 6 * SPACE
"""Height of everything that is pressed, so that a gloved finger hits it."""
ENTRY_PX: Final = 44
"""Least height of an entry of a list: many lie below each other, and the next one is a swipe away."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A ground and the text that is readable on it."""

    ground: str
    text: str


@dataclass(frozen=True, slots=True)
class Theme:
    """Named colours of one colour scheme."""

    name: str
    window: str
    surface: str
    raised: str
    text: str
    muted: str
    border: str
    accent: Tone
    danger: Tone
    note: Tone
    warning: Tone
    error: Tone
    bar: str
    """How far something is; its number is written across it."""
    picture_ground: str
    """Behind pictures: neutral, so that it does not tint what is judged."""
    verdicts: tuple[tuple[Verdict, Tone], ...]

    def verdict(self, verdict: Verdict) -> Tone:
        """Colours of a verdict; always used together with its word and sign."""
        return dict(self.verdicts)[verdict]


# Green and red differ in lightness from amber and from each other's neighbours, so the three stay apart without
# colour vision; the word and the sign carry the meaning all the same.
_VERDICTS: Final = (
    (Verdict.OK, Tone("#0a7447", "#ffffff")),
    (Verdict.REVIEW, Tone("#ffc533", "#1c1500")),
    (Verdict.NG, Tone("#b5132c", "#ffffff")),
    (Verdict.NOT_INSPECTED, Tone("#5b3a8c", "#ffffff")),
)

LIGHT: Final = Theme(
    name="light",
    window="#f2f4f7",
    surface="#ffffff",
    raised="#e4e9ee",
    text="#15202b",
    muted="#51606d",
    border="#7d8a97",
    accent=Tone("#0b5fa8", "#ffffff"),
    danger=Tone("#a61227", "#ffffff"),
    note=Tone("#dcebf9", "#0c3357"),
    warning=Tone("#fff0c7", "#4a3500"),
    error=Tone("#fbdfe2", "#6d0c1b"),
    bar="#9cc6ea",
    picture_ground="#d3d7db",
    verdicts=_VERDICTS,
)

DARK: Final = Theme(
    name="dark",
    window="#191f26",
    surface="#222a33",
    raised="#303a45",
    text="#e9eef3",
    muted="#aab7c3",
    border="#67757f",
    accent=Tone("#6bb5fb", "#06233d"),
    danger=Tone("#ff97a3", "#41040d"),
    note=Tone("#18344e", "#d3e8fb"),
    warning=Tone("#473708", "#ffe9ad"),
    error=Tone("#54141e", "#ffdfe2"),
    bar="#1f5c91",
    picture_ground="#101419",
    verdicts=_VERDICTS,
)


def theme_for(scheme: Qt.ColorScheme) -> Theme:
    """The theme of a colour scheme; light where the system does not say."""
    return DARK if scheme is Qt.ColorScheme.Dark else LIGHT


def current_theme() -> Theme:
    """The theme that is applied now."""
    window = QGuiApplication.palette().color(QPalette.ColorRole.Window)
    return DARK if window.lightness() < 128 else LIGHT


def palette_of(theme: Theme) -> QPalette:
    """Qt's palette for ``theme``."""
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.surface,
        role.AlternateBase: theme.window,
        role.Text: theme.text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.error.text,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.muted,
        role.Highlight: theme.accent.ground,
        role.HighlightedText: theme.accent.text,
        role.Accent: theme.accent.ground,
        role.Link: theme.accent.ground,
        role.Mid: theme.border,
        role.Light: theme.surface,
        role.Dark: theme.border,
        role.Shadow: theme.border,
    }
    palette = QPalette()
    for name, colour in colours.items():
        palette.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(theme.border))
    return palette
