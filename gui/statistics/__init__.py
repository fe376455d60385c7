"""The screen *Statistics*."""
