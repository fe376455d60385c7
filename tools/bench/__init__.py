"""What the compact profile costs, by stage and beside others, and what its short cuts change; docs/performance.md."""

# What it says about numpy's threads counts only before numpy is loaded, as in the program.
import filo_core  # noqa: F401
