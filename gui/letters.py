"""The letters of the window: a font of its own, whose figures all have one width, and one scale of sizes."""

from __future__ import annotations

import logging
from enum import IntEnum
from typing import Final

from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication

from filo_core.errors import FiloError
from filo_core.resources import resource_path

logger = logging.getLogger(__name__)


class Size(IntEnum):
    """Sizes of letters in pixels, where the text size is 100 % and an inch has 96 pixels."""

    CAPTION = 12
    BODY = 14
    HEADING = 16
    TITLE = 20
    HEADLINE = 28


FAMILY: Final = "Inter"
_FILES: Final = ("Inter-Regular.ttf", "Inter-SemiBold.ttf")
_CHINESE: Final = (
    "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei UI", "PingFang SC", "WenQuanYi Micro Hei",
)  # fmt: skip
"""What a system may have for the characters that the own font lacks, the best first; Qt knows others besides."""
_POINTS_A_PIXEL: Final = 72 / 96
BASE_POINT_SIZE: Final = Size.BODY * _POINTS_A_PIXEL
_USUAL_SIZE: Final = "usualPointSize"
_LOADED: Final = "shippedFont"


def letter_font(app: QApplication, font_scale: float) -> QFont:
    """The font of the whole application, ``font_scale`` times as large as usual.

    Without its own font it has the system's, and says so in the log: everything can be read with that as well.
    """
    usual = app.property(_USUAL_SIZE)
    if usual is None:
        # Remembered, or each call would scale what the one before has scaled; large letters of the system stay large.
        usual = max(BASE_POINT_SIZE, app.font().pointSizeF())
        app.setProperty(_USUAL_SIZE, usual)
    font = QFont(app.font())
    if _load(app):
        font.setFamilies([FAMILY, *_CHINESE])
    font.setPointSizeF(usual * font_scale)
    return font


def points(size: Size) -> float:
    """A size of the scale in points, at the text size that is set now."""
    return QApplication.font().pointSizeF() * size / Size.BODY


def lettered(font: QFont, size: Size, *, strong: bool = False) -> QFont:
    """``font`` in a size of the scale; ``strong`` makes it semi-bold."""
    made = QFont(font)
    made.setPointSizeF(points(size))
    if strong:
        made.setWeight(QFont.Weight.DemiBold)
    return made


def _load(app: QApplication) -> bool:
    loaded = app.property(_LOADED)
    if loaded is None:
        loaded = all(_add(name) for name in _FILES)
        app.setProperty(_LOADED, loaded)
    return bool(loaded)


def _add(name: str) -> bool:
    try:
        added = QFontDatabase.addApplicationFont(str(resource_path("fonts", name)))
    except FiloError as error:
        logger.warning("The system's font is used: %s", error)
        return False
    if added < 0:
        logger.warning("The system's font is used: %s cannot be read.", name)
    return added >= 0
