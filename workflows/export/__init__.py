"""Inspections for other programs: tables, data sets and a report on paper."""
