"""What a person sets up for this station, and where it is kept: settings, outputs, secrets."""
