"""Where the data lives and which outside services may be asked; every field has its ``FILO_`` variable."""

from __future__ import annotations

import getpass
from pathlib import Path

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from storage.engine import sqlite_url

APP_NAME = "FiLo Inspector"


def _login_name() -> str:
    try:
        return getpass.getuser()
    except OSError:
        # No entry for this user id, as in some containers.
        return "unknown"


class Settings(BaseSettings):
    """Settings of one start of the program.

    ``FILO_HOME`` moves everything that is written: database, images, logs.
    """

    model_config = SettingsConfigDict(env_prefix="FILO_", frozen=True)

    home: Path = Field(default_factory=lambda: platformdirs.user_data_path(APP_NAME, appauthor=False))
    database: str = ""
    """SQLAlchemy URL; empty for a SQLite file in ``home``."""
    profile: str = "compact"
    device: str = "auto"
    station: str = ""
    operator: str = Field(default_factory=_login_name)
    llm_base_url: str = ""
    llm_model: str = ""
    llm_api_key: SecretStr = SecretStr("")
    llm_timeout_s: float = 60.0

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the record."""
        return self.database or sqlite_url(self.home / "filo.sqlite")

    @property
    def models(self) -> Path:
        """Folder of model profiles that were installed."""
        return self.home / "models"

    @property
    def images(self) -> Path:
        """Folder of the image store."""
        return self.home / "images"
