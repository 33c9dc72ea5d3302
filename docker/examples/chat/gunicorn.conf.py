"""Settings, with Gunicorn's names. Any of them can be changed from outside:
GREENCORN_DIRTY_THREADS=64, for example.
"""

wsgi_app = "app:app"

# Each answer that is being streamed has a thread here and one in a dirty
# worker; more wait until one is free.
workers = 1
worker_class = "gthread"
threads = 32

dirty_apps = ["chat:Chat"]
dirty_workers = 2
dirty_threads = 16
dirty_timeout = 30  # seconds until the next word
