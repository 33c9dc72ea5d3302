"""Settings, with Gunicorn's names."""

wsgi_app = "app:app"
workers = 1
worker_class = "gthread"
threads = 8

dirty_workers = 4
dirty_apps = [
    "light:Light",      # all four
    "heavy:Heavy",      # two, as its attribute `workers` says
    "single:Single:1",  # one: a number here goes before the attribute
]
