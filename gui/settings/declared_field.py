"""The control of a setting, as its declaration asks for it: no page knows one setting by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from gui.settings.controls import combo
from gui.translation import in_language
from workflows.settings.declared import Declared, bounds_of, setting_of

Value = str | float | bool | None
"""None where nothing is restricted."""
_LARGEST = 1_000_000
_SHARE = " %"
_WHOLE_BELOW = 1e-9


def control_of(name: str, changed: Callable[[Value], object], parent: QWidget) -> QWidget:
    """A control for one setting; ``changed`` is called with what a person makes it."""
    setting, kind = setting_of(name), Declared.model_fields[name].annotation
    if setting.choices or setting.is_listed:
        box = combo([(in_language(text), value) for value, text in setting.choices], parent)
        box.activated.connect(lambda _: changed(str(box.currentData())))
        return box
    if kind is bool:
        tick = QCheckBox(in_language(setting.caption), parent)
        tick.clicked.connect(lambda ticked: changed(bool(ticked)))
        return tick
    if setting.nothing or bounds_of(name) is not None:
        return _number(name, changed, parent)
    edit = QLineEdit(parent)
    edit.setPlaceholderText(setting.example)
    edit.setMaxLength(setting.longest)
    edit.textEdited.connect(changed)
    return edit


def _number(name: str, changed: Callable[[Value], object], parent: QWidget) -> QWidget:
    setting, bounds = setting_of(name), bounds_of(name)
    if setting.unit == _SHARE:
        share = QDoubleSpinBox(parent)
        smallest, largest = bounds or (0.0, 1.0)
        share.setRange(100.0 * smallest, 100.0 * largest)
        share.setDecimals(0)
        share.setSingleStep(10.0)
        share.setSuffix(setting.unit)
        share.valueChanged.connect(lambda value: changed(round(value / 100.0, 2)))
        return share
    smallest, largest = bounds or (0.0, float(_LARGEST))
    if not setting.nothing and smallest % 1 > _WHOLE_BELOW:
        exact = QDoubleSpinBox(parent)
        exact.setRange(smallest, largest)
        exact.setDecimals(1)
        exact.setSuffix(in_language(setting.unit))
        exact.valueChanged.connect(changed)
        return exact
    spin = QSpinBox(parent)
    spin.setRange(0 if setting.nothing else round(smallest), round(largest))
    spin.setSuffix(in_language(setting.unit))
    spin.setSpecialValueText(in_language(setting.nothing))
    restricts_nothing = None if _may_be_none(name) else 0.0
    spin.valueChanged.connect(lambda value: changed((value or restricts_nothing) if setting.nothing else float(value)))
    return spin


def _may_be_none(name: str) -> bool:
    return type(None) in get_args(Declared.model_fields[name].annotation)


def show_value(control: QWidget, value: Value) -> None:
    """Show what a setting is, without telling that it changed."""
    blocker = QSignalBlocker(control)
    match control:
        case QComboBox():
            control.setCurrentIndex(control.findData(value))
        case QCheckBox():
            control.setChecked(bool(value))
        case QLineEdit() if control.text() != value:
            control.setText(str(value))
        case QSpinBox():
            # Less than one is not nothing.
            control.setValue(max(1, round(float(value))) if value else 0)
        case QDoubleSpinBox():
            control.setValue((100.0 if control.suffix() == _SHARE else 1.0) * float(value or 0))
    blocker.unblock()
