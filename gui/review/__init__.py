"""The screen *Review*: what was decided, and the decisions of a person beside it."""
