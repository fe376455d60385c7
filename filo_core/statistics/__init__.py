"""Statistics over the record: rates with intervals, control charts, recount under other limits."""
