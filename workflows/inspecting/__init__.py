"""The inspection flow: single images, folders, continuous live inspection, and why a place stands out."""
