"""What keeps the record whole and small: backups, removal of images, forwarding to the plant, the log."""
