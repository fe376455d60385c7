"""What people are told beside verdicts: alarms of the process and reports, in the window and by outputs."""
