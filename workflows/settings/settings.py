"""Where the data lives and which outside services may be asked; every field has its ``FILO_`` variable."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import Field, SecretStr, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from filo_core.errors import SettingsError
from storage.engine import sqlite_url
from workflows.settings.file import DeadlineS, ImageQuotaGb, KeepDays, OwnFields, read_settings_file, words_of
from workflows.settings.output_address import Output
from workflows.settings.secret_store import DATABASE, PLANT, SecretStore

APP_NAME = "FiLo Inspector"
EXPORTS = "exports"
Words = Annotated[tuple[str, ...], NoDecode]


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # No entry for this user id, as in some containers.
        return "unknown"


def _data_folder() -> Path:
    try:
        return platformdirs.user_data_path(APP_NAME, appauthor=False)
    except RuntimeError as error:
        raise SettingsError("This user has no home folder. Set FILO_HOME to a folder for the data.") from error


class Settings(BaseSettings):
    """Settings of one start of the program: what the caller says, else ``FILO_`` variables, else the settings file.

    ``FILO_HOME`` moves everything that is written: database, images, logs, settings.
    """

    model_config = SettingsConfigDict(env_prefix="FILO_", frozen=True)

    home: Path = Field(default_factory=_data_folder)
    database: str = ""
    """SQLAlchemy URL; empty for a SQLite file in ``home``."""
    profile: str = "compact"
    device: str = "auto"
    station: str = ""
    operator: str = Field(default_factory=_login_name)
    keep_days: KeepDays = None
    """Age in days from which images may be removed; None keeps every one."""
    image_quota_gb: ImageQuotaGb = None
    """GiB that the image store may take; None for as much as there is."""
    plant_database: SecretStr = SecretStr("")
    """SQLAlchemy URL that this station forwards to, see :attr:`plant_url`; empty for a station on its own."""
    plant_images: Path | None = None
    """The plant's image folder; None leaves images on the station."""
    llm_base_url: str = ""
    llm_model: str = ""
    llm_api_key: SecretStr = SecretStr("")
    llm_timeout_s: float = 60.0
    backup_hour: int = Field(default=2, ge=0, le=23)
    """Local hour of the nightly backup; the day's first start of the window makes one as well."""
    backup_folder: Path | None = None
    """Where nightly backups go, best on another disk; None for ``backups`` in ``home``."""
    exports: Path | None = None
    """The only folder that outputs of the settings write files below; None for ``exports`` in ``home``."""
    syslog: str = ""
    """Where the head of the record is logged as well: ``udp://HOST:PORT``, ``tcp://HOST:PORT``, or a local socket."""
    supervised: bool = True
    """Live inspection in the window has its model in a process of its own, which is replaced when it hangs."""
    line_token: SecretStr = SecretStr("")
    """Asked for by the HTTP trigger; several, one a caller, have commas between them. Empty for that which
    ``line token`` has made."""
    line_hosts: Words = ()
    """Names of this machine under which the HTTP trigger may be addressed, beside its address and its own name."""
    line_certificate: Path | None = None
    """PEM file; the HTTP trigger speaks TLS where there is one."""
    line_certificate_key: Path | None = None
    """PEM file with the certificate's key; None where that stands in the certificate's file."""
    modbus_writers: Words = ()
    """Addresses or networks of the PLCs that may write to the Modbus servers; empty for the first that does."""
    modbus_everywhere: bool = False
    """Whether a Modbus server may listen on every network of this machine."""
    clear_passwords: Words = ()
    """Hosts that a password may travel to in clear, as to a broker or a camera without encryption."""
    genicam_producers: Words = ()
    """GenTL producers (``.cti`` files) that may be loaded beside those in the folders that the system lists."""
    identity_fields: Annotated[OwnFields, NoDecode] = ()
    """What the customer calls the fields of their own that a part may have, three at most."""
    outputs: tuple[Output, ...] = ()
    """Where Live sends its verdicts, and ``line run`` when it is not told otherwise."""
    source_kind: str = "camera"
    """What Live starts with: ``camera``, ``folder`` or ``address``."""
    source_value: str = ""
    """The camera's number, the folder, or the address."""
    trigger_kind: str = "continuous"
    """What asks for a verdict in Live: ``continuous``, ``key``, ``folder``, ``modbus`` or ``http``."""
    trigger_place: str = ""
    """``HOST:PORT`` of a trigger that listens; empty for its usual port on this machine."""
    deadline_s: DeadlineS = 2.0
    """Longest time in seconds from a trigger of Live to its answer, 0.2 to 60."""
    language: str = ""
    """``en``, ``de`` or ``zh_CN``; empty for the system's."""
    theme: str = "system"
    """``system``, ``light`` or ``dark``."""
    font_scale: float = 1.0

    @field_validator("line_hosts", "modbus_writers", "genicam_producers", "clear_passwords", mode="before")
    @classmethod
    def _is_a_list(cls, words: object) -> object:
        """A variable holds several words with commas between them."""
        return words_of(words)

    @field_validator(
        "home", "plant_images", "backup_folder", "exports", "line_certificate", "line_certificate_key", mode="before"
    )
    @classmethod
    def _is_named(cls, folder: object) -> object:
        """A variable that is set to nothing would mean the current folder."""
        if isinstance(folder, str) and not folder.strip():
            raise ValueError("it names no file or folder")
        return folder

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the record; a server's password comes from the secret store where the URL has none."""
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
        home = init_settings().get("home") or env_settings().get("home") or _data_folder()
        return (init_settings, env_settings, _FileSource(settings_cls, Path(home)))


class _FileSource(PydanticBaseSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], home: Path) -> None:
        super().__init__(settings_cls)
        self._home = home

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        return read_settings_file(self._home)
