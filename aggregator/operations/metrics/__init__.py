"""``/metrics``: what the web server counts, and what the database knows, for Prometheus."""
