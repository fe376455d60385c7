"""What was inspected, counted and told: history, figures, reports."""
