"""An embedding service: HTTP here, the model in dirty workers.

GET  /health  200 when texts can be embedded now, 503 when not
POST /embed   {"texts": ["...", ...]} -> {"embeddings": [[384 numbers], ...]}

What cannot be answered is {"errors": ["...", ...]}, with 400 for a request
that is wrong and 503 when no worker answers.
"""

from typing import Annotated

import flask
import pydantic
from gunicorn.dirty import get_dirty_client
from gunicorn.dirty.errors import DirtyError
from werkzeug.exceptions import HTTPException

EMBEDDER = "embedder:Embedder"
HEALTH_TIMEOUT = 5  # seconds

app = flask.Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 4 * 1024 * 1024


class Question(pydantic.BaseModel):
    """What may be asked for."""

    texts: Annotated[
        list[Annotated[str, pydantic.StringConstraints(max_length=10_000)]],
        pydantic.Field(min_length=1, max_length=64)]


@app.post("/embed")
def embed():
    question = Question.model_validate_json(flask.request.get_data())
    vectors = get_dirty_client().execute(EMBEDDER, "embed", question.texts)
    return {"embeddings": vectors}


@app.get("/health")
def health():
    about = get_dirty_client(HEALTH_TIMEOUT).execute(EMBEDDER, "about")
    return {"status": "ok", **about}


@app.errorhandler(pydantic.ValidationError)
def wrong_question(error):
    return {"errors": [
        ": ".join([".".join(map(str, found["loc"])) or "body", found["msg"]])
        for found in error.errors()]}, 400


@app.errorhandler(HTTPException)
def refused(error):
    return {"errors": [error.description]}, error.code


@app.errorhandler(DirtyError)
def no_answer(error):
    """Too late, too many calls at once, or an exception in the worker."""
    app.logger.error("%s: %s\n%s", EMBEDDER, error.message,
                     error.details.get("traceback", ""))
    return {"errors": ["the model gives no answer now"]}, 503
