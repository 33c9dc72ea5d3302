"""An application with a blueprint, a session and a template."""
import flask

pages = flask.Blueprint("pages", __name__)


@pages.post("/hello/<name>")
def hello(name):
    seen = flask.session["seen"] = flask.session.get("seen", 0) + 1
    return flask.render_template_string(
        "{{ name }} {{ seen }} {{ word }}", name=name, seen=seen,
        word=flask.request.form["word"])


app = flask.Flask(__name__)
app.secret_key = "not secret"
app.register_blueprint(pages)
client = app.test_client()
client.post("/hello/<b>", data={"word": "ä"})
answer = client.post("/hello/<b>", data={"word": "ä"})
assert answer.get_data(as_text=True) == "&lt;b&gt; 2 ä", answer.data
assert client.get("/nothing").status_code == 404
