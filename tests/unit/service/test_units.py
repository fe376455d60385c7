"""The unit for systemd and the container's file say what docs/service.md promises."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import program

FOLDER = Path(__file__).resolve().parents[3] / "resources" / "service"
UNIT = FOLDER / "filo-inspector.service"


class _Unit(configparser.RawConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


def unit() -> _Unit:
    found = _Unit(strict=False)
    found.read(UNIT, encoding="utf-8")
    return found


def test_the_unit_runs_the_service_as_a_user_of_its_own_that_can_do_little() -> None:
    service = unit()["Service"]
    assert service["User"] == service["Group"] == "filo"
    assert (service["StateDirectoryMode"], service["UMask"]) == ("0700", "0077")
    for name in (
        "NoNewPrivileges",
        "ProtectHome",
        "PrivateTmp",
        "PrivateDevices",
        "RestrictSUIDSGID",
        "LockPersonality",
    ):
        assert service[name] == "yes", name
    assert (service["ProtectSystem"], service["CapabilityBoundingSet"]) == ("strict", "")
    assert (service["KillSignal"], service["Restart"]) == ("SIGTERM", "always")
    command = shlex.split(service["ExecStart"])
    assert command[1] in program.COMMANDS
    assert command[2:] == ["--listen", "127.0.0.1:8470"]
    assert "FILO_HOME=/var/lib/filo" in service["Environment"]


def test_systemd_finds_no_fault_with_the_unit(tmp_path: Path) -> None:
    checker = shutil.which("systemd-analyze")
    if checker is None:
        # Where there is no systemd at least its grammar is looked at.
        lines = [line for line in UNIT.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
        assert all(re.fullmatch(r"\[\w+\]|[A-Za-z]+=.*", line) for line in lines)
        assert unit().sections() == ["Unit", "Service", "Install"]
        return
    copy = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace("/usr/bin/filo-inspector", shutil.which("true") or "/bin/true")
    copy.write_text(text.replace("User=filo", "User=root").replace("Group=filo", "Group=root"), encoding="utf-8")
    done = subprocess.run([checker, "verify", str(copy)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert UNIT.name not in done.stderr


def test_the_container_runs_as_that_user_from_what_is_pinned() -> None:
    text = (FOLDER / "Containerfile").read_text(encoding="utf-8")
    words = [line.split(maxsplit=1) for line in text.replace("\\\n", " ").splitlines() if line[:1].isalpha()]
    given = {}
    for word, rest in words:
        given.setdefault(word, []).append(rest)
    assert given["USER"] == ["filo"]
    assert given["STOPSIGNAL"] == ["SIGTERM"]
    assert "--mode=0700 /var/lib/filo" in given["RUN"][0]
    assert any("make station" in one for one in given["RUN"])
    assert re.findall(r'"(\w+)"', given["CMD"][0])[0] in program.COMMANDS
    # Nothing that is not pinned by the repository.
    assert "pip install" not in text
