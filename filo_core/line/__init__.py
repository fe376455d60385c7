"""The running line: image sources, the job queue, the one worker and its runs."""
