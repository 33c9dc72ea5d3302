"""greencorn behind a real nginx and a real HAProxy.

    def test_it(proxy):
        assert proxy.connect().ask(b"GET / HTTP/1.1...").status == 200
        proxy.check()   # the proxy's log and the application's agree

proxy is each of them, as it comes ("nginx", "haproxy") and told to let pass
what it would refuse ("nginx-lax", "haproxy-lax"). These keep connections to
the server; "nginx-1.0" speaks HTTP/1.0 to it, as nginx does unless told, over
a unix socket, and "nginx-uwsgi" uwsgi. Each gives every request that it
forwards an id, which is in its access log, in the request and in the answer.

front is what says who the client is: HAProxy by both versions of the PROXY
protocol ("haproxy-v1", "haproxy-v2"), nginx as a proxy of streams, by the
first ("nginx-stream"), and in uwsgi's variables.
"""

import contextlib
import getpass
import importlib.util
import json
import pathlib
import re
import shutil
import socket
import subprocess
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location(
    "wire", HERE.parent / "wire/conftest.py")
wire = importlib.util.module_from_spec(spec)
spec.loader.exec_module(wire)

FILE_LEN = 100_000_000
GET = b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n"

# The user is ours: pytest closes its folder to others whenever it starts.
NGINX = """
user {user};
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error;
events {{ worker_connections 500; }}
http {{
    log_format seen escape=json '{{"id": "$request_id", '
        '"method": "$request_method", "uri": "$request_uri", '
        '"server": "$upstream_addr", "status": "$upstream_status"}}';
    access_log {folder}/access seen;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u;
    scgi_temp_path {folder}/s;
    client_max_body_size 0;
    {lax}
    upstream app {{ server {server}; keepalive 8; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            {passing}
            add_header X-Proxy-Id $request_id always;
            {streaming}
        }}
    }}
}}
"""
NGINX_HTTP = """
            proxy_pass http://app;
            proxy_set_header Host $http_host;
            proxy_set_header X-Id $request_id;
            proxy_set_header X-Forwarded-Proto https;
"""
# As nginx's own uwsgi_params, and what the tests need.
NGINX_UWSGI = """
            uwsgi_pass uwsgi://app;
            uwsgi_param QUERY_STRING $query_string;
            uwsgi_param REQUEST_METHOD $request_method;
            uwsgi_param CONTENT_TYPE $content_type;
            uwsgi_param CONTENT_LENGTH $content_length;
            uwsgi_param REQUEST_URI $request_uri;
            uwsgi_param PATH_INFO $document_uri;
            uwsgi_param DOCUMENT_ROOT $document_root;
            uwsgi_param SERVER_PROTOCOL $server_protocol;
            uwsgi_param REQUEST_SCHEME $scheme;
            uwsgi_param HTTPS on;
            uwsgi_param REMOTE_ADDR $remote_addr;
            uwsgi_param REMOTE_PORT $remote_port;
            uwsgi_param SERVER_PORT $server_port;
            uwsgi_param SERVER_NAME $server_name;
            uwsgi_param HTTP_X_ID $request_id;
"""
NGINX_STREAM = """
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
user {user};
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error;
events {{ worker_connections 500; }}
stream {{
    server {{
        listen 127.0.0.1:{port};
        proxy_pass {server};
        proxy_protocol on;
    }}
}}
"""
NGINX_LAX = """
    underscores_in_headers on;
    ignore_invalid_headers off;
    merge_slashes off;
"""
NGINX_1_1 = """
            proxy_http_version 1.1;
            proxy_set_header Connection "";
"""
PASSING = {"1.0": NGINX_HTTP, "uwsgi": NGINX_UWSGI}
STREAMING = """
            proxy_request_buffering off;
            proxy_buffering off;
"""
HAPROXY = """
global
    # One thread: several drop lines of a log that another is writing to.
    nbthread 1
    log stdout format raw local0
defaults
    mode http
    log global
    timeout connect 5s
    timeout client 20s
    timeout server 20s
    http-reuse always
    option http-buffer-request
    {lax}
frontend clients
    bind 127.0.0.1:{port}
    unique-id-format %[uuid()]
    unique-id-header X-Id
    http-request set-header X-Forwarded-Proto https
    http-response set-header X-Proxy-Id %[unique-id]
    log-format '{{"id": "%ID", "method": "%HM", "uri": "%{{+E}}HU", "server": "%s", "status": "%ST", "end": "%ts"}}'
    default_backend app
backend app
    server app {server} {proxy}
"""
HAPROXY_LAX = """
    option accept-invalid-http-request
    option accept-invalid-http-response
"""


def tool(name):
    path = shutil.which(name, path="/usr/sbin:/sbin:/usr/bin:/bin:"
                        "/usr/local/sbin:/usr/local/bin")
    assert path, f"no {name} on this machine: run scripts/install-tools test"
    return path


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def upstream(address):
    return f"unix:{address}" if isinstance(address, str) else "%s:%d" % address


class Proxy:
    def __init__(self, name, folder, server):
        self.name, self.folder, self.server = name, folder, server
        self.address = ("127.0.0.1", free_port())
        self.seen_path = server.seen_path
        kind, _, form = name.partition("-")
        lax = form == "lax"
        settings = {"folder": folder, "port": self.address[1],
                    "user": getpass.getuser(),
                    "server": upstream(server.address)}
        out = open(folder / "out", "wb")
        if name == "nginx-stream":
            config = NGINX_STREAM.format(**settings)
            command = [tool("nginx"), "-p", folder, "-e", folder / "error",
                       "-c", folder / "config"]
        elif kind == "nginx":
            self.log_path = folder / "access"
            config = NGINX.format(
                lax=NGINX_LAX if lax else "",
                streaming=STREAMING if lax else "",
                passing=PASSING.get(form, NGINX_HTTP + NGINX_1_1),
                **settings)
            command = [tool("nginx"), "-p", folder, "-e", folder / "error",
                       "-c", folder / "config"]
        else:
            self.log_path = folder / "out"
            config = HAPROXY.format(
                lax=HAPROXY_LAX if lax else "",
                proxy={"v1": "send-proxy", "v2": "send-proxy-v2"}.get(
                    form, ""), **settings)
            command = [tool("haproxy"), "-db", "-f", folder / "config"]
        (folder / "config").write_text(config)
        self.process = subprocess.Popen(command, stdout=out, stderr=out,
                                        stdin=subprocess.DEVNULL)
        self.until(self.answers, "listening")

    def answers(self):
        assert self.process.poll() is None, (self.folder / "out").read_text()
        try:
            self.connect().close()
        except ConnectionRefusedError:
            return False
        return True

    def until(self, condition, what):
        end = time.monotonic() + wire.DEADLINE
        while not condition():
            assert time.monotonic() < end, f"{self.name}: never {what}"
            time.sleep(0.01)

    def connect(self, source=None):
        return wire.Connection(self.address, source)

    def ask(self, uri=b"/"):
        return self.connect().ask(GET % uri)

    def forwarded(self):
        """{id: what the access log says} of what went to the server."""
        found = {}
        for line in self.log_path.read_text(errors="replace").splitlines():
            if not line.startswith('{"id"'):
                continue
            entry = json.loads(line)
            if self.name.startswith("haproxy"):  # "#" and two digits
                entry["uri"] = re.sub(
                    "#([0-9A-F]{2})", lambda m: chr(int(m[1], 16)),
                    entry["uri"])
            if entry["server"] not in ("", "-", "<NOSRV>"):
                found[entry["id"]] = entry
        return found

    def check(self):
        """What was forwarded is what the application saw, each once."""
        assert self.ask(b"/last").status == 200
        seen = self.server.seen()
        ids = [s["id"] for s in seen]
        assert len(ids) == len(set(ids)), "a request was seen twice"
        self.until(lambda: set(ids) <= set(self.forwarded()),
                   f"forwarded: {set(ids) - set(self.forwarded())}")
        forwarded = self.forwarded()
        for s in seen:
            f = forwarded[s["id"]]
            assert (s["method"], s["uri"]) == (f["method"], f["uri"])
        for f in forwarded.values():
            assert f["id"] in ids or f["status"][0] != "2", f"not seen: {f}"
        return seen

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(wire.DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Server(wire.Server):
    def __init__(self, folder, settings):
        self.seen_path = folder / "seen"
        self.seen_path.touch()
        self.file_path = folder / "file"
        with open(self.file_path, "wb") as f:
            f.truncate(FILE_LEN)
        super().__init__(folder, {
            "app": "_proxy_app:app", "keepalive": "30", "workers": 2,
            "pythonpath": HERE, **settings,
            "raw_env": json.dumps([f"SEEN={self.seen_path}",
                                   f"FILE={self.file_path}"])})

    def seen(self):
        return [json.loads(line)
                for line in self.seen_path.read_text().splitlines()]


PROXIES = ["nginx", "nginx-1.0", "nginx-lax", "nginx-uwsgi", "haproxy",
           "haproxy-lax"]
FRONTS = ["nginx-stream", "nginx-uwsgi", "haproxy-v1", "haproxy-v2"]
SETTINGS = {
    "nginx-uwsgi": {"protocol": "uwsgi"},
    "nginx-stream": {"proxy_protocol": "v1"},
    "haproxy-v1": {"proxy_protocol": "auto"},
    "haproxy-v2": {"proxy_protocol": "v2"},
}


def with_classes(names):
    return [(name, worker_class) for name in names
            for worker_class in wire.CLASSES]


@contextlib.contextmanager
def running(name, worker_class, folders):
    folder = folders.mktemp("server")
    server = Server(folder, {
        **({"bind": f"unix:{folder}/s"} if name == "nginx-1.0" else {}),
        **SETTINGS.get(name, {}), **wire.CLASSES[worker_class]})
    p = None
    try:
        p = Proxy(name, folders.mktemp("proxy"), server)
        yield p
    finally:
        if p is not None:
            p.stop()
        status = server.stop()
    assert status == 0, server.log()


@pytest.fixture(scope="module", params=with_classes(PROXIES), ids="-".join)
def proxy(request, tmp_path_factory):
    with running(*request.param, tmp_path_factory) as p:
        yield p


@pytest.fixture(scope="module", params=with_classes(FRONTS), ids="-".join)
def front(request, tmp_path_factory):
    with running(*request.param, tmp_path_factory) as p:
        yield p
