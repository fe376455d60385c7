"""The look that a palette cannot say: shapes, sizes for gloves, and a flat bar wherever Fusion paints a gradient."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QApplication

from filo_core.resources import resource_path
from gui.letters import Size, letter_font, points
from gui.theme import ENTRY_PX, SPACE, TOUCH_PX, Theme, palette_of

BAR_PX: Final = 3 * SPACE
"""Breadth of a scroll bar; who wears gloves swipes."""
_PIXELS_A_POINT: Final = 96 / 72
_EDGES_PX: Final = 2
"""Upper and lower edge of a control."""
_INSIDE_PX: Final = TOUCH_PX - _EDGES_PX


def apply_theme(app: QApplication, theme: Theme, font_scale: float = 1.0) -> None:
    """Give the whole application ``theme``, with letters of ``font_scale`` times their usual size."""
    app.setStyle("Fusion")
    font = letter_font(app, font_scale)
    if font != app.font():
        app.setFont(font)
    app.setPalette(palette_of(theme))
    app.setStyleSheet(style_sheet_of(theme))


def style_sheet_of(theme: Theme) -> str:
    """Sizes and the few shapes that the palette cannot say."""
    parts = (_buttons, _fields, _steppers, _lists, _tabs_and_ticks, _bars, _labels, _navigation)
    return "\n" + "".join(part(theme) for part in parts)


def _picture(name: str, theme: Theme) -> str:
    return f'url("{resource_path("icons", f"{name}_{theme.name}.png").as_posix()}")'


def _buttons(theme: Theme) -> str:
    return f"""\
QPushButton {{
    min-height: {_INSIDE_PX}px; padding: 0 {2 * SPACE}px; border: 1px solid {theme.border}; border-radius: 6px;
    background: {theme.raised}; color: {theme.text}; icon-size: {points(Size.TITLE) * _PIXELS_A_POINT:.0f}px;
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
QLineEdit, QComboBox, QAbstractSpinBox {{
    min-height: {_INSIDE_PX}px; padding: 0 {SPACE}px; border: 1px solid {theme.border}; border-radius: 6px;
    background: {theme.surface}; color: {theme.text};
}}
QLineEdit:hover, QComboBox:hover, QAbstractSpinBox:hover {{ border-color: {theme.accent.ground}; }}
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus {{
    padding: 0 {SPACE - 1}px; border: 2px solid {theme.accent.ground}; min-height: {_INSIDE_PX - 2}px;
}}
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled {{
    color: {theme.border}; background: {theme.window}; border-color: {theme.raised};
}}
QAbstractSpinBox {{ max-height: {_INSIDE_PX}px; }}
QAbstractSpinBox:focus {{ max-height: {_INSIDE_PX - 2}px; }}
QLineEdit:read-only {{ background: {theme.window}; }}
QAbstractSpinBox QLineEdit, QComboBox QLineEdit, QAbstractItemView QLineEdit {{
    min-height: 0; padding: 0; border: none; border-radius: 0; background: {theme.surface};
}}
QAbstractSpinBox QLineEdit {{ padding: 0 {SPACE - 2}px; }}
QAbstractSpinBox QLineEdit:disabled, QComboBox QLineEdit:disabled {{ background: {theme.window}; }}
QPlainTextEdit, QTextEdit {{
    border: 1px solid {theme.border}; border-radius: 6px; background: {theme.surface}; color: {theme.text};
}}
QPlainTextEdit:focus, QTextEdit:focus {{ border: 2px solid {theme.accent.ground}; }}
QComboBox {{ combobox-popup: 0; }}
QComboBox::drop-down, QDateEdit::drop-down {{
    width: {4 * SPACE}px; border: none; subcontrol-origin: border; subcontrol-position: center right;
}}
QComboBox::down-arrow, QDateEdit::down-arrow {{
    width: {2 * SPACE}px; height: {2 * SPACE}px; image: {_picture("down", theme)};
}}
QComboBox QAbstractItemView {{ background: {theme.surface}; color: {theme.text}; border: 1px solid {theme.border}; }}
"""


def _steppers(theme: Theme) -> str:
    """The two steps of a number as buttons at both of its ends."""
    return f"""\
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{
    subcontrol-origin: border; width: {TOUCH_PX - 8}px; height: {_INSIDE_PX}px; background: {theme.raised};
}}
QSpinBox::up-button, QDoubleSpinBox::up-button {{
    subcontrol-position: center right; border: 1px solid {theme.border}; border-top-right-radius: 6px;
    border-bottom-right-radius: 6px;
}}
QSpinBox::down-button, QDoubleSpinBox::down-button {{
    subcontrol-position: center left; border: 1px solid {theme.border}; border-top-left-radius: 6px;
    border-bottom-left-radius: 6px;
}}
QSpinBox::up-button:hover, QSpinBox::down-button:hover, QDoubleSpinBox::up-button:hover,
QDoubleSpinBox::down-button:hover {{ background: {theme.note.ground}; border-color: {theme.accent.ground}; }}
QSpinBox::up-button:pressed, QSpinBox::down-button:pressed, QDoubleSpinBox::up-button:pressed,
QDoubleSpinBox::down-button:pressed {{ background: {theme.border}; }}
QSpinBox::up-button:disabled, QSpinBox::down-button:disabled, QDoubleSpinBox::up-button:disabled,
QDoubleSpinBox::down-button:disabled {{ background: {theme.window}; border-color: {theme.raised}; }}
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{ width: 16px; height: 16px; image: {_picture("more", theme)}; }}
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{ width: 16px; height: 16px; image: {_picture("less", theme)}; }}
"""


def _lists(theme: Theme) -> str:
    return f"""\
QListView, QTableView, QTreeView {{ border: 1px solid {theme.border}; }}
QListView:focus, QTableView:focus, QTreeView:focus {{ border: 2px solid {theme.accent.ground}; }}
QListView::item, QTreeView::item {{ min-height: {ENTRY_PX}px; padding: 0 {SPACE}px; }}
QTableView::item {{ padding: 0 {SPACE}px; }}
QComboBox QAbstractItemView::item:selected {{ background: {theme.accent.ground}; color: {theme.accent.text}; }}
QHeaderView::section {{
    min-height: {5 * SPACE}px; padding: 0 {SPACE}px; border: none; border-bottom: 1px solid {theme.border};
    background: {theme.raised}; color: {theme.text};
}}
QMenu {{ background: {theme.surface}; color: {theme.text}; border: 1px solid {theme.border}; }}
QMenu::item {{ min-height: {ENTRY_PX}px; padding: 0 {3 * SPACE}px; }}
QMenu::item:selected {{ background: {theme.accent.ground}; color: {theme.accent.text}; }}
QMenu::item:disabled {{ color: {theme.border}; background: {theme.surface}; }}
QMenu::separator {{ height: 1px; background: {theme.raised}; }}
"""


def _tabs_and_ticks(theme: Theme) -> str:
    return f"""\
QTabWidget::pane {{ border: none; }}
QTabBar::tab {{
    min-height: {TOUCH_PX - 3}px; padding: 0 {2 * SPACE}px; border: none; border-bottom: 3px solid transparent;
    background: transparent; color: {theme.text};
}}
QTabBar::tab:hover {{ background: {theme.raised}; }}
QTabBar::tab:selected {{ border-bottom-color: {theme.accent.ground}; font-weight: 600; }}
QTabBar::tab:focus {{ border: 2px solid {theme.accent.ground}; }}
QCheckBox, QRadioButton {{ min-height: {TOUCH_PX}px; spacing: {SPACE}px; }}
QCheckBox::indicator, QRadioButton::indicator {{
    width: 22px; height: 22px; border: 2px solid {theme.border}; background: {theme.surface}; border-radius: 4px;
}}
QRadioButton::indicator {{ border-radius: 13px; }}
QCheckBox::indicator:checked {{
    background: {theme.accent.ground}; border-color: {theme.accent.ground};
    image: {_picture("check", theme)};
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


def _bars(theme: Theme) -> str:
    return f"""\
QScrollBar {{ background: transparent; border: none; margin: 0; }}
QScrollBar:vertical {{ width: {BAR_PX}px; }}
QScrollBar:horizontal {{ height: {BAR_PX}px; }}
QScrollBar::handle {{ background: {theme.border}; border-radius: 6px; }}
QScrollBar::handle:vertical {{ min-height: {TOUCH_PX}px; margin: 2px 6px; }}
QScrollBar::handle:horizontal {{ min-width: {TOUCH_PX}px; margin: 6px 2px; }}
QScrollBar::handle:hover, QScrollBar::handle:pressed {{ background: {theme.accent.ground}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; border: none; background: none; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: none; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QSlider {{ min-height: {TOUCH_PX}px; }}
QSlider::groove:horizontal {{ height: {SPACE}px; border-radius: 4px; background: {theme.raised}; }}
QSlider::sub-page:horizontal {{ height: {SPACE}px; border-radius: 4px; background: {theme.accent.ground}; }}
QSlider::handle:horizontal {{
    width: 20px; margin: -{SPACE}px 0; border: 2px solid {theme.accent.ground}; border-radius: 12px;
    background: {theme.surface};
}}
QSlider:focus {{ border: 2px solid {theme.accent.ground}; border-radius: 6px; }}
QSlider::handle:horizontal:disabled {{ border-color: {theme.border}; }}
QProgressBar {{
    min-height: {3 * SPACE - _EDGES_PX}px; text-align: center; border: 1px solid {theme.border}; border-radius: 6px;
    background: {theme.surface}; color: {theme.text};
}}
QProgressBar::chunk {{ background: {theme.bar}; border-radius: 5px; }}
"""


def _labels(theme: Theme) -> str:
    return f"""\
QLabel[role="title"] {{ font-size: {points(Size.TITLE):.2f}pt; font-weight: 600; }}
QLabel[role="heading"] {{ font-size: {points(Size.HEADING):.2f}pt; font-weight: 600; }}
QLabel[role="hint"] {{ color: {theme.muted}; }}
QFrame[role="card"] {{ background: {theme.surface}; border: 1px solid {theme.raised}; border-radius: {SPACE}px; }}
QToolTip {{ background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.border}; padding: 4px; }}
QStatusBar::item {{ border: none; }}
"""


def _navigation(theme: Theme) -> str:
    return f"""\
QFrame[role="navigation"] {{ background: {theme.raised}; border: none; }}
QToolButton[role="navigation"] {{
    min-height: 72px; border: none; border-left: 5px solid transparent; color: {theme.text};
    background: transparent; padding: 2px 5px 2px 0; font-size: {points(Size.BODY):.2f}pt;
}}
QToolButton[role="navigation"]:hover {{ background: {theme.window}; }}
QToolButton[role="navigation"]:checked {{
    background: {theme.surface}; border-left-color: {theme.accent.ground}; font-weight: 600;
}}
QToolButton[role="navigation"]:focus {{ border: 2px solid {theme.accent.ground}; border-left-width: 5px; }}
QToolButton[role="navigation"]:disabled {{ color: {theme.border}; }}
"""
