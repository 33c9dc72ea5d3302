# OpenTelemetry: the batch processor has a thread, so it begins in post_fork
# and its last spans leave in worker_exit.
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import (BatchSpanProcessor,
                                            ConsoleSpanExporter)

bind = "127.0.0.1:8000"
workers = 2
threads = 2


def post_fork(server, worker):
    server.log.info("Worker spawned (pid: %s)", worker.pid)
    provider = TracerProvider(resource=Resource.create(
        {"service.name": "shop", "worker": worker.pid}))
    provider.add_span_processor(BatchSpanProcessor(
        ConsoleSpanExporter(out=open("spans.out", "a")),
        schedule_delay_millis=60000))
    trace.set_tracer_provider(provider)


def worker_exit(server, worker):
    trace.get_tracer_provider().shutdown()
