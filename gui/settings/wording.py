"""What settings are called."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from filo_core.types import Role
from gui.languages import LANGUAGES
from workflows.settings_check import DEVICES


def field_name(name: str) -> str:
    """Caption of a setting."""
    return {
        "profile": _tr("Model profile"),
        "device": _tr("Computes on"),
        "station": _tr("Station"),
        "keep_days": _tr("Keep images for"),
        "image_quota_gb": _tr("Images may take"),
        "source_kind": _tr("Kind of source"),
        "source_value": _tr("Camera number, folder or address"),
        "llm_base_url": _tr("Address"),
        "llm_model": _tr("Model"),
        "llm_api_key": _tr("Key"),
        "language": _tr("Language"),
        "theme": _tr("Theme"),
        "font_scale": _tr("Size of letters"),
    }[name]


def choices(name: str) -> list[tuple[str, str]]:
    """Texts and values of a setting that is chosen from a list."""
    match name:
        case "device":
            texts = (_tr("Automatic: the graphics card where there is one"), _tr("Processor"), _tr("Graphics card"))
            return list(zip(texts, DEVICES, strict=True))
        case "source_kind":
            return [(_tr("Camera"), "camera"), (_tr("Folder as camera"), "folder"), (_tr("Stream or video"), "address")]
        case "language":
            return [(_tr("As the system"), ""), *((own, code) for code, own in LANGUAGES.items())]
        case "theme":
            return [(_tr("As the system"), "system"), (_tr("Light"), "light"), (_tr("Dark"), "dark")]
        case _:
            raise KeyError(name)


def role_name(role: Role) -> str:
    """What a role is called."""
    return {Role.OPERATOR: _tr("Operator"), Role.SUPERVISOR: _tr("Supervisor"), Role.ADMIN: _tr("Admin")}[role]


def _tr(text: str) -> str:
    return QCoreApplication.translate("Settings", text)
