"""What settings are called."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from filo_core.types import Role
from gui.state import Screen
from gui.translation import in_language
from workflows.settings.declared import setting_of
from workflows.settings.output_address import MODBUS_PORT, OutputKind
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


def output_kind_name(kind: OutputKind) -> str:
    """What a kind of output is called."""
    return {
        OutputKind.MQTT: "MQTT",
        OutputKind.WEBHOOK: _tr("Web address"),
        OutputKind.CSV: _tr("File (CSV)"),
        OutputKind.MODBUS: _tr("PLC (Modbus)"),
    }[kind]


def place_caption(kind: OutputKind) -> str:
    """What is asked for where such an output is."""
    return {
        OutputKind.MQTT: _tr("Broker, port and topic"),
        OutputKind.WEBHOOK: _tr("Host, port and path"),
        OutputKind.CSV: _tr("File"),
        OutputKind.MODBUS: _tr("Address and port that the PLC asks"),
    }[kind]


def place_example(kind: OutputKind) -> str:
    """What such a place looks like."""
    return {
        OutputKind.MQTT: "broker.local:1883/filo/verdicts",
        OutputKind.WEBHOOK: "mes.local:8080/verdicts",
        OutputKind.CSV: "verdicts.csv",
        OutputKind.MODBUS: f"127.0.0.1:{MODBUS_PORT}",
    }[kind]


def model_title(name: str) -> str:
    """What a model from the network is, for whom the name alone says nothing."""
    return {
        "full": _tr("full: the method of the paper, with CLIP and Grounding DINO"),
        "eyes": _tr("eyes: DINOv2 as published, for the compact model"),
    }.get(name, name)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Settings", text)
