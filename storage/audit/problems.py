"""What a check of the record finds."""

from __future__ import annotations

from dataclasses import dataclass

from filo_core.sentence import Sentence


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was changed behind the program's back.

    ``sequence`` is 0 where no entry of the chain is known, ``row_id`` where it is no row.
    """

    sequence: int
    table: str
    row_id: int
    what: str

    @property
    def sentence(self) -> str:
        """Which row, and what is wrong with it."""
        entry = Sentence(" (entry {number})", number=self.sequence) if self.sequence else ""
        row = Sentence(" {number}", number=self.row_id) if self.row_id else ""
        return Sentence("{table}{row}{entry}: {what}", table=self.table, row=row, entry=entry, what=self.what)
