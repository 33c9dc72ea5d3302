import threading
import time

threading.Thread(target=time.sleep, args=(600,), daemon=True,
                 name="sleeper").start()


def wait_for_ever():
    time.sleep(600)


def app(environ, start_response):
    if environ["PATH_INFO"] == "/stuck":
        wait_for_ever()
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
