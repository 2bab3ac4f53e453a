"""How gunicorn serves a baseline: as this product's own configuration does, as far as it is usual.

Named by ``-c``, or gunicorn would read ours.
"""

worker_class = "gthread"
workers = 1
#: As many as in gunicorn.conf.py.
threads = 64
loglevel = "warning"
# It would listen on a socket in the user's home directory.
control_socket_disable = True
