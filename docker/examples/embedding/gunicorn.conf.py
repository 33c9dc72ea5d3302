"""Settings, with Gunicorn's names. Any of them can be changed from outside:
GREENCORN_DIRTY_TIMEOUT=60, for example.
"""

wsgi_app = "app:app"

# HTTP only waits for the model, so one process with many threads is enough.
workers = 1
worker_class = "gthread"
threads = 16

dirty_apps = ["embedder:Embedder"]
dirty_workers = 2
dirty_preload = True  # the weights are in memory once
dirty_timeout = 120  # seconds that a call may take
