"""What verdicts go to, one module a kind: its spec says all that settings, window and pages know of it."""
