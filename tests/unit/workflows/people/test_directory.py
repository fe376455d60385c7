"""People of a directory sign in with their password there: a real slapd, on loopback, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import create_connection, socket
from threading import Event

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from filo_core.errors import SettingsError
from filo_core.types import EventKind, Role
from storage.storage import Storage
from workflows.people.access import Access, AccessError, Right
from workflows.people.directory import (
    Directory,
    DirectoryAwayError,
    DirectoryPerson,
    DirectoryRefusedError,
    directory_of,
)
from workflows.people.directory_users import MARK, is_of_directory
from workflows.people.pins import matches
from workflows.people.users import Users
from workflows.settings.settings import Settings

PEOPLE, GROUPS = "ou=people,dc=plant,dc=example", "ou=groups,dc=plant,dc=example"
ROLES = {"filo-line": Role.OPERATOR, "filo-leads": Role.SUPERVISOR, "filo-it": Role.ADMIN}
_SCHEMAS = Path("/etc/ldap/schema")
_MODULES = Path("/usr/lib/ldap")
_WORDS = {
    "ida": "line-4 is mine",
    "lea": "lead of the shift",
    "ivo": "the it of it",
    "eve": "nobody here",
    "wu(*)": "odd",
}
_CONTENT = f"""\
dn: dc=plant,dc=example
objectClass: dcObject
objectClass: organization
o: Plant
dc: plant

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: {GROUPS}
objectClass: organizationalUnit
ou: groups

dn: ou=elsewhere,dc=plant,dc=example
objectClass: organizationalUnit
ou: elsewhere
"""


def _person(name: str) -> str:
    return (
        f"\ndn: uid={name},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name}\nsn: {name}\n"
        f"mail: {name}@plant.example\nuserPassword: {_WORDS[name]}\n"
    )


def _group(name: str, *members: str, below: str = GROUPS) -> str:
    listed = "".join(f"member: uid={member},{PEOPLE}\n" for member in members)
    return f"\ndn: cn={name},{below}\nobjectClass: groupOfNames\ncn: {name}\n{listed}"


class Slapd:
    """slapd on a port of loopback, not as a daemon."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
            with socket() as other:
                other.bind(("127.0.0.1", 0))
                self.secure_port = other.getsockname()[1]
        self.address = f"ldap://127.0.0.1:{self.port}"
        self.secure_address = f"ldaps://127.0.0.1:{self.secure_port}"
        self.authority = _certified(folder)
        (folder / "data").mkdir()
        (folder / "slapd.conf").write_text(
            "".join(f"include {_SCHEMAS / name}.schema\n" for name in ("core", "cosine", "inetorgperson"))
            + f"modulepath {_MODULES}\nmoduleload back_mdb\npidfile {folder}/slapd.pid\n"
            # As many plants have it: a name without a password is let in as nobody.
            + f"TLSCertificateFile {folder}/cert.pem\nTLSCertificateKeyFile {folder}/key.pem\n"
            + "allow bind_anon_dn bind_anon_cred\n"
            + "database mdb\nsuffix dc=plant,dc=example\n"
            + f"directory {folder}/data\naccess to attrs=userPassword by anonymous auth by * none\n"
            + "access to * by users read\n"
        )
        self._add(_CONTENT + "".join(map(_person, _WORDS)) + _group("filo-line", "ida", "lea", "wu(*)"))
        self._add(_group("filo-leads", "lea") + _group("filo-it", "ivo"))
        self._add(_group("filo-it", "eve", below="ou=elsewhere,dc=plant,dc=example"))
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def _add(self, ldif: str) -> None:
        command = ["slapadd", "-f", str(self.folder / "slapd.conf")]
        subprocess.run(command, input=ldif.encode(), check=True, capture_output=True, env=_environment())

    def start(self) -> None:
        command = [
            "slapd",
            "-d",
            "0",
            "-h",
            f"{self.address}/ {self.secure_address}/",
            "-f",
            str(self.folder / "slapd.conf"),
        ]
        self._process = subprocess.Popen(
            command, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, "slapd did not begin"
                time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None


def _certified(folder: Path) -> Path:
    """A certificate for loopback that signs itself, with its key beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "plant directory")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    return folder / "cert.pem"


def _environment() -> dict[str, str]:
    return os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin"}


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    if shutil.which("slapd", path=_environment()["PATH"]) is None:
        pytest.skip("slapd is not installed: sudo apt-get install slapd ldap-utils")
    made = Slapd(tmp_path_factory.mktemp("slapd"))
    yield made
    made.stop()


@pytest.fixture
def directory(slapd: Slapd) -> Directory:
    return Directory(slapd.address, f"uid={{name}},{PEOPLE}", GROUPS, ROLES)


def refusal(storage: Storage, access: Access, name: str, word: str) -> str:
    with pytest.raises(AccessError) as refused:
        access.sign_in(name, word)
    assert access.user is None
    return str(refused.value)


def test_the_directory_says_who_it_is_and_the_highest_role_of_their_groups(directory: Directory) -> None:
    found = {name: directory.ask(name, word) for name, word in _WORDS.items() if "*" not in name}
    assert found["lea"] == DirectoryPerson(f"uid=lea,{PEOPLE}", Role.SUPERVISOR)
    assert {name: person.role for name, person in found.items()} == {
        "ida": Role.OPERATOR,
        "lea": Role.SUPERVISOR,
        "ivo": Role.ADMIN,
        # A group of the same name elsewhere counts for nothing.
        "eve": None,
    }


def test_odd_letters_of_a_name_are_letters_and_no_filter(directory: Directory) -> None:
    assert directory.ask("wu(*)", _WORDS["wu(*)"]).role is Role.OPERATOR


@pytest.mark.parametrize(
    "name", ["ida", "nobody", "*", "ida)(uid=*", f"ida,{PEOPLE}", "ida,ou=x", "ivo@plant.example", ""]
)
@pytest.mark.parametrize("word", ["", "wrong", "*"])
def test_no_other_password_and_no_trick_with_a_name_is_let_in(directory: Directory, name: str, word: str) -> None:
    with pytest.raises(DirectoryRefusedError):
        directory.ask(name, word)


def test_an_empty_password_is_refused_although_the_directory_would_take_it(slapd: Slapd, directory: Directory) -> None:
    import ldap3

    # What many programs take for a sign-in.
    connection = ldap3.Connection(
        ldap3.Server("127.0.0.1", slapd.port, get_info=ldap3.NONE), authentication="ANONYMOUS"
    )
    assert connection.bind()
    connection.unbind()
    with pytest.raises(DirectoryRefusedError, match="password is missing"):
        directory.ask("ivo", "")


def test_a_password_travels_over_tls_whose_certificate_is_right_or_not_at_all(
    slapd: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.people.directory._is_loopback", lambda _: False)
    for address in (slapd.address, slapd.secure_address):
        known = Directory(address, f"uid={{name}},{PEOPLE}", GROUPS, ROLES, ca_file=slapd.authority)
        assert known.ask("ida", _WORDS["ida"]).role is Role.OPERATOR, address
        unknown = Directory(address, f"uid={{name}},{PEOPLE}", GROUPS, ROLES)
        with pytest.raises(DirectoryAwayError, match="cannot be asked"):
            unknown.ask("ida", _WORDS["ida"])
        elsewhere = Directory(address.replace("127.0.0.1", "localhost"), "uid={name}," + PEOPLE, GROUPS, ROLES)
        with pytest.raises(DirectoryAwayError, match="cannot be asked"):
            elsewhere.ask("ida", _WORDS["ida"])


def test_people_of_the_directory_sign_in_and_may_what_their_group_may(storage: Storage, directory: Directory) -> None:
    access = Access(storage, "line 3", directory=directory, keep=timedelta(hours=72))
    assert "first user has to be an admin" in refusal(storage, access, "ida", _WORDS["ida"])
    assert not access.is_needed
    assert access.sign_in("ivo", _WORDS["ivo"]).role is Role.ADMIN
    Users(storage, access).add("Ada", Role.ADMIN, "740936")
    assert access.require(Right.MANAGE_USERS, pin=_WORDS["ivo"]) == "ivo"
    with pytest.raises(AccessError):
        access.require(Right.MANAGE_USERS, pin="wrong")
    assert access.sign_in("LEA", _WORDS["lea"]).role is Role.SUPERVISOR
    with pytest.raises(AccessError, match="may not manage users"):
        access.require(Right.MANAGE_USERS)
    assert "in no group of the directory" in refusal_of_other(access, "eve")
    # Beside them PINs go on.
    assert access.sign_in("Ada", "740936").name == "Ada"
    with storage.reading() as transaction:
        events = transaction.events.newest(200)
    told = [(event.kind, event.subject, event.detail) for event in events if event.subject == "ivo"]
    assert any(kind is EventKind.SIGNED_IN and '"via":"directory"' in detail for kind, _, detail in told)
    assert any(kind is EventKind.USER_CHANGED and f"uid=ivo,{PEOPLE}" in detail for kind, _, detail in told)
    assert not any(word in event.detail for event in events for word in _WORDS.values())


def refusal_of_other(access: Access, name: str) -> str:
    with pytest.raises(AccessError) as refused:
        access.sign_in(name, _WORDS[name])
    return str(refused.value)


def test_somebody_with_a_pin_is_not_taken_over_by_a_name_of_the_directory(
    storage: Storage, directory: Directory
) -> None:
    access = Access(storage, directory=directory, keep=timedelta(hours=72))
    Users(storage, access).add("ivo", Role.ADMIN, "740936")
    assert "Name or PIN is wrong" in refusal(storage, access, "ivo", _WORDS["ivo"])
    assert access.sign_in("ivo", "740936").role is Role.ADMIN


def test_a_hash_of_the_directory_fits_no_pin(storage: Storage, directory: Directory) -> None:
    Access(storage, directory=directory, keep=timedelta(hours=72)).sign_in("ivo", _WORDS["ivo"])
    with storage.reading() as transaction:
        user = transaction.users.find("ivo")
    assert user is not None
    assert is_of_directory(user)
    assert matches(user.pin_hash.removeprefix(MARK), _WORDS["ivo"])
    assert _WORDS["ivo"] not in user.pin_hash
    assert "Name or PIN is wrong" in refusal(storage, Access(storage), "ivo", _WORDS["ivo"])


def test_while_the_directory_is_away_those_sign_in_whom_it_let_in_lately(
    storage: Storage, directory: Directory, slapd: Slapd
) -> None:
    # The record tells when it really was: a minute on, nobody is let in from the future.
    now = [datetime.now(UTC) + timedelta(minutes=1)]
    access = Access(storage, directory=directory, keep=timedelta(hours=72), wall=lambda: now[0])
    access.sign_in("ivo", _WORDS["ivo"])
    access.sign_in("lea", _WORDS["lea"])
    access.sign_out()
    slapd.stop()
    try:
        assert access.sign_in("lea", _WORDS["lea"]).role is Role.SUPERVISOR
        access.sign_out()
        assert "cannot be asked" in refusal(storage, access, "lea", "wrong")
        assert "within 72 hours" in refusal(storage, access, "ida", _WORDS["ida"])
        now[0] += timedelta(hours=71)
        assert access.sign_in("lea", _WORDS["lea"]).name == "lea"
        access.sign_out()
        # Letting in by what was kept does not make it last longer.
        now[0] += timedelta(hours=2)
        assert "cannot be asked" in refusal(storage, access, "lea", _WORDS["lea"])
    finally:
        slapd.start()
    assert access.sign_in("lea", _WORDS["lea"]).name == "lea"
    with storage.reading() as transaction:
        told = [event.detail for event in transaction.events.about(EventKind.SIGNED_IN, "lea")]
    assert sum("which was away" in detail for detail in told) == 2


def test_with_nothing_kept_nobody_signs_in_while_it_is_away(
    storage: Storage, directory: Directory, slapd: Slapd
) -> None:
    access = Access(storage, directory=directory)
    access.sign_in("ivo", _WORDS["ivo"])
    access.sign_out()
    slapd.stop()
    try:
        assert "cannot be asked" in refusal(storage, access, "ivo", _WORDS["ivo"])
    finally:
        slapd.start()


def test_who_leaves_their_group_or_is_disabled_here_comes_in_no_more_also_while_it_is_away(storage: Storage) -> None:
    class Changing:
        role: Role | None = Role.ADMIN
        away = False

        def ask(self, name: str, password: str) -> DirectoryPerson:
            if self.away:
                raise DirectoryAwayError("It is away.")
            return DirectoryPerson(f"uid={name}", self.role)

    asked = Changing()
    access = Access(storage, directory=asked, keep=timedelta(hours=72))
    access.sign_in("ivo", "a password")
    Users(storage, access).add("Ada", Role.ADMIN, "740936")
    access.sign_out()
    asked.role = None
    assert "in no group" in refusal(storage, access, "ivo", "a password")
    asked.away = True
    assert "It is away" in refusal(storage, access, "ivo", "a password")
    asked.away, asked.role = False, Role.ADMIN
    access.sign_in("ivo", "a password")
    access.sign_in("Ada", "740936")
    Users(storage, access).disable("ivo")
    access.sign_out()
    for asked.away in (False, True):
        refusal(storage, access, "ivo", "a password")


def test_a_role_that_the_directory_changes_holds_from_the_next_sign_in(storage: Storage) -> None:
    class Told:
        role = Role.ADMIN

        def ask(self, name: str, password: str) -> DirectoryPerson:
            return DirectoryPerson(f"uid={name}", self.role)

    asked = Told()
    access = Access(storage, directory=asked, keep=timedelta(hours=72))
    access.sign_in("ivo", "a password")
    asked.role = Role.OPERATOR
    assert access.sign_in("ivo", "a password").role is Role.OPERATOR
    with pytest.raises(AccessError, match="may not"):
        access.require(Right.SETTINGS)


def test_a_role_that_the_directory_takes_away_is_gone_for_what_asks_for_the_password_again(storage: Storage) -> None:
    class Told:
        role = Role.ADMIN

        def ask(self, name: str, password: str) -> DirectoryPerson:
            return DirectoryPerson(f"uid={name}", self.role)

    asked = Told()
    access = Access(storage, directory=asked, keep=timedelta(hours=72))
    access.sign_in("ivo", "a password")
    asked.role = Role.OPERATOR
    with pytest.raises(AccessError, match="may not"):
        access.require(Right.SETTINGS, pin="a password")


@pytest.mark.parametrize("again", [False, True])
def test_nobody_waits_for_a_directory_that_is_slow_to_hear_who_is_signed_in(storage: Storage, again: bool) -> None:
    class Slow:
        is_slow = False
        asked, answers = Event(), Event()

        def ask(self, name: str, password: str) -> DirectoryPerson:
            if self.is_slow:
                self.asked.set()
                assert self.answers.wait(30)
            return DirectoryPerson(f"uid={name}", Role.ADMIN)

    directory = Slow()
    access = Access(storage, directory=directory, keep=timedelta(hours=72))
    access.sign_in("ivo", "a password")
    directory.is_slow = True
    with ThreadPoolExecutor(2) as pool:
        try:
            if again:
                asking = pool.submit(access.require, Right.SETTINGS, pin="a password")
            else:
                asking = pool.submit(lambda: access.sign_in("ivo", "a password").name)
            assert directory.asked.wait(30)
            user = pool.submit(lambda: access.user).result(10)
        finally:
            directory.answers.set()
        assert user is not None
        assert asking.result(30) == "ivo"


@pytest.mark.parametrize(("code", "is_away"), [(53, False), (19, False), (49, False), (51, True), (52, True)])
def test_a_directory_that_answers_with_a_refusal_is_not_away(
    monkeypatch: pytest.MonkeyPatch, code: int, is_away: bool
) -> None:
    class Answering:
        def __init__(self, *_: object, **__: object) -> None:
            self.result = {"result": code, "description": "as it is"}

        def open(self) -> None:
            pass

        def bind(self) -> bool:
            return False

        def unbind(self) -> None:
            pass

    monkeypatch.setattr("ldap3.Connection", Answering)
    directory = Directory("ldap://127.0.0.1", f"uid={{name}},{PEOPLE}", GROUPS, ROLES)
    with pytest.raises(DirectoryAwayError if is_away else DirectoryRefusedError):
        directory.ask("ida", "disabled there")


def test_wrong_passwords_bring_the_same_waits_as_wrong_pins(storage: Storage, directory: Directory) -> None:
    access = Access(storage, directory=directory, keep=timedelta(hours=72))
    access.sign_in("ivo", _WORDS["ivo"])
    access.sign_out()
    said = [refusal(storage, access, "ivo", "wrong") for _ in range(6)]
    assert "refused too often. Wait" in said[-1]
    assert "refused too often" in refusal(storage, access, "ivo", _WORDS["ivo"])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"directory": "http://dc"}, "address is none"),
        ({"directory": "ldaps://me:word@dc"}, "address is none"),
        ({"directory_user": "uid=ida"}, "needs FILO_DIRECTORY_USER"),
        ({"directory_roles": ("filo-line=boss",)}, "gives no group a role"),
        ({"directory_user": "{name}@plant.example"}, "FILO_DIRECTORY_PEOPLE is needed"),
    ],
)
def test_settings_that_name_no_directory_are_told(tmp_path: Path, changed: dict[str, object], said: str) -> None:
    right: dict[str, object] = {
        "directory": "ldaps://dc.plant.example",
        "directory_user": f"uid={{name}},{PEOPLE}",
        "directory_groups": GROUPS,
        "directory_roles": ("filo-line=operator",),
    }
    made = directory_of(Settings(home=tmp_path, **right))  # type: ignore[arg-type]
    assert made is not None
    assert (made.host, made.port, made.is_secure) == ("dc.plant.example", 636, True)
    assert directory_of(Settings(home=tmp_path)) is None
    with pytest.raises(SettingsError, match=said):
        directory_of(Settings(home=tmp_path, **(right | changed)))  # type: ignore[arg-type]
