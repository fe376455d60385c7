"""What settings are called."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from filo_core.types import Role
from gui.state import Screen
from gui.translation import in_language
from workflows.settings.declared import setting_of
from workflows.settings.setting_kinds import SettingsPage


def field_name(name: str) -> str:
    """Caption of a setting."""
    return _tr("Plant database password") if name == "plant_password" else in_language(setting_of(name).caption)


def category_name(category: SettingsPage) -> str:
    """What a page of settings is called."""
    return {
        SettingsPage.MODEL: _tr("Model"),
        SettingsPage.APPEARANCE: _tr("Appearance"),
        SettingsPage.CAMERA: _tr("Camera"),
        SettingsPage.LINE: _tr("PLC"),
        SettingsPage.LANGUAGE_MODEL: _tr("Language model"),
        SettingsPage.RECORD: _tr("Record"),
        SettingsPage.RETENTION: _tr("Retention"),
        SettingsPage.PLANT: _tr("Plant"),
        SettingsPage.ALARMS: _tr("Alarms"),
        SettingsPage.REPORTS: _tr("Reports"),
    }[category]


def role_in_words(role: Role) -> str:
    """Whom to ask for what at least this role may do."""
    supervisor, admin = _tr("a supervisor or an admin"), _tr("an admin")
    return {Role.OPERATOR: _tr("who is signed in"), Role.SUPERVISOR: supervisor, Role.ADMIN: admin}[role]


def role_name(role: Role) -> str:
    """What a role is called."""
    return {Role.OPERATOR: _tr("Operator"), Role.SUPERVISOR: _tr("Supervisor"), Role.ADMIN: _tr("Admin")}[role]


def inspecting_sentence(screens: Sequence[Screen]) -> str:
    """Why the model cannot be changed while these inspect; empty when none does."""
    if Screen.LIVE in screens:
        return _tr("Live is inspecting with this model. Stop it, then save again.")
    if Screen.FOLDER in screens:
        return _tr("A folder is inspected with this model. Wait for its end or cancel it, then save again.")
    return ""


def model_title(name: str) -> str:
    """What a model from the network is, for whom the name alone says nothing."""
    return {
        "full": _tr("full: the method of the paper, with CLIP and Grounding DINO"),
        "eyes": _tr("eyes: DINOv2 as published, for the compact model"),
    }.get(name, name)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Settings", text)
