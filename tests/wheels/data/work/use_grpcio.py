"""A server and its client: one call, a stream, an error."""
from concurrent import futures

import grpc


def double(request, context):
    if not request:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "nothing to double")
    return request * 2


def repeat(request, context):
    for i in range(5):
        yield request + b"%d" % i


handlers = grpc.method_handlers_generic_handler("corn.Field", {
    "Double": grpc.unary_unary_rpc_method_handler(double),
    "Repeat": grpc.unary_stream_rpc_method_handler(repeat),
})
server = grpc.server(futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers((handlers,))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
    call = channel.unary_unary("/corn.Field/Double")
    assert call(b"ab", timeout=20) == b"abab"
    assert len(call(b"x" * 1000000, timeout=20)) == 2000000
    stream = channel.unary_stream("/corn.Field/Repeat")(b"r", timeout=20)
    assert list(stream) == [b"r0", b"r1", b"r2", b"r3", b"r4"]
    try:
        call(b"", timeout=20)
    except grpc.RpcError as e:
        assert e.code() is grpc.StatusCode.INVALID_ARGUMENT, e
    else:
        raise AssertionError("no error came over")
server.stop(1).wait(10)
