"""What callers and the dirty arbiter say to each other.

Two formats: that of Gunicorn 25.0 (four bytes of length, then JSON) and that
of later versions (sixteen bytes of head, then typed values, so that bytes
travel as they are). Messages are dicts in both.
"""

import json
import struct

from .errors import DirtyError, DirtyProtocolError

try:
    import _greencorn_dirty as _in_c  # the same as here, faster
except ImportError:
    _in_c = None

MAX_MESSAGE_SIZE = 64 * 1024 * 1024
MAX_ITEMS = 1024 * 1024
MAX_DEPTH = 64

MAGIC = b"GD"
VERSION = 1
HEADER_FORMAT = ">2sBBIQ"
HEADER_SIZE = 16
JSON_HEADER_SIZE = 4

MSG_TYPE_FROM_STR = {"request": 1, "response": 2, "error": 3, "chunk": 4,
                     "end": 5, "stash": 0x10, "status": 0x11, "manage": 0x12}
MSG_TYPE_TO_STR = {number: name for name, number in MSG_TYPE_FROM_STR.items()}
for _name, _number in MSG_TYPE_FROM_STR.items():
    globals()[f"MSG_TYPE_{_name.upper()}"] = _number
    globals()[f"MSG_TYPE_{_name.upper()}_STR"] = _name

(STASH_OP_PUT, STASH_OP_GET, STASH_OP_DELETE, STASH_OP_KEYS, STASH_OP_CLEAR,
 STASH_OP_INFO, STASH_OP_ENSURE, STASH_OP_DELETE_TABLE, STASH_OP_TABLES,
 STASH_OP_EXISTS) = range(1, 11)
MANAGE_OP_ADD, MANAGE_OP_REMOVE = 1, 2

_head = struct.Struct(HEADER_FORMAT)
_u32 = struct.Struct(">I")
_tagged_u32 = struct.Struct(">BI")
_tagged_i64 = struct.Struct(">Bq")
_tagged_f64 = struct.Struct(">Bd")
_i64 = struct.Struct(">q")
_f64 = struct.Struct(">d")


# --- typed values

def _put(value, out, depth):
    kind = type(value)
    if kind is str:
        data = value.encode()
        out.append(_tagged_u32.pack(0x11, len(data)))
        out.append(data)
    elif value is None:
        out.append(b"\0")
    elif kind is bool:
        out.append(b"\1\1" if value else b"\1\0")
    elif kind is int:
        try:
            out.append(_tagged_i64.pack(0x05, value))
        except struct.error:
            raise DirtyProtocolError(
                f"Integer out of range: {value} needs more than 64 bits"
            ) from None
    elif kind is float:
        out.append(_tagged_f64.pack(0x06, value))
    elif kind is dict or isinstance(value, dict):
        _put_many(0x21, value, out, depth)
        for key, item in value.items():
            _put(key if type(key) is str else str(key), out, depth + 1)
            _put(item, out, depth + 1)
    elif kind is list or isinstance(value, (list, tuple)):
        _put_many(0x20, value, out, depth)
        for item in value:
            _put(item, out, depth + 1)
    elif isinstance(value, (bytes, bytearray, memoryview)):
        data = value if kind is bytes else _bytes_of(value)
        out.append(_tagged_u32.pack(0x10, len(data)))
        out.append(data)
    else:
        _put_derived(value, out, depth)


def _bytes_of(value):
    """Its memory as it is; what has gaps is copied."""
    view = memoryview(value)
    return view.cast("B") if view.c_contiguous else view.tobytes()


def _put_many(tag, value, out, depth):
    if len(value) > MAX_ITEMS:
        raise DirtyProtocolError(
            f"Too many items: {len(value)} (max: {MAX_ITEMS})")
    if depth >= MAX_DEPTH - 1:
        raise DirtyProtocolError(
            f"Nested deeper than {MAX_DEPTH} levels")
    out.append(_tagged_u32.pack(tag, len(value)))


def _put_derived(value, out, depth):
    """Of a class of its own, such as an IntEnum or a numpy float."""
    for base in (bool, int, float, str):
        if isinstance(value, base):
            return _put(base(value), out, depth)
    raise DirtyProtocolError(
        f"Unsupported type for TLV encoding: {type(value).__name__}")


def _get(data, at, depth):
    tag = data[at]
    at += 1
    if tag == 0x11 or tag == 0x10:
        end = at + 4 + _u32.unpack_from(data, at)[0]
        if end > len(data):
            raise IndexError
        piece = bytes(data[at + 4:end])
        return (piece.decode() if tag == 0x11 else piece), end
    if tag == 0x05:
        return _i64.unpack_from(data, at)[0], at + 8
    if tag == 0x20 or tag == 0x21:
        count = _u32.unpack_from(data, at)[0]
        at += 4
        if count > MAX_ITEMS or depth >= MAX_DEPTH:
            raise DirtyProtocolError(
                f"Too many items or levels: {count} (max: {MAX_ITEMS})")
        if tag == 0x20:
            items = []
            for _ in range(count):
                item, at = _get(data, at, depth + 1)
                items.append(item)
            return items, at
        found = {}
        for _ in range(count):
            key, at = _get(data, at, depth + 1)
            if type(key) is not str:
                raise DirtyProtocolError("A dict's key is not a string")
            found[key], at = _get(data, at, depth + 1)
        return found, at
    if tag == 0x00:
        return None, at
    if tag == 0x01:
        return data[at] != 0, at + 1
    if tag == 0x06:
        return _f64.unpack_from(data, at)[0], at + 8
    raise DirtyProtocolError(f"Unknown TLV type: 0x{tag:02x}")


class TLVEncoder:
    """Values as the later format writes them."""

    @staticmethod
    def encode(value):
        out = []
        _put(value, out, 0)
        return b"".join(out)

    @staticmethod
    def decode(data, offset=0):
        """(value, the offset behind it)"""
        try:
            return _get(data, offset, 0)
        except (IndexError, struct.error):
            raise DirtyProtocolError("Truncated TLV data",
                                     raw_data=data[offset:]) from None
        except UnicodeDecodeError as e:
            raise DirtyProtocolError(f"Invalid UTF-8 in TLV data: {e}",
                                     raw_data=data[offset:]) from None

    @staticmethod
    def decode_full(data):
        if _in_c is not None:
            return _in_c.unpack(data)
        if type(data) is bytearray:
            data = memoryview(data)
        value, end = TLVEncoder.decode(data)
        if end != len(data):
            raise DirtyProtocolError(
                f"Trailing data after TLV: {len(data) - end} bytes",
                raw_data=data[end:])
        return value


# --- messages

def _check_size(size):
    if size > MAX_MESSAGE_SIZE:
        raise DirtyProtocolError(
            f"Message too large: {size} bytes (max: {MAX_MESSAGE_SIZE})")


def number_of_id(request_id):
    """An id as the later format has it."""
    if type(request_id) is int:
        return request_id & 0xFFFFFFFFFFFFFFFF
    return hash(request_id) & 0xFFFFFFFFFFFFFFFF


def encode_parts(message):
    """A message of the later format, as pieces."""
    number = MSG_TYPE_FROM_STR.get(message.get("type"))
    if number is None:
        raise DirtyProtocolError(
            f"Unknown message type: {message.get('type')}")
    request_id = number_of_id(message.get("id"))
    values = {key: value for key, value in message.items()
              if key != "type" and key != "id"}
    bare = number in (5, 0x11)
    if _in_c is not None:
        return _in_c.pack(1, number, request_id, *() if bare else (values,))
    out = [b""]
    if not bare:
        _put(values, out, 0)
    size = sum(map(len, out))
    _check_size(size)
    out[0] = _head.pack(MAGIC, VERSION, number, size, request_id)
    return out


def decode_payload(number, request_id, payload):
    """The dict of a message of the later format."""
    name = MSG_TYPE_TO_STR.get(number)
    if name is None:
        raise DirtyProtocolError(f"Unknown message type: 0x{number:02x}")
    message = TLVEncoder.decode_full(payload) if payload else {}
    if type(message) is not dict:
        raise DirtyProtocolError("A message is not a dict")
    message["type"] = name
    message["id"] = request_id
    return message


def encode_json(message):
    """The payload of a message of the first format."""
    try:
        payload = json.dumps(message).encode()
    except (TypeError, ValueError, RecursionError) as e:
        raise DirtyProtocolError(f"Failed to encode message: {e}") from None
    _check_size(len(payload))
    return payload


def decode_json(payload):
    try:
        return json.loads(bytes(payload).decode())
    except (ValueError, RecursionError) as e:
        raise DirtyProtocolError(f"Failed to decode message: {e}",
                                 raw_data=payload) from None


def read_head(head):
    """(type, payload's length, id) of sixteen bytes."""
    magic, version, number, size, request_id = _head.unpack(head)
    if magic != MAGIC:
        raise DirtyProtocolError(f"Invalid magic: {magic!r}", raw_data=head)
    if version != VERSION:
        raise DirtyProtocolError(f"Unsupported protocol version: {version}",
                                 raw_data=head)
    _check_size(size)
    return number, size, request_id


class BinaryProtocol:
    """Whole messages of the later format, from and to connections."""

    HEADER_SIZE = HEADER_SIZE
    MAX_MESSAGE_SIZE = MAX_MESSAGE_SIZE
    MSG_TYPE_REQUEST = "request"
    MSG_TYPE_RESPONSE = "response"
    MSG_TYPE_ERROR = "error"
    MSG_TYPE_CHUNK = "chunk"
    MSG_TYPE_END = "end"
    MSG_TYPE_STASH = "stash"
    MSG_TYPE_STATUS = "status"
    MSG_TYPE_MANAGE = "manage"

    @staticmethod
    def encode(message):
        return b"".join(encode_parts(message))

    @staticmethod
    def encode_header(msg_type, request_id, payload_length):
        return _head.pack(MAGIC, VERSION, msg_type, payload_length,
                          number_of_id(request_id))

    @staticmethod
    def encode_request(request_id, app_path, action, args=None, kwargs=None):
        return BinaryProtocol.encode(
            make_request(request_id, app_path, action, args, kwargs))

    @staticmethod
    def encode_response(request_id, result):
        return BinaryProtocol.encode(make_response(request_id, result))

    @staticmethod
    def encode_error(request_id, error):
        return BinaryProtocol.encode(make_error_response(request_id, error))

    @staticmethod
    def encode_chunk(request_id, data):
        return BinaryProtocol.encode(make_chunk_message(request_id, data))

    @staticmethod
    def encode_end(request_id):
        return BinaryProtocol.encode(make_end_message(request_id))

    @staticmethod
    def encode_stash(request_id, op, table, key=None, value=None,
                     pattern=None):
        return BinaryProtocol.encode(make_stash_message(
            request_id, op, table, key, value, pattern))

    @staticmethod
    def encode_status(request_id):
        return BinaryProtocol.encode({"type": "status", "id": request_id})

    @staticmethod
    def encode_manage(request_id, op, count=1):
        return BinaryProtocol.encode(make_manage_message(
            request_id, op, count))

    @staticmethod
    def decode_header(head):
        """(type's number, id, payload's length)"""
        number, size, request_id = read_head(head)
        return number, request_id, size

    @staticmethod
    def decode_message(data):
        """(type, id, the rest of it)"""
        number, size, request_id = read_head(data[:HEADER_SIZE])
        if len(data) < HEADER_SIZE + size:
            raise DirtyProtocolError(
                f"Incomplete message: got {len(data) - HEADER_SIZE} bytes, "
                f"expected {size}", raw_data=data)
        message = decode_payload(
            number, request_id, data[HEADER_SIZE:HEADER_SIZE + size])
        name, request_id = message.pop("type"), message.pop("id")
        return name, request_id, message

    @staticmethod
    def _recv_exactly(sock, n):
        data = bytearray(n)
        view, got = memoryview(data), 0
        while got < n:
            more = sock.recv_into(view[got:])
            if more == 0 and got == 0:
                raise DirtyProtocolError("Connection closed")
            if more == 0:
                raise DirtyProtocolError(
                    f"Connection closed after {got} bytes, expected {n}",
                    raw_data=data[:got])
            got += more
        return data

    @classmethod
    def read_message(cls, sock):
        number, size, request_id = read_head(
            cls._recv_exactly(sock, HEADER_SIZE))
        payload = cls._recv_exactly(sock, size) if size else b""
        return decode_payload(number, request_id, payload)

    @staticmethod
    def write_message(sock, message):
        for part in _joined(encode_parts(message)):
            sock.sendall(part)

    @staticmethod
    async def read_message_async(reader):
        from asyncio import IncompleteReadError

        try:
            head = await reader.readexactly(HEADER_SIZE)
        except IncompleteReadError as e:
            if not e.partial:
                raise
            raise DirtyProtocolError(
                f"Incomplete header: got {len(e.partial)} bytes, "
                f"expected {HEADER_SIZE}", raw_data=e.partial) from None
        number, size, request_id = read_head(head)
        try:
            payload = await reader.readexactly(size) if size else b""
        except IncompleteReadError as e:
            raise DirtyProtocolError(
                f"Incomplete message: got {len(e.partial)} bytes, "
                f"expected {size}", raw_data=e.partial) from None
        return decode_payload(number, request_id, payload)

    @staticmethod
    async def write_message_async(writer, message):
        for part in _joined(encode_parts(message)):
            writer.write(part)
        await writer.drain()


def _joined(parts):
    """Small ones as one, so that they leave together; large ones alone."""
    small = []
    for part in parts:
        if len(part) < 65536:
            small.append(part)
            continue
        if small:
            yield b"".join(small)
            small = []
        yield part
    if small:
        yield b"".join(small)


DirtyProtocol = BinaryProtocol


def make_request(request_id, app_path, action, args=None, kwargs=None):
    return {"type": "request", "id": request_id, "app_path": app_path,
            "action": action, "args": list(args) if args else [],
            "kwargs": kwargs or {}}


def make_response(request_id, result):
    return {"type": "response", "id": request_id, "result": result}


def make_error_response(request_id, error):
    if isinstance(error, DirtyError):
        error = error.to_dict()
    elif not isinstance(error, dict):
        error = {"error_type": type(error).__name__, "message": str(error),
                 "details": {}}
    return {"type": "error", "id": request_id, "error": error}


def make_chunk_message(request_id, data):
    return {"type": "chunk", "id": request_id, "data": data}


def make_end_message(request_id):
    return {"type": "end", "id": request_id}


def make_stash_message(request_id, op, table, key=None, value=None,
                       pattern=None):
    message = {"type": "stash", "id": request_id, "op": op, "table": table}
    for name, given in (("key", key), ("value", value), ("pattern", pattern)):
        if given is not None:
            message[name] = given
    return message


def make_manage_message(request_id, op, count=1):
    return {"type": "manage", "id": request_id, "op": op, "count": count}
