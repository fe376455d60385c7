"""Where model profiles lie. Loads nothing heavy: settings and start list them before there is a model."""

from __future__ import annotations

from pathlib import Path

from filo_core.errors import ProfileError
from filo_core.profiles.manifest import MANIFEST_NAME
from filo_core.resources import resource_path


def profile_folders(installed: Path | None = None) -> dict[str, Path]:
    """Folders of all profiles by name: those shipped, and those in ``installed``, which do not hide a shipped one."""
    roots = [resource_path("models"), *([] if installed is None else [installed])]
    found = [path.parent for root in reversed(roots) for path in root.glob(f"*/{MANIFEST_NAME}")]
    return {folder.name: folder for folder in found if not folder.name.startswith(".")}


def profile_folder(name: str, installed: Path | None = None) -> Path:
    """Folder of a shipped or installed profile, or ``name`` itself where it is one's folder, as ``train`` writes.

    Raises:
        ProfileError: if there is none of that name; the message lists those there are.
    """
    if (Path(name) / MANIFEST_NAME).is_file():
        return Path(name)
    known = profile_folders(installed)
    if name not in known:
        raise ProfileError(
            "There is no model profile {name!r}. Available: {known}.",
            name=name,
            known=", ".join(sorted(known)) or "none",
        )
    return known[name]
