"""The example within 64 MiB."""

import json
import urllib.request


def test_example_within_64_mib(container, hello_image):
    c = container(hello_image, "hello:app", ports=[8000],
                  options=["--memory=64m", "--memory-swap=64m"],
                  env={"WEB_CONCURRENCY": "1"})
    c.wait_log("Ready:")
    body = json.dumps({"numbers": list(range(1000))}).encode()
    for _ in range(200):
        request = urllib.request.Request(
            c.url(8000, "/api/stats"), body,
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
    assert c.running and not c.inspect()["State"]["OOMKilled"]
    c.kill("TERM")
    assert c.wait() == 0
