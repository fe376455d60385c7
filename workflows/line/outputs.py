"""The line's outputs as the settings keep them: changed, tried out, and made into sinks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import SecretStr

from filo_core.errors import SourceError
from filo_core.line.outputs.exports import file_below
from filo_core.line.outputs.known import make_sink
from filo_core.line.outputs.spec import Where
from filo_core.line.plc.access import ModbusAccess
from filo_core.line.plc.port import check_port
from filo_core.line.sinks.base import Sink
from workflows.people.access import Access
from workflows.people.changing import change_outputs, change_secret
from workflows.people.rights import Right, asks
from workflows.settings.bound import refuse_clear
from workflows.settings.output_address import Output
from workflows.settings.secret_store import OUTPUT, SecretStore
from workflows.settings.settings import EXPORTS, Settings

Outputs = tuple[Output, ...]


class OutputStore:
    """Outputs with their passwords, which are in the secret store below ``home``; see :class:`OutputEditor`.

    Args:
        home: the data folder.
        exports: the folder that files are written below; ``exports`` in ``home`` when not given.
    """

    def __init__(self, home: Path, *, exports: Path | None = None) -> None:
        self._home = home
        self._exports = exports or home / EXPORTS
        self._secrets = SecretStore(home)

    def has_password(self, output: Output) -> bool:
        """Whether a password is kept for it; what it is stays unsaid."""
        return bool(output.secret_name) and output.secret_name in self._secrets.names()

    def password(self, output: Output) -> SecretStr:
        """The password kept for it; empty when there is none."""
        return SecretStr(self._secrets.get(output.secret_name) if output.secret_name else "")

    def check(self, output: Output, password: str | None = None) -> None:
        """Try an output out, without sending a verdict.

        Args:
            output: which one.
            password: to try; None takes the one that is kept.

        Raises:
            FiloError: why it does not work, as a sentence.
        """
        if output.is_asked:
            host, port = output.listens_on
            if output.spec.refuse is not None:
                access = ModbusAccess(everywhere=Settings(home=self._home).modbus_everywhere)
                output.spec.refuse(output.address, host, output.spec.whole(output.fields), access)
            check_port(host, port)
            return
        sink = self._sink(output, password)
        try:
            sink.check()
        finally:
            sink.close()

    def sinks(self, outputs: Sequence[Output]) -> list[Sink]:
        """The sinks to deliver to; a server is none, the other side asks it, nor is one that takes no verdict."""
        return [self.sink(output) for output in outputs if output.is_delivered]

    def sink(self, output: Output) -> Sink:
        """The sink of one output that is no server.

        Raises:
            FiloError: if its password is missing, would travel in clear, or the address cannot be one.
        """
        return self._sink(output)

    def _sink(self, output: Output, password: str | None = None) -> Sink:
        address = output.address
        if output.secret_name:
            if password is None:
                self._secrets.require_bound(address, OUTPUT)
            address = self._secrets.filled(address, output.secret_name, password)
            refuse_clear(address, Settings(home=self._home).clear_passwords)
        ca_file = Path(output.ca_file) if output.ca_file else None
        return make_sink(address, ca_file, self._secrets.hook_secret(address), self._exports)


class OutputEditor(OutputStore):
    """Writes outputs into the settings file below ``home`` and their passwords into the secret store.

    Args:
        home: the data folder.
        access: who is signed in, and the record that tells of each change.
        exports: see :class:`OutputStore`.
    """

    def __init__(self, home: Path, access: Access, *, exports: Path | None = None) -> None:
        super().__init__(home, exports=exports)
        self._access = access

    @asks(Right.SETTINGS)
    def put(
        self,
        outputs: Outputs,
        output: Output,
        password: str | None,
        instead_of: Output | None = None,
        at: int | None = None,
    ) -> Outputs:
        """The outputs with one added or changed, written.

        Args:
            outputs: as they are.
            output: the new one.
            password: for it; None leaves what is kept.
            instead_of: the one it replaces, in whose place it comes.
            at: its place among the others; None for the last.

        Raises:
            AccessError: if there are users, and nobody is signed in who may change settings.
            SourceError: if another one has the same address, or a file is not below the folder of exports.
            SettingsError: if it cannot be written.
        """
        self._access.require(Right.SETTINGS)
        others = tuple(one for one in outputs if one != instead_of)
        if any(one.address == output.address for one in others):
            raise SourceError("There is an output with this address already. Change that one.")
        if output.spec.where is Where.FILE:
            file_below(self._exports, output.place)
        if password and not output.secret_name:
            raise SourceError("A password belongs to a user. Enter who signs in there.")
        if instead_of is not None and (password == "" or instead_of.secret_name != output.secret_name):
            self._forget_password(instead_of, others)
        if password:
            change_secret(self._access, self._home, output.secret_name, password)
        if instead_of is not None:
            at = outputs.index(instead_of)
        place = len(others) if at is None else at
        return self._written(outputs, (*others[:place], output, *others[place:]))

    @asks(Right.SETTINGS)
    def remove(self, outputs: Outputs, output: Output) -> Outputs:
        """The outputs without one, written; its password goes with it unless another one needs it.

        Raises:
            AccessError: if there are users, and nobody is signed in who may change settings.
            SettingsError: if it cannot be written.
        """
        self._access.require(Right.SETTINGS)
        others = tuple(one for one in outputs if one != output)
        self._forget_password(output, others)
        return self._written(outputs, others)

    def _forget_password(self, output: Output, others: Outputs) -> None:
        is_shared = output.secret_name in {one.secret_name for one in others}
        if self.has_password(output) and not is_shared:
            change_secret(self._access, self._home, output.secret_name, "")

    def _written(self, before: Outputs, after: Outputs) -> Outputs:
        change_outputs(self._access, self._home, before, after)
        return after


def outbox_names(outputs: Sequence[Output], exports: Path) -> dict[str, str]:
    """What the outbox knows the outputs by, by address; a server is asked, and not delivered to.

    Args:
        outputs: of the settings.
        exports: the folder that a relative file is meant from.
    """
    # No name holds a password, so that none is fetched.
    return {one.address: make_sink(_from(exports, one)).name for one in outputs if one.is_delivered}


def _from(exports: Path, output: Output) -> str:
    return f"{output.kind}:{exports / output.place}" if output.spec.where is Where.FILE else output.address
