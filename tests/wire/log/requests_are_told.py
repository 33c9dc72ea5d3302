"""The access log: a line for each answered request, in order, complete."""

import json
import re
import signal

HELLO = b"GET /hello?a=1 HTTP/1.1\r\nHost: h\r\nUser-Agent: %s\r\n\r\n"
FORMAT = '%(h)s %(u)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"'


def _lines(s, path, n):
    s.until(lambda: path.exists() and
            path.read_text().count("\n") >= n, f"{n} lines")
    return path.read_text().splitlines()


def _server(own_server, tmp_path, **settings):
    path = tmp_path / "access"
    settings.setdefault("access_log_format", FORMAT)
    return own_server(accesslog=path, **settings), path


def test_there_is_none_unless_it_is_asked_for(own_server):
    s = own_server()
    assert s.connect().ask(HELLO % b"x").status == 200
    s.stop()
    assert "GET /hello" not in s.log()


def test_the_default_line_is_gunicorns(own_server):
    s = own_server(accesslog="-")
    c = s.connect()
    assert c.ask(HELLO % b"agent").status == 200
    s.wait_log(r'\n127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d '
               r'\+0000\] "GET /hello\?a=1 HTTP/1\.1" 200 6 "-" "agent"\n')


def test_status_and_size_are_what_was_sent(own_server, tmp_path):
    s, path = _server(own_server, tmp_path,
                      access_log_format="%(m)s %(U)s %(s)s %(B)s")
    c = s.connect()
    c.ask(b"HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n", head_only=True)
    c.ask(b"GET /stream?3 HTTP/1.1\r\nHost: h\r\n\r\n")
    c.ask(b"GET /status?304 HTTP/1.1\r\nHost: h\r\n\r\n")
    c.ask(b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd")
    assert _lines(s, path, 4) == [
        "HEAD /hello 200 0", "GET /stream 200 3000",
        "GET /status 304 0", "POST /echo 200 4"]


def test_variables_are_what_the_application_left(own_server, tmp_path):
    s, path = _server(own_server, tmp_path, access_log_format=(
        "%({REMOTE_USER}e)s %({remote_addr}e)s %({APP.Tenant}e)s "
        "%({HTTP_HOST}e)s %({no}e)s"))
    c = s.connect()
    c.ask(b"GET /middleware HTTP/1.1\r\nHost: h\r\n\r\n")
    c.ask(b"GET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
    c.ask(b"GET /stream?x HTTP/1.1\r\nHost: h\r\n\r\n")
    assert _lines(s, path, 3) == [
        r"jos\xc3\xa9 192.0.2.1 7 h -", "- 127.0.0.1 - h -",
        "- 127.0.0.1 - h -"]


def test_variables_are_there_also_when_it_fails(own_server, tmp_path):
    s, path = _server(own_server, tmp_path, access_log_format=(
        "%({SCRIPT_NAME}e)s|%({wsgi.multiprocess}e)s|%({a}e)s"))
    c = s.connect()
    assert c.ask(b"GET /sleep?x HTTP/1.1\r\nHost: h\r\n\r\n").status == 500
    assert _lines(s, path, 1) == ["|False|-"]
    s.wait_log("ValueError: could not convert string to float: 'x'")


def test_the_logger_gunicorn_access_is_this_log(own_server, tmp_path):
    s, path = _server(own_server, tmp_path, access_log_format="%(U)s")
    c = s.connect()
    c.ask(b"GET /says?one%20more HTTP/1.1\r\nHost: h\r\n\r\n")
    assert sorted(_lines(s, path, 2)) == ["/says", 'said "one%20more"']
    assert "said" not in s.log()


def test_a_failing_application_has_its_500(own_server, tmp_path):
    s, path = _server(own_server, tmp_path, access_log_format="%(s)s %(U)s")
    assert s.connect().ask(
        b"GET /stream?x HTTP/1.1\r\nHost: h\r\n\r\n").status == 500
    assert _lines(s, path, 1) == ["500 /stream"]


def test_a_head_that_is_none_is_the_error_logs(own_server, tmp_path):
    """As in Gunicorn: no request, no line; a warning names the peer."""
    s, path = _server(own_server, tmp_path)
    assert s.connect().ask(b"GET / HTTP/1.1\r\nBad Name: x\r\n\r\n").status \
        == 400
    s.wait_log(r"\[WARNING\] Invalid request from ip=127\.0\.0\.1: ")
    assert s.connect().ask(HELLO % b"x").status == 200
    assert len(_lines(s, path, 1)) == 1


def test_what_a_peer_sends_cannot_make_a_line(own_server, tmp_path):
    s, path = _server(own_server, tmp_path, access_log_format='"%(a)s" %(U)s')
    c = s.connect()
    c.ask(b"GET /hello%0A%22evil HTTP/1.1\r\nHost: h\r\n"
          b"User-Agent: a\"b\\c\td\xe9\r\n\r\n")
    assert _lines(s, path, 1) == [
        r'"a\"b\\c\x09d\xe9" /hello\x0a\"evil']


def test_fields_of_request_and_answer(own_server, tmp_path):
    s, path = _server(own_server, tmp_path, access_log_format=(
        "%({X-Id}i)s %({content-type}o)s %({x-none}o)s "
        "%({SERVER_PROTOCOL}e)s"))
    s.connect().ask(b"GET /hello HTTP/1.1\r\nHost: h\r\nX-Id: 7\r\n\r\n")
    assert _lines(s, path, 1) == ["7 text/plain - HTTP/1.1"]


def test_the_time_spent_is_the_applications(own_server, tmp_path):
    s, path = _server(own_server, tmp_path,
                      access_log_format="%(T)s %(M)s %(D)s %(L)s")
    s.connect().ask(b"GET /sleep?0.3 HTTP/1.1\r\nHost: h\r\n\r\n")
    t, m, d, l = _lines(s, path, 1)[0].split()
    assert t == "0" and 290 <= int(m) < 2000
    assert 290_000 <= int(d) < 2_000_000 and int(d) // 1000 == int(m)
    assert l == f"0.{int(d):06d}"


def test_json_lines(own_server, tmp_path):
    s, path = _server(own_server, tmp_path, log_format="json",
                      access_log_format="%(h)s %(r)s %(s)s %({X}i)s %(M)s")
    s.connect().ask(b"GET /hello HTTP/1.1\r\nHost: h\r\nX: a\"b\r\n\r\n")
    line = json.loads(_lines(s, path, 1)[0])
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
                    line.pop("timestamp"))
    assert line.pop("duration_ms") < 1000
    assert line == {
        "severity_text": "INFO", "severity_number": 9,
        "event_name": "ACCESS", "client.address": "127.0.0.1",
        "http.request.line": "GET /hello HTTP/1.1",
        "http.response.status_code": 200, "http.request.header.x": 'a"b'}


def test_the_file_is_made_anew_on_usr1(own_server, tmp_path):
    s, path = _server(own_server, tmp_path, access_log_format="%(a)s")
    c = s.connect()
    c.ask(HELLO % b"one")
    _lines(s, path, 1)
    path.rename(tmp_path / "moved")
    s.kill(signal.SIGUSR1)
    s.until(path.exists, "a new file")
    c.ask(HELLO % b"two")
    assert _lines(s, path, 1) == ["two"]
    assert (tmp_path / "moved").read_text() == "one\n"


def test_a_stop_writes_what_waits(own_server, tmp_path):
    s, path = _server(own_server, tmp_path, access_log_format="%(a)s")
    c = s.connect()
    for i in range(50):
        c.ask(HELLO % str(i).encode())
    assert s.stop() == 0
    assert path.read_text().split() == [str(i) for i in range(50)]


def test_a_full_disk_loses_lines_only(own_server):
    s = own_server(accesslog="/dev/full")
    c = s.connect()
    assert c.ask(HELLO % b"x").status == 200
    s.wait_log(r"\[ERROR\] Cannot write to the access log: No space left")
    s.wait_log(r"\[WARNING\] 1 lines of the access log were lost")
    assert c.ask(HELLO % b"x").status == 200


def test_a_child_of_the_application_tells_nothing_twice(own_server, tmp_path):
    s, path = _server(own_server, tmp_path, access_log_format="%(U)s")
    c = s.connect()
    c.ask(HELLO % b"x")
    c.ask(b"GET /fork?0.2 HTTP/1.1\r\nHost: h\r\n\r\n")
    c.ask(b"GET /fork?returns HTTP/1.1\r\nHost: h\r\n\r\n")
    c.ask(HELLO % b"x")
    assert s.stop() == 0
    assert path.read_text().split() == ["/hello", "/fork", "/fork", "/hello"]


def test_a_client_that_leaves_has_a_line(own_server, tmp_path):
    s, path = _server(own_server, tmp_path, access_log_format="%(U)s %(s)s")
    c = s.connect()
    c.send(b"GET /stream?1000000 HTTP/1.1\r\nHost: h\r\n\r\n")
    c.answer(head_only=True)
    c.reset()
    assert _lines(s, path, 1) == ["/stream 200"]


def test_threads_write_whole_lines(own_server, tmp_path):
    s, path = _server(own_server, tmp_path, access_log_format="%(a)s")
    agents = [b"%d-" % i + b"a" * (i * 37 % 900) for i in range(200)]
    for _ in range(4):
        clients = [s.connect() for _ in range(10)]
        for i, agent in enumerate(agents):
            clients[i % 10].ask(HELLO % agent)
        for c in clients:
            c.close()
    lines = _lines(s, path, 800)
    assert sorted(lines) == sorted([a.decode() for a in agents] * 4)
