"""Pictures judged again on purpose, without becoming inspections: capability studies, recipe against recipe."""
