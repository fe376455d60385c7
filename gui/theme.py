"""Colours and sizes of the window, light and dark. Every pair of text and ground keeps a contrast of 4.5:1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from filo_core.resources import resource_path
from filo_core.types import Verdict

TOUCH_PX: Final = 42
"""Height of everything that is pressed: a gloved finger hits 40 px."""
BASE_POINT_SIZE: Final = 11.0
_USUAL_SIZE: Final = "usualPointSize"
SPACE: Final = 12
"""Distance between neighbours; screens keep twice as much to their edges."""


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


def apply_theme(app: QApplication, theme: Theme, font_scale: float = 1.0) -> None:
    """Give the whole application ``theme``, with letters of ``font_scale`` times the system's size."""
    app.setStyle("Fusion")
    usual = app.property(_USUAL_SIZE)
    if usual is None:
        # Remembered, or each call would scale what the one before has scaled.
        usual = max(BASE_POINT_SIZE, app.font().pointSizeF())
        app.setProperty(_USUAL_SIZE, usual)
    font = QFont(app.font())
    if font.pointSizeF() != usual * font_scale:
        font.setPointSizeF(usual * font_scale)
        app.setFont(font)
    app.setPalette(palette_of(theme))
    app.setStyleSheet(style_sheet_of(theme, font_scale))


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


def style_sheet_of(theme: Theme, font_scale: float = 1.0) -> str:
    """Sizes and the few shapes that the palette cannot say."""
    return "\n" + "".join((_buttons(theme), _fields(theme), _tabs_and_ticks(theme), _rest(theme, font_scale)))


def _buttons(theme: Theme) -> str:
    return f"""\
QPushButton {{
    min-height: {TOUCH_PX - 2}px; padding: 0 16px; border: 1px solid {theme.border}; border-radius: 6px;
    background: {theme.raised}; color: {theme.text};
}}
QPushButton:hover {{ border-color: {theme.accent.ground}; }}
QPushButton:pressed {{ background: {theme.accent.ground}; color: {theme.accent.text}; }}
QPushButton:checked {{
    background: {theme.note.ground}; color: {theme.note.text}; border-color: {theme.accent.ground};
}}
QPushButton:checked:disabled {{ background: {theme.window}; color: {theme.border}; border-color: {theme.raised}; }}
QPushButton:focus {{ border: 2px solid {theme.accent.ground}; }}
QPushButton:disabled {{ color: {theme.border}; background: {theme.window}; border-color: {theme.raised}; }}
QPushButton[primary="true"] {{
    background: {theme.accent.ground}; color: {theme.accent.text}; border-color: {theme.accent.ground};
    font-weight: 600;
}}
QPushButton[primary="true"]:focus {{ border: 2px solid {theme.text}; }}
QPushButton[primary="true"]:disabled {{
    background: {theme.window}; color: {theme.border}; border-color: {theme.raised};
}}
QPushButton[danger="true"] {{ color: {theme.danger.ground}; border-color: {theme.danger.ground}; }}
QPushButton[danger="true"]:disabled {{ color: {theme.border}; border-color: {theme.raised}; }}
"""


def _fields(theme: Theme) -> str:
    return f"""\
QLineEdit, QComboBox, QAbstractSpinBox, QDateEdit {{ min-height: {TOUCH_PX - 8}px; }}
QComboBox {{
    padding: 1px 8px; border: 1px solid {theme.border}; border-radius: 6px;
    background: {theme.surface}; color: {theme.text};
}}
QComboBox:hover {{ border-color: {theme.accent.ground}; }}
QComboBox:focus {{ padding: 0 7px; border: 2px solid {theme.accent.ground}; }}
QComboBox:disabled {{ color: {theme.border}; background: {theme.window}; border-color: {theme.raised}; }}
QComboBox::drop-down {{ width: 26px; border: none; }}
QComboBox::down-arrow {{
    width: 16px; height: 16px; image: url("{resource_path("icons", f"down_{theme.name}.png").as_posix()}");
}}
QComboBox QAbstractItemView {{ background: {theme.surface}; color: {theme.text}; border: 1px solid {theme.border}; }}
QSlider:focus {{ border: 2px solid {theme.accent.ground}; border-radius: 6px; }}
QListView, QTableView {{ border: 1px solid {theme.border}; }}
QListView:focus, QTableView:focus {{ border: 2px solid {theme.accent.ground}; }}
"""


def _tabs_and_ticks(theme: Theme) -> str:
    return f"""\
QTabWidget::pane {{ border: none; }}
QTabBar::tab {{
    min-height: {TOUCH_PX - 4}px; padding: 0 18px; border: none; border-bottom: 3px solid transparent;
    background: transparent; color: {theme.text};
}}
QTabBar::tab:hover {{ background: {theme.raised}; }}
QTabBar::tab:selected {{ border-bottom-color: {theme.accent.ground}; font-weight: 600; }}
QTabBar::tab:focus {{ border: 2px solid {theme.accent.ground}; }}
QCheckBox, QRadioButton {{ min-height: {TOUCH_PX - 2}px; spacing: 10px; }}
QCheckBox::indicator, QRadioButton::indicator {{
    width: 22px; height: 22px; border: 2px solid {theme.border}; background: {theme.surface}; border-radius: 4px;
}}
QRadioButton::indicator {{ border-radius: 13px; }}
QCheckBox::indicator:checked {{
    background: {theme.accent.ground}; border-color: {theme.accent.ground};
    image: url("{resource_path("icons", f"check_{theme.name}.png").as_posix()}");
}}
QRadioButton::indicator:checked {{
    width: 12px; height: 12px; border: 7px solid {theme.accent.ground}; background: {theme.accent.text};
}}
QCheckBox::indicator:focus, QRadioButton::indicator:focus {{ border-color: {theme.text}; }}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {{
    border-color: {theme.raised}; background: {theme.window};
}}
QCheckBox::indicator:checked:disabled {{ border-color: {theme.border}; background: {theme.border}; }}
"""


def _rest(theme: Theme, font_scale: float) -> str:
    return f"""\
QSlider {{ min-height: {TOUCH_PX - 8}px; }}
QProgressBar {{ min-height: 18px; text-align: center; }}
QHeaderView::section {{
    min-height: 34px; padding: 0 8px; border: none; border-bottom: 1px solid {theme.border};
    background: {theme.raised}; color: {theme.text};
}}
QLabel[role="title"] {{ font-size: {20 * font_scale:.1f}pt; font-weight: 600; }}
QLabel[role="heading"] {{ font-size: {13 * font_scale:.1f}pt; font-weight: 600; }}
QLabel[role="hint"] {{ color: {theme.muted}; }}
QFrame[role="card"] {{ background: {theme.surface}; border: 1px solid {theme.raised}; border-radius: 8px; }}
QFrame[role="navigation"] {{ background: {theme.raised}; border: none; }}
QToolButton[role="navigation"] {{
    min-height: 76px; border: none; border-left: 5px solid transparent; color: {theme.text};
    background: transparent; padding: 2px 5px 2px 0; font-size: {10 * font_scale:.1f}pt;
}}
QToolButton[role="navigation"]:hover {{ background: {theme.window}; }}
QToolButton[role="navigation"]:checked {{
    background: {theme.surface}; border-left-color: {theme.accent.ground}; font-weight: 600;
}}
QToolButton[role="navigation"]:focus {{ border: 2px solid {theme.accent.ground}; border-left-width: 5px; }}
QToolButton[role="navigation"]:disabled {{ color: {theme.border}; }}
QToolTip {{ background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.border}; padding: 4px; }}
QStatusBar::item {{ border: none; }}
"""
