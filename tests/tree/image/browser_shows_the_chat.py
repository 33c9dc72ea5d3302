"""The page of docker/examples/chat in a real browser, without a window.

In the long version only (make soak): the browser is the largest package that
any test wants.
"""

import itertools
import json
import os
import select
import shutil
import subprocess
import time

import pytest

ANSWER = "document.querySelector('#talk .model:last-child')"
WORDS = f"{ANSWER}.textContent.trim().split(' ').length"


class Browser:
    """Chromium, told what to do in its DevTools protocol over two pipes:
    JSON texts with a zero byte after each."""

    def __init__(self, folder):
        program = shutil.which("chromium")
        assert program, "no chromium here: run scripts/install-tools soak"
        theirs, self.commands = os.pipe()
        self.answers, ours = os.pipe()
        # It reads from 3 and writes to 4.
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$0" "$@" 3<&{theirs} 4>&{ours}', program,
             "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-proxy-server",
             f"--user-data-dir={folder}", "--remote-debugging-pipe",
             "about:blank"], pass_fds=(theirs, ours),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(theirs)
        os.close(ours)
        self.ids = itertools.count(1)
        self.read = b""
        self.session = None

    def _message(self, end):
        while b"\0" not in self.read:
            ready, _, _ = select.select([self.answers], [], [],
                                        max(0, end - time.monotonic()))
            part = os.read(self.answers, 65536) if ready else b""
            assert part, "the browser says nothing"
            self.read += part
        text, _, self.read = self.read.partition(b"\0")
        return json.loads(text)

    def call(self, method, timeout=60, **params):
        """What the method returns; events that come meanwhile are skipped."""
        wanted = next(self.ids)
        command = {"id": wanted, "method": method, "params": params}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.commands, json.dumps(command).encode() + b"\0")
        end = time.monotonic() + timeout
        while True:
            message = self._message(end)
            if message.get("id") == wanted:
                assert "error" not in message, message
                return message["result"]

    def open(self, url):
        target = self.call("Target.createTarget", url=url)["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]

    def run(self, script):
        """The value of a JavaScript expression in the page."""
        done = self.call("Runtime.evaluate", expression=script,
                         returnByValue=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def close(self):
        os.close(self.commands)  # that ends it
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self.answers)


@pytest.fixture(scope="module")
def chat(module_container, build_example):
    c = module_container(build_example("chat"), ports=[8000])
    c.wait_log("Ready:")
    return c


@pytest.fixture
def page(chat, tmp_path, wait_until):
    browser = Browser(tmp_path)
    try:
        browser.open(chat.url(8000))
        wait_until(lambda: browser.run(
            "document.readyState === 'complete' && !!document.forms.ask"),
            "the page")
        yield browser
    finally:
        browser.close()


def ask(page, question):
    page.run("document.forms.ask.message.value = "
             f"{json.dumps(question)}; document.forms.ask.requestSubmit()")


def test_an_answer_grows(page, wait_until):
    ask(page, "What is a generator?")
    wait_until(lambda: page.run(WORDS) > 5, "some words")
    assert page.run(f"{ANSWER}.classList.contains('open')")
    wait_until(lambda: page.run("stop.hidden"), "the end")
    assert page.run(WORDS) == 120
    assert page.run(f"{ANSWER}.className") == "model"
    assert page.run("document.querySelector('#talk .you').textContent") == \
        "What is a generator?"


def test_stop_ends_the_generator(chat, page, wait_until):
    before = chat.logs().count("cancelled after")
    ask(page, "How do I raise an exception?")
    wait_until(lambda: page.run(WORDS) > 5, "some words")
    page.run("stop.click()")
    chat.wait_log("cancelled after", count=before + 1)
    assert 5 < page.run(WORDS) < 120
    assert page.run("!send.hidden && stop.hidden")
    ask(page, "And a function?")
    wait_until(lambda: page.run("stop.hidden"), "the end")
    assert page.run(WORDS) == 120


def test_its_style_and_scripts_are_allowed(page):
    """The policy that the service sends holds nothing of its own back."""
    assert page.run("getComputedStyle(document.body).backgroundColor") != \
        "rgba(0, 0, 0, 0)"


def test_a_server_that_goes_is_said(chat, page, wait_until):
    ask(page, "What is a class?")
    wait_until(lambda: page.run(WORDS) > 5, "some words")
    chat.kill("KILL")
    wait_until(lambda: page.run(f"{ANSWER}.className") == "model failed",
               "the failure")
    assert page.run(f"{ANSWER}.textContent").endswith(
        "The connection was lost.")
