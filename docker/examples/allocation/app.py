"""Three applications, and which of the four dirty workers hold them.

GET /                  the allocation as a page
GET /allocation        the same as JSON
GET /factors/NUMBER    prime factors: answered by any dirty worker
GET /primes/NUMBER     how many primes are below: by one of the two with Heavy
GET /visits            a counter: by the only one with Single
"""

import flask
from gunicorn.dirty import get_dirty_client
from gunicorn.dirty.errors import DirtyError
from limits import MAX_FACTORED, MAX_SIEVED

APPS = {"Light": "light:Light", "Heavy": "heavy:Heavy",
        "Single": "single:Single"}
CALLS = 12  # to each, to see who answers

app = flask.Flask(__name__)


def call(name, action, *args):
    return get_dirty_client().execute(APPS[name], action, *args)


def allocation():
    """{pid: {"memory": MiB, "calls": {name: how many of CALLS it answered}}}
    """
    found = {}
    for name in APPS:
        for _ in range(CALLS):
            where = call(name, "where")
            worker = found.setdefault(where["pid"], {"calls": {}})
            worker["memory"] = where["memory"]
            worker["calls"][name] = worker["calls"].get(name, 0) + 1
    return dict(sorted(found.items()))


@app.get("/")
def page():
    return flask.render_template("page.html", apps=APPS, calls=CALLS,
                                 allocation=allocation())


@app.get("/allocation")
def tell_allocation():
    return allocation()


@app.get("/factors/<int:number>")
def factors(number):
    if not 1 <= number <= MAX_FACTORED:
        return {"error": f"a number from 1 to {MAX_FACTORED}, please"}, 400
    return {"number": number, "factors": call("Light", "factors", number)}


@app.get("/primes/<int:number>")
def primes(number):
    if number > MAX_SIEVED:
        return {"error": f"a number up to {MAX_SIEVED}, please"}, 400
    return {"below": number, "primes": call("Heavy", "primes_below", number)}


@app.get("/visits")
def visits():
    return {"visit": call("Single", "visit")}


@app.errorhandler(DirtyError)
def no_answer(error):
    """No worker holds it now, the one that did has died, or it raised."""
    app.logger.error("%s\n%s", error.message,
                     error.details.get("traceback", ""))
    return {"error": error.message}, 503
