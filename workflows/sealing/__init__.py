"""What makes alterations of the record show: the installation and its key, the seal on all that goes out, alarms."""
