"""Spans kept in memory, and a counter."""
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import \
    InMemorySpanExporter

kept = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
tracer = provider.get_tracer("field")
with tracer.start_as_current_span("outer"):
    with tracer.start_as_current_span("inner") as span:
        span.set_attribute("grains", 300)
inner, outer = kept.get_finished_spans()
assert inner.parent.span_id == outer.context.span_id
reader = InMemoryMetricReader()
meter = MeterProvider([reader]).get_meter("field")
meter.create_counter("cobs").add(3)
assert "cobs" in reader.get_metrics_data().to_json()
provider.shutdown()
