"""python -m gunicorn: the server, with the rest of the command line."""

from gunicorn.app.wsgiapp import run

if __name__ == "__main__":
    run(prog="gunicorn")
