"""Settings that say what a request may look like and who is believed."""

import socket

APP = """
def app(environ, start_response):
    body = "|".join([environ["REQUEST_METHOD"], environ["wsgi.url_scheme"],
                     environ.get("HTTP_A_B", "")]).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


def _ask(server, head):
    with socket.create_connection(("127.0.0.1", server.port), 10) as c:
        c.sendall(head + b"Host: a\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := c.recv(65536):
            answer += part
    return answer


def _body(server, head):
    answer = _ask(server, head)
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    return answer.split(b"\r\n\r\n", 1)[1].decode()


FORWARDED = b"GET / HTTP/1.1\r\nX-Forwarded-Proto: https\r\n"


def test_this_machine_is_a_trusted_proxy_by_default(serve):
    assert _body(serve(app=APP), FORWARDED) == "GET|https|"


def test_a_proxy_that_is_not_named_is_not_believed(serve):
    s = serve(app=APP, forwarded_allow_ips="10.0.0.0/8")
    assert _body(s, FORWARDED) == "GET|http|"


def test_everybody_is_believed_when_asked_for(serve):
    s = serve(app=APP, env={"FORWARDED_ALLOW_IPS": "*"})
    assert _body(s, FORWARDED) == "GET|https|"


def test_the_field_that_means_https_is_set(serve):
    s = serve(app=APP, conf="secure_scheme_headers = {'X-TLS': 'yes'}\n")
    assert _body(s, b"GET / HTTP/1.1\r\nX-TLS: yes\r\n") == "GET|https|"
    assert _body(s, FORWARDED) == "GET|http|"


def test_fields_with_an_underscore(serve):
    head = b"GET / HTTP/1.1\r\nA_B: x\r\n"
    assert _body(serve(app=APP), head) == "GET|http|"
    assert _body(serve(app=APP, header_map="dangerous"), head) == "GET|http|x"
    refused = _ask(serve(app=APP, header_map="refuse"), head)
    assert refused.startswith(b"HTTP/1.1 400 ")


def test_methods(serve):
    head = b"gEt / HTTP/1.1\r\n"
    assert _ask(serve(app=APP), head).startswith(b"HTTP/1.1 400 ")
    s = serve(app=APP, permit_unconventional_http_method="yes",
              casefold_http_method="1")
    assert _body(s, head) == "GET|http|"
