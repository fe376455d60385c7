"""Where model profiles lie. Loads nothing heavy: settings and start list them before there is a model."""

from __future__ import annotations

from pathlib import Path

from filo_core.profiles.manifest import MANIFEST_NAME
from filo_core.resources import resource_path


def profile_folders(installed: Path | None = None) -> dict[str, Path]:
    """Folders of all profiles by name: those shipped, and those in ``installed``, which do not hide a shipped one."""
    roots = [resource_path("models"), *([] if installed is None else [installed])]
    found = [path.parent for root in reversed(roots) for path in root.glob(f"*/{MANIFEST_NAME}")]
    return {folder.name: folder for folder in found if not folder.name.startswith(".")}
