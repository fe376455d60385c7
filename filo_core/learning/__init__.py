"""Training: of FiLo++ in two stages, and of the compact profile on synthetic anomalies."""
