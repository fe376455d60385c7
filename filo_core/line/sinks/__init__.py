"""Where verdicts go: a broker, a web address, a file. Each sink delivers one message, or says why not."""
