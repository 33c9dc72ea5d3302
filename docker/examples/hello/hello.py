"""A small real application: Flask answers, pydantic checks, numpy computes.

GET /           a page with a form
POST /          the same page with the answer to what was typed
POST /api/stats {"numbers": [...]} -> statistics as JSON, or 422 and why not
GET /api/about  what serves this, as JSON
"""

import os
import platform
import socket
from typing import Annotated

import flask
import numpy
import pydantic

BINS = 12
EXAMPLE = "3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9"

app = flask.Flask(__name__)
app.json.sort_keys = False


class Question(pydantic.BaseModel):
    """What may be asked: up to a thousand finite numbers."""

    model_config = pydantic.ConfigDict(extra="forbid")
    numbers: Annotated[list[pydantic.FiniteFloat],
                       pydantic.Field(min_length=1, max_length=1000)]


class Bin(pydantic.BaseModel):
    low: float
    high: float
    count: int


class Answer(pydantic.BaseModel):
    count: int
    sum: float
    mean: float
    median: float
    deviation: float
    smallest: float
    largest: float
    histogram: list[Bin]


def compute(question):
    values = numpy.array(question.numbers, dtype=numpy.float64)
    with numpy.errstate(over="ignore", invalid="ignore"):
        deviation = values.std()
        total = values.sum()
        mean = values.mean()
    if not numpy.isfinite([deviation, total, mean]).all():
        raise ValueError("these numbers are too large to be added up")
    counts, edges = numpy.histogram(values, bins=min(BINS, values.size))
    return Answer(
        count=values.size, sum=total, mean=mean,
        median=numpy.median(values), deviation=deviation,
        smallest=values.min(), largest=values.max(),
        histogram=[Bin(low=low, high=high, count=count) for low, high, count
                   in zip(edges[:-1], edges[1:], counts)])


def greencorn_version():
    try:
        import greencorn
        return greencorn.__version__
    except (ImportError, AttributeError):
        return flask.request.environ.get("SERVER_SOFTWARE", "unknown")


def about():
    return {
        "greencorn": greencorn_version(),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "pydantic": pydantic.VERSION,
        "pid": os.getpid(),
        "uid": os.getuid(),
        "hostname": socket.gethostname(),
        "read_only": bool(os.statvfs("/").f_flag & os.ST_RDONLY),
    }


def problems(error):
    """What pydantic found, one line each, for people and programs alike."""
    return [{"where": ".".join(str(step) for step in found["loc"]),
             "what": found["msg"]} for found in error.errors()]


def page(text, status=200, answer=None, wrong=()):
    tallest = max((b.count for b in answer.histogram), default=1) \
        if answer else 1
    html = flask.render_template("page.html", about=about(), text=text,
                                 answer=answer, wrong=wrong, tallest=tallest)
    return html, status


@app.get("/")
def show():
    return page(EXAMPLE)


@app.post("/")
def show_answer():
    text = flask.request.form.get("numbers", "")
    words = text.replace(",", " ").replace(";", " ").split()
    try:
        return page(text, answer=compute(Question(numbers=words)))
    except pydantic.ValidationError as e:
        return page(text, 422, wrong=problems(e))
    except ValueError as e:
        return page(text, 422, wrong=[{"where": "numbers", "what": str(e)}])


@app.post("/api/stats")
def stats():
    try:
        question = Question.model_validate_json(flask.request.get_data())
        return compute(question).model_dump()
    except pydantic.ValidationError as e:
        return {"problems": problems(e)}, 422
    except ValueError as e:
        return {"problems": [{"where": "numbers", "what": str(e)}]}, 422


@app.get("/api/about")
def tell_about():
    return about()


@app.after_request
def only_own_content(response):
    response.headers["Content-Security-Policy"] = "default-src 'self'; " \
        "style-src 'self'; form-action 'self'; frame-ancestors 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
