"""What history and trend mean, as mathematics: no SQL, no Flask, no clock.

Instants are whole milliseconds since 1970 (UTC); stretches of time are half-open. docs/trend.md
is the definition that all of this follows.
"""
