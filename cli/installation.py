"""What is missing from this installation, in words. Needs nothing but Python: it is asked when little else is there."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from filo_core.packaged import is_packaged

REQUIRED: Mapping[str, str] = {
    "alembic": "alembic",
    "argon2-cffi": "argon2",
    "confusable-homoglyphs": "confusable_homoglyphs",
    "cryptography": "cryptography",
    "fastapi": "fastapi",
    "filelock": "filelock",
    "httpx2": "httpx2",
    "imagecodecs": "imagecodecs",
    "keyring": "keyring",
    "ldap3": "ldap3",
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "openai": "openai",
    "opencv-python": "cv2",
    "paho-mqtt": "paho",
    "pillow": "PIL",
    "pillow-heif": "pillow_heif",
    "platformdirs": "platformdirs",
    "precis-i18n": "precis_i18n",
    "prometheus-client": "prometheus_client",
    "protobuf": "google.protobuf",
    "psutil": "psutil",
    "psycopg": "psycopg",
    "pycocotools": "pycocotools",
    "pydantic": "pydantic",
    "pydantic-settings": "pydantic_settings",
    "pymodbus": "pymodbus",
    "pyqtgraph": "pyqtgraph",
    "PySide6": "PySide6",
    "reportlab": "reportlab",
    "rich": "rich",
    "safetensors": "safetensors",
    "scikit-learn": "sklearn",
    "scipy": "scipy",
    "simplejpeg": "simplejpeg",
    "SQLAlchemy": "sqlalchemy",
    "starlette": "starlette",
    "statsmodels": "statsmodels",
    "structlog": "structlog",
    "threadpoolctl": "threadpoolctl",
    "tifffile": "tifffile",
    "typer": "typer",
    "typing_extensions": "typing_extensions",
    "uvicorn": "uvicorn",
    "watchdog": "watchdog",
    "zxcvbn": "zxcvbn",
    "zxing-cpp": "zxingcpp",
}
"""The module that each required package brings."""

FULL: Mapping[str, str] = {
    "groundingdino-py": "groundingdino",
    "onnx": "onnx",
    "open_clip_torch": "open_clip",
    "timm": "timm",
    "torch": "torch",
    "torchvision": "torchvision",
    "transformers": "transformers",
}
"""The same of the extra ``full``, which a station does without."""

_OWN = frozenset({"cli", "filo_core", "gui", "program", "storage", "workflows"})
_AGAIN = "Install the program again."
_NO_TORCH = (
    "This needs {}, which the installed program does without. Do it with the program from source, after make setup. "
    "The compact profile works without it."
)
_ROOT = Path(__file__).resolve().parent.parent


def missing_packages() -> tuple[str, ...]:
    """Required packages that this Python does not find."""
    return tuple(package for package, module in REQUIRED.items() if not _is_found(module))


def missing_sentence(packages: Sequence[str]) -> str:
    """Which packages are missing, and the command that installs them."""
    named = ", ".join(packages)
    if is_packaged():
        return f"Parts of this program are missing ({named}). {_AGAIN}"
    return f"Not installed for {sys.executable}: {named}. In {_ROOT}, run: {_command(packages)}"


def import_problem(error: ImportError) -> str:
    """Why something could not be imported, as a sentence; what else is missing is named with it."""
    module = (error.name or "").partition(".")[0]
    if module in _OWN:
        return f"A part of this program is missing or damaged ({error}). {_AGAIN}"
    if missing := missing_packages():
        return missing_sentence(missing)
    if is_packaged():
        brought = module in FULL.values()
        return _NO_TORCH.format(module) if brought else f"{module or 'A part'} cannot be loaded ({error}). {_AGAIN}"
    if (package := next((name for name, brought in FULL.items() if brought == module), "")) and not _is_found(module):
        return (
            f"This needs {package}, which a station does without. In {_ROOT}, run: make setup. "
            "The compact profile works without it."
        )
    package = next((name for name, brought in REQUIRED.items() if brought == module), module)
    if module and not _is_found(module):
        return missing_sentence([package])
    what = package or "A package"
    return f"{what} cannot be loaded ({error}). On Debian run: make system. If it stays, run: {_command([package])}"


def _command(packages: Sequence[str]) -> str:
    """What brings them back; pip passes over a package that it believes to be there."""
    install = f"{sys.executable} -m pip install --require-hashes --no-build-isolation -r constraints.txt"
    listed = [package for package in packages if _is_listed(package)]
    return f"{sys.executable} -m pip uninstall --yes {' '.join(listed)}; {install}" if listed else install


def _is_found(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _is_listed(package: str) -> bool:
    try:
        metadata.version(package)
    except (metadata.PackageNotFoundError, ValueError):
        # The latter for no name at all.
        return False
    return True
