# A tracer that patches what the application will import, and has to do so in
# each worker, after the fork and before the application is loaded; as those
# of ddtrace, New Relic and Elastic are set up.
import http.client
import os

raw_env = ["TRACE_SERVICE=shop", "TRACE_ENV=test"]
preload_app = False


def post_fork(server, worker):
    original = http.client.HTTPConnection.request

    def traced(self, method, url, *args, headers={}, **kwargs):
        headers = dict(headers, **{
            "x-trace": f"{os.environ['TRACE_SERVICE']}-{os.getpid()}"})
        worker.log.debug("traced %s %s", method, url)
        return original(self, method, url, *args, headers=headers, **kwargs)

    http.client.HTTPConnection.request = traced


def pre_request(worker, req):
    req.trace = dict(req.headers).get("X-TRACE", "none")


def post_request(worker, req, environ, resp):
    worker.log.info("trace=%s %s -> %s", req.trace, req.path,
                    resp.status_code)
