"""Data sets, metrics, benchmarks and rendered products."""
