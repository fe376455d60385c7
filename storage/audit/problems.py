"""What a check of the record finds."""

from __future__ import annotations

from dataclasses import dataclass


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
        entry = f" (entry {self.sequence})" if self.sequence else ""
        row = f" {self.row_id}" if self.row_id else ""
        return f"{self.table}{row}{entry}: {self.what}"
