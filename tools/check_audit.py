"""Checks an exported audit chain with nothing but Python's standard library: ``python -I check_audit.py FILE [HEAD]``.

``FILE`` was written by ``main.py audit export``, and holds data only: get this script from elsewhere than from whoever
hands you the file, and compare its SHA-256 with the one in ``docs/record.md``. A head that was noted earlier,
``SEQUENCE:HASH``, finds entries that were taken off the chain's end, or a chain that was written anew. The exit status
is 0 when everything fits, and 1 otherwise.
"""

import hashlib
import json
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

UNBOUND = "0" * 64
"""What the first entry of a chain is bound to that is older than its foundation."""
REMOVABLE = {"recipe_versions", "calibrations", "drift_alarms"}
"""What goes with a product under which nothing was inspected."""


def sha256(text: str) -> str:
    """Hash of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def bound(entry: dict[str, Any], before: str) -> str:
    """The hash that binds an entry to the one before."""
    parts = [entry[name] for name in ("format", "sequence", "at", "table_name", "row_id", "content_hash")]
    return sha256(json.dumps([*parts, before], sort_keys=True, separators=(",", ":"), allow_nan=False))


class Checker:
    """Reads the lines in their order and gathers what does not fit."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.sequence, self.head = 0, UNBOUND
        self.begun = ""
        self.ended = False
        self.noted_found = False
        self.absent: dict[tuple[str, int], list[int]] = {}

    def read(self, lines: Iterable[str], noted: str) -> None:
        """Check all lines; ``noted`` is an earlier head or empty."""
        for line in lines:
            content = json.loads(line)
            if "end" in content:
                self.ended = True
                if (content["end"], content["head"]) != (self.sequence, self.head):
                    self.problems.append("the end of the file does not fit its entries")
            elif "record" in content:
                self._begin(content)
            elif "sequence" in content:
                self._entry(content)
                self.noted_found |= f"{self.sequence}:{self.head}" == noted
        if not self.ended:
            self.problems.append("the file was cut off: its last line is missing")
        if noted and not self.noted_found:
            self.problems.append(f"the noted head {noted} is not in the chain: entries were taken off its end")
        for (table, row_id), sequences in self.absent.items():
            self.problems += [f"entry {number}: {table} {row_id}: the row was removed" for number in sequences]

    def _begin(self, header: dict[str, Any]) -> None:
        self.head = header.get("genesis", UNBOUND)
        if self.head != UNBOUND:
            founded = ["filo-audit", header["installation"], header["begun_at"]]
            if sha256(json.dumps(founded, sort_keys=True, separators=(",", ":"), allow_nan=False)) != self.head:
                self.problems.append("the chain was not begun where and when the file says")
        if "installation" in header:
            self.begun = f", begun by installation {header['installation']} at {header['begun_at']}"

    def _entry(self, entry: dict[str, Any]) -> None:
        place = f"entry {entry['sequence']}: {entry['table_name']} {entry['row_id']}"
        if entry["sequence"] != self.sequence + 1:
            self.problems.append(f"{place}: entries are missing before this one")
        elif bound(entry, self.head) != entry["entry_hash"]:
            self.problems.append(f"{place}: the entry of the chain was changed or moved")
        self.sequence, self.head = entry["sequence"], entry["entry_hash"]
        content = entry["content"]
        if content is None or sha256(content) != entry["content_hash"]:
            # An id of a row that was removed may have been given out again: the row is then another one.
            key = (entry["table_name"], entry["row_id"])
            if content is None or key[0] in REMOVABLE:
                self.absent.setdefault(key, []).append(entry["sequence"])
            else:
                self.problems.append(f"{place}: the row was changed")
        elif entry["table_name"] == "events":
            self._event(json.loads(content))

    def _event(self, event: dict[str, Any]) -> None:
        if event["kind"] != "product removed":
            return
        for table, ids in json.loads(event["detail"])["removed"].items():
            for row_id in ids:
                waiting = self.absent.get((table, row_id), [])
                if waiting:
                    waiting.pop(0)


def lines_of(path: Path) -> Iterator[str]:
    """Lines of an archive's record, or of the record itself.

    Raises:
        ValueError: if the archive holds something else as well.
    """
    if not zipfile.is_zipfile(path):
        with path.open(encoding="utf-8") as file:
            yield from file
        return
    with zipfile.ZipFile(path) as archive:
        if archive.namelist() != ["record.jsonl"]:
            raise ValueError(f"{path} holds more than the data of a chain: do not run or open what else is in it")
        with archive.open("record.jsonl") as file:
            for line in file:
                yield line.decode()


def main(arguments: list[str]) -> int:
    """Check the file that is named."""
    if not 1 <= len(arguments) <= 2:
        print(__doc__)
        return 2
    checker = Checker()
    try:
        checker.read(lines_of(Path(arguments[0])), arguments[1] if len(arguments) > 1 else "")
    except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile) as error:
        checker.problems.append(f"the file cannot be read to its end: {error}")
    for problem in checker.problems:
        print(problem)
    verdict = "intact" if not checker.problems else f"{len(checker.problems)} problems"
    print(f"{checker.sequence} entries, {verdict}{checker.begun}. Head {checker.sequence}:{checker.head}")
    return 1 if checker.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
