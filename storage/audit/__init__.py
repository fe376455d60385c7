"""The audit chain: every row that must not change, in one order, bound by hashes."""
