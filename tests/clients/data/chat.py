"""Flask-Sock's application: a WebSocket, and a page beside it."""

from flask import Flask
from flask_sock import Sock

app = Flask(__name__)
sock = Sock(app)


@app.get("/")
def page():
    return "a page"


@sock.route("/chat")
def chat(ws):
    while (text := ws.receive()) != "bye":
        ws.send(text.upper())
