"""What the compact profile costs, by stage and beside others, and what its short cuts change; docs/performance.md."""
