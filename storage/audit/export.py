"""The chain for an auditor: one archive with every entry and its row. It holds data only.

What checks it, ``tools/check_audit.py``, travels on another way: an archive that brings its own judge is believed only
by whoever trusts who made it.
"""

from __future__ import annotations

import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import RowMapping, select
from sqlalchemy.orm import Session

from filo_core.errors import StorageError
from storage.audit.chain import Head, read_genesis
from storage.audit.contents import moment
from storage.audit.reading import BATCH, rows_of
from storage.trust_models import AuditRow, FoundationRow

RECORDS = "record.jsonl"


def export(session: Session, path: Path) -> Head:
    """Write the chain to ``path``, replacing a file that is there; back comes the head, worth noting elsewhere.

    Raises:
        StorageError: if the file cannot be written.
    """
    temporary = path.with_name(f"{path.name}.part")
    try:
        with (
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open(RECORDS, "w", force_zip64=True) as file,
        ):
            head = _write(session, file)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StorageError(
            "{path} cannot be written: {strerror}. Choose another file.", path=path, strerror=error.strerror or error
        ) from error
    return head


def _write(session: Session, file: IO[bytes]) -> Head:
    head = Head(0, read_genesis(session))
    _line(file, {"record": "filo-audit", "format": 2, "exported_at": moment(datetime.now(UTC))} | _begun(session))
    for batch in _batches(session):
        contents = _contents(session, batch)
        for entry in batch:
            content = contents.get((entry["table_name"], entry["row_id"]))
            _line(file, {**entry, "at": moment(entry["at"]), "content": content})
            head = Head(entry["sequence"], entry["entry_hash"], entry["at"])
    _line(file, {"end": head.sequence, "head": head.entry_hash})
    return head


def _begun(session: Session) -> dict[str, str]:
    begun = session.scalars(select(FoundationRow)).first()
    if begun is None:
        return {}
    return {"installation": begun.installation, "begun_at": moment(begun.begun_at), "genesis": begun.genesis}


def _batches(session: Session) -> Iterator[Sequence[RowMapping]]:
    query = select(*AuditRow.__table__.columns).order_by(AuditRow.sequence)
    yield from session.execute(query.execution_options(yield_per=BATCH)).mappings().partitions(BATCH)


def _contents(session: Session, batch: Sequence[RowMapping]) -> dict[tuple[str, int], str]:
    ids: defaultdict[str, list[int]] = defaultdict(list)
    for entry in batch:
        ids[entry["table_name"]].append(entry["row_id"])
    return {
        (table, row.row_id): row.content
        for table, wanted in ids.items()
        for row in rows_of(session, table, sorted(set(wanted)))
    }


def _line(file: IO[bytes], content: dict[str, Any]) -> None:
    file.write(json.dumps(content, ensure_ascii=True, allow_nan=False).encode() + b"\n")
