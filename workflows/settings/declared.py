"""Every setting, declared once: its type and bounds, where it is kept, and how a window and a page of text show it.

The variables of the environment, the settings file, the window and the table in the README follow from this one. What a
person reads in the window is a :class:`~filo_core.sentence.Sentence`: ``tools.translations`` finds it here.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter

from filo_core.line.triggers.base import TriggerKind
from filo_core.sentence import Sentence
from workflows.settings.output_address import Output
from workflows.settings.secret_store import DATABASE, PLANT
from workflows.settings.setting_kinds import (
    NumbersOfRules,
    OwnFields,
    Place,
    Setting,
    SettingsPage,
    Whose,
    Words,
    data_folder,
    login_name,
)

LONGEST_KEEP_DAYS = 36_500
SHORTEST_DEADLINE_S, LONGEST_DEADLINE_S = 0.2, 60.0
SHORTEST_PART_WAIT_S, LONGEST_PART_WAIT_S = 0.5, 600.0
FONT_SCALES = (0.8, 2.0)
LLM_TIMEOUTS_S = (5.0, 600.0)
LONGEST_STATION = 100
LANGUAGES = {"en": "English", "de": "Deutsch", "zh_CN": "简体中文"}
"""Each in its own words: whoever has to choose may not read the present one."""
A_CAMERAS = ""
"""The password of an address that is kept under the address itself."""


_SYSTEM = Sentence("System default")
_NO_ALARM = Sentence("no alarm")
_ADVANCED_FILE = "PEM file with the certificate of the HTTP trigger, which speaks TLS where there is one"


class Declared(BaseModel):
    """The table. A new setting is a line here, and its texts in ``resources/i18n``."""

    model_config = ConfigDict(frozen=True)

    home: Annotated[
        Place, Setting("folder of everything that is written: database, images, logs, settings", is_kept=False)
    ] = Field(default_factory=data_folder)
    profile: Annotated[
        str,
        Setting(
            "model profile",
            SettingsPage.MODEL,
            Sentence("Model profile"),
            Sentence("Takes effect at once, while nothing is being inspected."),
            is_listed=True,
        ),
    ] = "compact"
    device: Annotated[
        str,
        Setting(
            "`auto`, `cpu` or `cuda` (for the compact profile any graphics card that the installed ONNX Runtime can "
            "use: CUDA, ROCm, DirectML, Core ML; `doctor` tries it)",
            SettingsPage.MODEL,
            Sentence("Computes on"),
            choices=(
                ("auto", Sentence("Automatic: the graphics card where there is one")),
                ("cpu", Sentence("Processor")),
                ("cuda", Sentence("Graphics card")),
            ),
        ),
    ] = "auto"
    language: Annotated[
        str,
        Setting(
            "`en`, `de` or `zh_CN`; empty for the system's",
            SettingsPage.APPEARANCE,
            Sentence("Language"),
            choices=(("", _SYSTEM), *LANGUAGES.items()),
            whose=Whose.EVERYBODYS,
        ),
    ] = ""
    theme: Annotated[
        str,
        Setting(
            "`system`, `light` or `dark`",
            SettingsPage.APPEARANCE,
            Sentence("Theme"),
            choices=(("system", _SYSTEM), ("light", Sentence("Light")), ("dark", Sentence("Dark"))),
            whose=Whose.EVERYBODYS,
        ),
    ] = "system"
    font_scale: Annotated[
        float,
        Setting(
            "size of letters, 0.8 to 2",
            SettingsPage.APPEARANCE,
            Sentence("Text size"),
            unit=" %",
            within=FONT_SCALES,
            whose=Whose.EVERYBODYS,
        ),
    ] = 1.0
    source_kind: Annotated[
        str,
        Setting(
            "what Live starts with: `camera`, `folder` or `address`",
            SettingsPage.CAMERA,
            Sentence("Kind of source"),
            choices=(
                ("camera", Sentence("Camera")),
                ("folder", Sentence("Folder as camera")),
                ("address", Sentence("Stream or video")),
            ),
        ),
    ] = "camera"
    source_value: Annotated[
        str,
        Setting(
            "the camera's number, the folder, or the address",
            SettingsPage.CAMERA,
            Sentence("Camera number, folder or address"),
            Sentence("What Live starts with. Leave empty for the first camera found."),
            password=A_CAMERAS,
        ),
    ] = ""
    genicam_producers: Annotated[
        Words,
        Setting(
            "`.cti` files that `genicam://` addresses may load beside those in the folders of `GENICAM_GENTL64_PATH` "
            "and `GENICAM_GENTL32_PATH`, with commas between them; in the settings an admin's",
            whose=Whose.ADMINS,
        ),
    ] = ()
    supervised: Annotated[
        bool,
        Setting(
            "`false`: Live keeps its model in the window's process rather than in one that is replaced when it hangs",
            is_kept=False,
        ),
    ] = True
    trigger_kind: Annotated[
        str,
        Setting(
            f"what asks for a verdict in Live: {', '.join(f'`{kind}`' for kind in TriggerKind)}",
            whose=Whose.EVERYBODYS,
        ),
    ] = "continuous"
    trigger_place: Annotated[
        str,
        Setting(
            "`HOST:PORT` of a trigger that listens, or its whole address; empty for its usual port on this machine",
            whose=Whose.EVERYBODYS,
        ),
    ] = ""
    deadline_s: Annotated[
        float,
        Field(ge=SHORTEST_DEADLINE_S, le=LONGEST_DEADLINE_S, allow_inf_nan=False),
        Setting(
            "longest time in seconds from a trigger of Live to its answer, 0.2 to 60; the picture of a part that was "
            "late is kept and shown",
            whose=Whose.EVERYBODYS,
        ),
    ] = 2.0
    part_wait_s: Annotated[
        float,
        Field(ge=SHORTEST_PART_WAIT_S, le=LONGEST_PART_WAIT_S, allow_inf_nan=False),
        Setting(
            "how long in seconds a watched folder waits for the picture of a view that a part has not got yet, 0.5 to "
            "600; then the part is not inspected, see [docs/views.md](docs/views.md)",
            SettingsPage.LINE,
            Sentence("A part waits for its pictures"),
            Sentence("Of a product with views in a watched folder. Takes effect at the next start of the program."),
            unit=Sentence(" s"),
            after_restart=True,
        ),
    ] = 10.0
    modbus_writers: Annotated[
        Words,
        Setting(
            "addresses of the PLCs that may write by Modbus, with commas between them, else the first that does",
            SettingsPage.LINE,
            Sentence("PLCs that may trigger"),
            Sentence(
                "Addresses that may write by Modbus, after Live restarts. Leave empty for the first one that does."
            ),
            example="10.0.0.7, 10.0.3.0/24",
        ),
    ] = ()
    modbus_everywhere: Annotated[
        bool, Setting("`true` lets a Modbus server listen on every network of this machine")
    ] = False
    line_token: Annotated[
        SecretStr,
        Setting(
            "what the HTTP trigger asks for; several, one a caller, have commas between them; else the token of "
            "`line token`",
            is_kept=False,
        ),
    ] = SecretStr("")
    line_hosts: Annotated[
        Words,
        Setting("names under which the HTTP trigger may be addressed, beside this machine's address and its own name"),
    ] = ()
    line_certificate: Annotated[Place | None, Setting(_ADVANCED_FILE)] = None
    line_certificate_key: Annotated[
        Place | None, Setting("PEM file with its key, where that stands in a file of its own")
    ] = None
    identity_fields: Annotated[
        OwnFields,
        Setting(
            "what your own fields of a part are called, three at most with commas between them; beside serial, lot and "
            "order, see [docs/line.md](docs/line.md#which-part-it-was)",
            SettingsPage.LINE,
            Sentence("Own fields of a part"),
            Sentence(
                "Three names at most, with commas between them, beside serial, lot and order. Triggers and regions of "
                "codes use them from the next start of Live on."
            ),
            example="tray, supplier",
        ),
    ] = ()
    outputs: Annotated[
        tuple[Output, ...],
        Setting(
            "outputs of Live, and of `line run` when it is not told otherwise, as JSON, as Settings → Outputs keeps "
            "them; passwords are in the secret store"
        ),
    ] = ()
    exports: Annotated[
        Place | None,
        Setting(
            "the only folder that CSV outputs of the settings are written below, else `exports` in `FILO_HOME`; see "
            "[docs/line.md](docs/line.md#files)"
        ),
    ] = None
    clear_passwords: Annotated[
        Words,
        Setting(
            "hosts that a password may travel to in clear (`mqtt://`, `http://`, `rtsp://`), with commas between "
            "them; this machine always may"
        ),
    ] = ()
    llm_base_url: Annotated[
        str,
        Setting(
            "OpenAI-compatible endpoint that writes anomaly lists; without one, the built-in library does",
            SettingsPage.LANGUAGE_MODEL,
            Sentence("Address"),
            Sentence("Writes anomaly lists. Leave empty for none."),
            example="http://localhost:11434/v1",
        ),
    ] = ""
    llm_model: Annotated[str, Setting("the model to ask there", SettingsPage.LANGUAGE_MODEL, Sentence("Model"))] = ""
    llm_api_key: Annotated[
        SecretStr,
        Setting(
            "the key to ask it with",
            SettingsPage.LANGUAGE_MODEL,
            Sentence("Key"),
            Sentence("Stored with the secrets and never shown again."),
            whose=Whose.ADMINS,
            is_secret=True,
        ),
    ] = SecretStr("")
    llm_timeout_s: Annotated[
        float,
        Setting(
            "how many seconds it may take",
            SettingsPage.LANGUAGE_MODEL,
            Sentence("Timeout"),
            Sentence("Then the built-in library writes the list."),
            unit=" s",
            within=LLM_TIMEOUTS_S,
        ),
    ] = 60.0
    database: Annotated[
        str,
        Setting(
            "SQLAlchemy URL instead of the SQLite file (also `--database`)",
            SettingsPage.RECORD,
            Sentence("Another database"),
            Sentence(
                "Leave empty for a file in the data folder. A password is stored with “main.py secret set database”."
            ),
            example="postgresql+psycopg://filo@server/filo",
            after_restart=True,
            whose=Whose.ADMINS,
            password=DATABASE,
        ),
    ] = ""
    station: Annotated[
        str,
        Setting(
            "kept with every verdict",
            SettingsPage.RECORD,
            Sentence("Station"),
            Sentence("Kept with every verdict."),
            longest=LONGEST_STATION,
            after_restart=True,
        ),
    ] = ""
    operator: Annotated[
        str, Setting("who works while there are no users: kept with every verdict as well", is_kept=False)
    ] = Field(default_factory=login_name)
    backup_hour: Annotated[
        int,
        Field(ge=0, le=23),
        Setting(
            "local hour of the nightly backup; the day's first start of the window makes one as well", is_kept=False
        ),
    ] = 2
    backup_folder: Annotated[
        Place | None, Setting("where backups go, best on another disk; else `backups` in `FILO_HOME`", is_kept=False)
    ] = None
    syslog: Annotated[
        str,
        Setting(
            "`udp://HOST:PORT`, `tcp://HOST:PORT` or a local socket: the head of the audit chain is logged there as "
            "well, at the start and whenever it has changed",
            is_kept=False,
        ),
    ] = ""
    keep_days: Annotated[
        int | None,
        Field(ge=1, le=LONGEST_KEEP_DAYS),
        Setting(
            "age in days from which `retention` may remove images: confirmed OK first, then OK, then decided NG; "
            "never a row, an open NG or REVIEW, a reference or a golden part",
            SettingsPage.RETENTION,
            Sentence("Keep images for"),
            Sentence(
                "At least this long. Then decided images may be removed after the nightly backup, never a verdict."
            ),
            unit=Sentence(" days"),
            nothing=Sentence("for ever"),
        ),
    ] = None
    image_quota_gb: Annotated[
        float | None,
        Field(ge=0.0, allow_inf_nan=False),
        Setting(
            "GiB that images may take before `retention` removes some in the same order",
            SettingsPage.RETENTION,
            Sentence("Disk space for images"),
            Sentence("Confirmed OK images are removed first. Never an NG that nobody has decided."),
            unit=" GiB",
            nothing=Sentence("no limit"),
        ),
    ] = None
    plant_database: Annotated[
        SecretStr,
        Setting(
            "PostgreSQL that this station forwards to while `app`, `inspect`, `line run` or `forward` runs; its "
            "password goes into the secret store",
            SettingsPage.PLANT,
            Sentence("Plant database"),
            Sentence("This station's record is forwarded there. Leave empty to keep it here."),
            example="postgresql+psycopg://filo@plant/filo",
            after_restart=True,
            whose=Whose.ADMINS,
            password=PLANT,
        ),
    ] = SecretStr("")
    plant_images: Annotated[
        Place | None,
        Setting("the plant's folder for copies of this station's images; else they stay here", is_kept=False),
    ] = None
    reports: Annotated[
        Words,
        Setting(
            "at whose end a report of each product is made: `shift`, `day`, `week`, with commas between them; see "
            "[docs/alarms.md](docs/alarms.md#reports)",
            SettingsPage.REPORTS,
            Sentence("Reports at the end of"),
            Sentence("Any of shift, day and week. They go into a folder, and by e-mail where there is such an output."),
            example="shift, week",
        ),
    ] = ()
    shifts: Annotated[
        Words,
        Setting(
            "names of the shifts and when they begin; a day begins with the first of them",
            SettingsPage.REPORTS,
            Sentence("Shifts"),
            Sentence("Names, and when they begin by the clock on the wall. A day begins with the first."),
            example="Early=06:00, Late=14:00, Night=22:00",
        ),
    ] = ()
    time_zone: Annotated[
        str,
        Setting(
            "of the plant, such as `Europe/Berlin`; empty for this machine's",
            SettingsPage.REPORTS,
            Sentence("Time zone"),
            Sentence("Of the plant. Leave empty for this machine's."),
            example="Europe/Berlin",
        ),
    ] = ""
    report_folder: Annotated[Place | None, Setting("where reports go, else `reports` in `FILO_HOME`")] = None
    directory: Annotated[
        str,
        Setting(
            "`ldaps://HOST` or `ldap://HOST` (with STARTTLS) of a directory whose people sign in with their password "
            "there, beside those with a PIN; see [docs/record.md](docs/record.md#people-of-a-directory)",
            whose=Whose.ADMINS,
        ),
    ] = ""
    directory_user: Annotated[
        str,
        Setting(
            "who signs in there, such as `uid={name},ou=people,dc=plant,dc=example`, or `{name}@plant.example` for "
            "Active Directory",
            whose=Whose.ADMINS,
        ),
    ] = ""
    directory_people: Annotated[
        str, Setting("where its people lie; needed for Active Directory", whose=Whose.ADMINS)
    ] = ""
    directory_groups: Annotated[
        str, Setting("where its groups lie; those elsewhere count for nothing", whose=Whose.ADMINS)
    ] = ""
    directory_roles: Annotated[
        Words,
        Setting(
            "what its groups may, such as `filo-line=operator, filo-leads=supervisor, filo-it=admin`",
            whose=Whose.ADMINS,
        ),
    ] = ()
    directory_ca: Annotated[
        Place | None, Setting("PEM file with its certificate authority, else the system's own", whose=Whose.ADMINS)
    ] = None
    directory_keep_hours: Annotated[
        int,
        Field(ge=0, le=720),
        Setting(
            "for how many hours somebody whom it let in may sign in while it is away, with the same password and role; "
            "0 for never",
            whose=Whose.ADMINS,
        ),
    ] = 72
    alarm_ng_in_a_row: Annotated[
        int,
        Field(ge=0, le=1000),
        Setting(
            "how many parts of a product called NG one after the other raise an alarm, 0 for none; see "
            "[docs/alarms.md](docs/alarms.md)",
            SettingsPage.ALARMS,
            Sentence("NG in a row"),
            Sentence("So many parts called NG one after the other raise an alarm."),
            unit=Sentence(" parts"),
            nothing=_NO_ALARM,
        ),
    ] = 5
    alarm_ng_rate: Annotated[
        int,
        Field(ge=0, le=100),
        Setting(
            "per cent of NG among the parts of the last `alarm_ng_rate_minutes` that raise one; 0 for none",
            SettingsPage.ALARMS,
            Sentence("Share of NG"),
            Sentence("In per cent of the parts of the last hour, or of as many minutes as are set."),
            unit=Sentence(" per cent"),
            nothing=_NO_ALARM,
        ),
    ] = 20
    alarm_ng_rate_minutes: Annotated[int, Field(ge=1, le=1440), Setting("over how many minutes that is counted")] = 60
    alarm_ng_rate_parts: Annotated[int, Field(ge=1, le=10_000), Setting("how many parts there have to be for it")] = 50
    alarm_run_rules: Annotated[
        bool,
        Setting(
            "whether an hour above the p-chart's limit, or that completes one of its run rules, raises one",
            SettingsPage.ALARMS,
            Sentence("Control chart"),
            Sentence("An hour beyond the chart's limit, or that completes one of its run rules, raises an alarm."),
        ),
    ] = True
    alarm_camera_lost_s: Annotated[
        int,
        Field(ge=0, le=3600),
        Setting(
            "after how many seconds without a picture from a camera in use; 0 for never",
            SettingsPage.ALARMS,
            Sentence("Camera lost for"),
            unit=" s",
            nothing=_NO_ALARM,
        ),
    ] = 10
    alarm_model_down_s: Annotated[
        int,
        Field(ge=0, le=3600),
        Setting(
            "after how many seconds in which a line could not judge; 0 for never",
            SettingsPage.ALARMS,
            Sentence("No verdicts for"),
            Sentence("While the model or the record of a running line does not work."),
            unit=" s",
            nothing=_NO_ALARM,
        ),
    ] = 30
    alarm_drift: Annotated[
        bool,
        Setting(
            "whether drift of confirmed good parts raises one",
            SettingsPage.ALARMS,
            Sentence("Drift"),
            Sentence("Good parts that score differently than before raise an alarm."),
        ),
    ] = True
    alarm_promise: Annotated[
        bool,
        Setting(
            "whether a session of good parts of which more are refused than promised raises one",
            SettingsPage.ALARMS,
            Sentence("Promise broken"),
            Sentence("A session of good parts of which more are refused than promised raises an alarm."),
        ),
    ] = True
    alarm_disk_gb: Annotated[
        int,
        Field(ge=0, le=100_000),
        Setting(
            "below how many GiB free on the disk of record or pictures; 0 for none",
            SettingsPage.ALARMS,
            Sentence("Free disk space below"),
            unit=" GiB",
            nothing=_NO_ALARM,
        ),
    ] = 2
    alarm_clears: Annotated[
        NumbersOfRules,
        Setting(
            "where alarms clear, by rule, such as `ng_rate=10, disk=8`, so that a value at the limit raises no alarm a "
            "minute; else at three quarters of the rate, a fifth above the free space, and zero of the others",
        ),
    ] = {}
    alarm_cooldown_min: Annotated[
        NumbersOfRules,
        Setting(
            "for how many minutes after it has cleared an alarm is not raised again, such as `10, disk=60`, of which "
            "the first is that of all rules without one of their own",
        ),
    ] = {"": 10.0}


def setting_of(name: str) -> Setting:
    """What a setting is beside its type.

    Raises:
        KeyError: if there is none of this name.
    """
    return declared()[name]


@cache
def declared() -> dict[str, Setting]:
    """Every setting by its name, in the order of the table."""
    found = {}
    for name, field in Declared.model_fields.items():
        found[name] = next(one for one in field.metadata if isinstance(one, Setting))
    return found


def on_page(page: SettingsPage) -> tuple[str, ...]:
    """The settings of a page, without its secrets."""
    return tuple(name for name, one in declared().items() if one.page is page and not one.is_secret)


def typed(name: str, value: object) -> object:
    """A value as the file or a form has it, as a setting of this name holds it.

    Raises:
        ValueError: if it cannot be one.
    """
    return TypeAdapter(_annotated(name)).validate_python(value)


def _annotated(name: str) -> Any:
    field = Declared.model_fields[name]
    rules = [rule for rule in field.metadata if not isinstance(rule, Setting)]
    return Annotated[(field.annotation, *rules)] if rules else field.annotation


def bounds_of(name: str) -> tuple[float, float] | None:
    """The least and the greatest value of a number; None where nothing bounds it on both sides."""
    within = setting_of(name).within
    if within is not None:
        return within
    field = Declared.model_fields[name]
    least = next((one.ge for one in field.metadata if hasattr(one, "ge")), None)
    most = next((one.le for one in field.metadata if hasattr(one, "le")), None)
    return None if least is None or most is None else (float(least), float(most))
