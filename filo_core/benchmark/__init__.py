"""Measuring detectors on data sets with known answers: data sets, metrics, baselines, the paper's tables."""
