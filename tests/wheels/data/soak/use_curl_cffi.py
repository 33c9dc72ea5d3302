"""A request by libcurl to a server in a thread."""
import http.server
import threading

from curl_cffi import requests


class Shout(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.upper())

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Shout)
threading.Thread(target=server.serve_forever, daemon=True).start()
answer = requests.post(f"http://127.0.0.1:{server.server_port}/",
                       data=b"corn", timeout=20)
assert (answer.status_code, answer.content) == (200, b"CORN")
server.shutdown()
