"""A line: what asks for verdicts, where they go, and what waits to be delivered."""
