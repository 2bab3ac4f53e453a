"""The poller: a process that keeps every product's offers fresh."""
