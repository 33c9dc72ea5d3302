# A program that is its own server, with an argument, as tools embed Gunicorn.
import argparse

from gunicorn.app.base import BaseApplication


def number_of_workers():
    return 2


class Tool(BaseApplication):
    def __init__(self, make_app, options):
        self.make_app, self.options = make_app, options
        super().__init__()

    def load_config(self):
        for key, value in self.options.items():
            self.cfg.set(key, value)

    def load(self):
        return self.make_app()


def make_app(greeting):
    def app(environ, start_response):
        body = greeting.encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]
    return app


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--greeting", default="hello")
    args = parser.parse_args()

    def when_ready(server):
        server.log.info("tool is ready with %d workers", server.num_workers)

    Tool(lambda: make_app(args.greeting), {
        "workers": number_of_workers(), "accesslog": "-",
        "when_ready": when_ready, "preload_app": True}).run()


if __name__ == "__main__":
    main()
