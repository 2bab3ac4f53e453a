"""The poller: a process that keeps every product's offers fresh."""

import os

# The processes of a web server count together there; a poller counts by itself. Prometheus's
# library looks for it when it is imported.
os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
