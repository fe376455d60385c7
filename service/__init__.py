"""The service as HTTP: a thin application over :mod:`workflows.serving`. Knows neither window nor Qt."""
