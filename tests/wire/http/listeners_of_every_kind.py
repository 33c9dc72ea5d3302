"""The same answers over unix and abstract sockets, IPv6, several at once."""

import re
import socket

GET = b"GET /fields HTTP/1.1\r\nHost: a\r\n\r\n"


def test_unix(own_server, tmp_path):
    path = tmp_path / "s"
    s = own_server(bind=f"unix:{path}")
    assert s.address == str(path)
    a = s.connect().ask(GET)
    assert a.status == 200
    assert b"REMOTE_ADDR=\n" in a.body
    assert s.stop() == 0
    assert not path.exists()


def test_abstract(own_server, tmp_path):
    name = f"@wire{tmp_path.name}{id(tmp_path)}"
    s = own_server(bind=f"unix:{name}")
    s.address = "\0" + name[1:]
    assert s.connect().ask(GET).status == 200


def test_several_at_once(own_server, tmp_path):
    path = tmp_path / "s"
    s = own_server(bind=f"127.0.0.1:0,unix:{path}")
    assert s.connect().ask(GET).status == 200
    s.address = str(path)
    assert s.connect().ask(GET).status == 200


def test_ipv6(own_server):
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return  # a machine without it
    s = own_server(bind="[::1]:0")
    port = int(re.search(r"http://\[::1\]:(\d+)", s.log())[1])
    with socket.create_connection(("::1", port), 10) as c:
        c.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert b"REMOTE_ADDR=::1\n" in b"".join(iter(lambda: c.recv(999), b""))


def test_address_in_use(own_server):
    import subprocess

    s = own_server()
    host, port = s.address
    other = subprocess.run(
        s.process.args, cwd=s.log_path.parent, timeout=30,
        env={"GREENCORN_BIND": f"{host}:{port}"}, capture_output=True)
    assert other.returncode == 1
    assert b"in use" in other.stderr
