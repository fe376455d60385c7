"""Rows in, domain types out. Repositories flush and never commit."""
