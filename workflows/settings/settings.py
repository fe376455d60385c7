"""The settings of one start of the program: from its caller, the environment and the file; ``declared`` lists all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from workflows.settings.declared import Declared
from workflows.settings.file import read_settings_file
from workflows.settings.secret_store import DATABASE, PLANT, SecretStore
from workflows.settings.setting_kinds import data_folder

EXPORTS = "exports"


class Settings(Declared, BaseSettings):
    """Settings of one start of the program: what the caller says, else ``FILO_`` variables, else the settings file.

    ``FILO_HOME`` moves everything that is written: database, images, logs, settings.
    """

    model_config = SettingsConfigDict(env_prefix="FILO_", frozen=True)

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the record; a server's password comes from the secret store where the URL has none."""
        # A tenth of a second, which the window's start would wait for.
        from storage.engine import sqlite_url

        if not self.database:
            return sqlite_url(self.home / "filo.sqlite")
        return SecretStore(self.home).filled(self.database, DATABASE)

    @property
    def plant_url(self) -> str:
        """SQLAlchemy URL of the plant; a password in ``plant_database`` is in the secret store from now on.

        So the next start needs it in no variable any more.

        Raises:
            SettingsError: if the password cannot be kept.
        """
        secrets = SecretStore(self.home)
        return secrets.filled(secrets.emptied(self.plant_database.get_secret_value(), PLANT), PLANT)

    @property
    def source_address(self) -> str:
        """``source_value`` with a camera's password, where one is kept for it."""
        return SecretStore(self.home).filled(self.source_value) if "@" in self.source_value else self.source_value

    @property
    def backups(self) -> Path:
        """Folder of the nightly backups and their images."""
        return self.backup_folder or self.home / "backups"

    @property
    def export_folder(self) -> Path:
        """Folder that outputs write their files below."""
        return self.exports or self.home / EXPORTS

    @property
    def outbox(self) -> Path:
        """SQLite file with the line's triggers, their answers and what is yet to be delivered."""
        return self.home / "outbox.sqlite"

    @property
    def lines(self) -> Path:
        """Folder of what the lines of a service keep, a folder each."""
        return self.home / "lines"

    @property
    def outboxes(self) -> tuple[Path, ...]:
        """The station's outbox, and those of the lines of its service that there are."""
        return (self.outbox, *sorted(self.lines.glob(f"*/{self.outbox.name}")))

    @property
    def models(self) -> Path:
        """Folder of model profiles that were installed."""
        return self.home / "models"

    @property
    def images(self) -> Path:
        """Folder of the image store."""
        return self.home / "images"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The file lies in ``home``, so it is read last and gives way to both of the others."""
        home = init_settings().get("home") or env_settings().get("home") or data_folder()
        return (init_settings, env_settings, _FileSource(settings_cls, Path(home)))


class _FileSource(PydanticBaseSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], home: Path) -> None:
        super().__init__(settings_cls)
        self._home = home

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        return read_settings_file(self._home)
