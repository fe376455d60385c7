"""When an alarm of the process is raised and when it clears: rules over readings, on a clock that is passed in."""
