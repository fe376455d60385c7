"""The audit's attacks, run against a fresh home: ``python -m tools.audit_attacks`` prints a table of what held."""
