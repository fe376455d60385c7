"""The command line: one module a command, printing the same events the window shows."""
