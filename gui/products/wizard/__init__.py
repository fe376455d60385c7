"""The five steps Describe, Anomalies, References, Calibrate, Sign off. Their state is the draft in the database."""
