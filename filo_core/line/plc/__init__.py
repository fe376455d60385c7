"""The line as a PLC sees it."""
