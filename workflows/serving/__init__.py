"""The service without a window: its lines, who may call it, and what is told of each call."""
