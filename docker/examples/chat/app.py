"""A chat whose answers are streamed: words from a dirty worker, sent to the
browser as server-sent events.

GET /                 a page to chat with
GET /chat?message=... events: `word` for each word, then `end`, or `failed`

    curl -N 'http://localhost:8000/chat?message=What+is+a+generator?'
"""

import json

import flask
from gunicorn.dirty import get_dirty_client
from gunicorn.dirty.errors import DirtyError

CHAT = "chat:Chat"
MAX_CHARACTERS = 1000

app = flask.Flask(__name__)


@app.get("/")
def page():
    return app.send_static_file("chat.html")


@app.get("/chat")
def chat():
    message = flask.request.args.get("message", "").strip()
    if not message:
        return {"error": "message is missing"}, 400
    if len(message) > MAX_CHARACTERS:
        return {"error": f"message: {MAX_CHARACTERS} characters at most"}, 400
    return flask.Response(events(message), mimetype="text/event-stream",
                          headers={"Cache-Control": "no-store"})


def events(message):
    """Yields the answer's events.

    When the browser leaves, the server closes this generator; `with` closes
    the stream, and that ends the generator in the dirty worker.
    """
    with get_dirty_client().stream(CHAT, "reply", message) as words:
        try:
            for word in words:
                yield event("word", word)
            yield event("end", "")
        except DirtyError as error:
            app.logger.error("%s: %s\n%s", CHAT, error.message,
                             error.details.get("traceback", ""))
            yield event("failed", "The model gives no answer now.")


def event(name, data):
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


@app.after_request
def only_own_content(response):
    response.headers["Content-Security-Policy"] = "default-src 'self'; " \
        "frame-ancestors 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
