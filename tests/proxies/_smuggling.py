"""Requests with which one server was ever deceived about where another ends.

Each is a name and bytes; inside may stand a second request (INNER) that is
meant to be taken for one by whoever is deceived.
"""

INNER = b"GET /inner HTTP/1.1\r\nHost: inner\r\n\r\n"
HOST = b"Host: a\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
LAST = b"0\r\n\r\n"


def post(fields, body, line=b"POST /outer HTTP/1.1\r\n", host=HOST):
    return line + host + fields + b"\r\n" + body


def length(n):
    return b"Content-Length: %d\r\n" % n


# Ways to write a Transfer-Encoding that some see and others do not.
CODINGS = {
    "plain": CHUNKED,
    "in another case": b"tRANSFER-eNCODING: CHUNKED\r\n",
    "space before the colon": b"Transfer-Encoding : chunked\r\n",
    "tab before the colon": b"Transfer-Encoding\t: chunked\r\n",
    "vertical tab before it": b"Transfer-Encoding: \x0bchunked\r\n",
    "vertical tab behind it": b"Transfer-Encoding: chunked\x0b\r\n",
    "form feed before it": b"Transfer-Encoding:\x0cchunked\r\n",
    "NUL behind it": b"Transfer-Encoding: chunked\0\r\n",
    "no-break space before it": b"Transfer-Encoding: \xa0chunked\r\n",
    "next line behind it": b"Transfer-Encoding: chunked\x85\r\n",
    "tab before it": b"Transfer-Encoding:\tchunked\r\n",
    "blanks behind it": b"Transfer-Encoding: chunked  \t \r\n",
    "bare CR before it": b"Transfer-Encoding:\rchunked\r\n",
    "bare CR behind it": b"Transfer-Encoding: chunked\r\r\n",
    "bare LF behind the field before":
        b"X: y\nTransfer-Encoding: chunked\r\n",
    "bare CR behind the field before":
        b"X: y\rTransfer-Encoding: chunked\r\n",
    "folded": b"Transfer-Encoding:\r\n chunked\r\n",
    "folded into another": b"X: y\r\n Transfer-Encoding: chunked\r\n",
    "with another before": b"Transfer-Encoding: x, chunked\r\n",
    "with identity before": b"Transfer-Encoding: identity, chunked\r\n",
    "with another behind": b"Transfer-Encoding: chunked, x\r\n",
    "with identity behind": b"Transfer-Encoding: chunked, identity\r\n",
    "twice in one": b"Transfer-Encoding: chunked, chunked\r\n",
    "twice": CHUNKED + CHUNKED,
    "twice, one of nonsense": CHUNKED + b"Transfer-Encoding: cow\r\n",
    "twice, nonsense first": b"Transfer-Encoding: cow\r\n" + CHUNKED,
    "twice, one in another case": CHUNKED + b"transfer-encoding: x\r\n",
    "an empty element": b"Transfer-Encoding: ,chunked\r\n",
    "an empty element behind": b"Transfer-Encoding: chunked,\r\n",
    "in quotes": b'Transfer-Encoding: "chunked"\r\n',
    "in single quotes": b"Transfer-Encoding: 'chunked'\r\n",
    "with a parameter": b"Transfer-Encoding: chunked;x=y\r\n",
    "with an underscore": b"Transfer_Encoding: chunked\r\n",
    "with a dot": b"Transfer.Encoding: chunked\r\n",
    "with a space inside": b"Transfer Encoding: chunked\r\n",
    "a letter more": b"Transfer-Encodings: chunked\r\n",
    "cut": b"Transfer-Encoding: chunke\r\n",
    "a letter more in the value": b"Transfer-Encoding: xchunked\r\n",
    "Unicode that folds": b"Transfer-Encoding: chun\xe2\x84\xaaed\r\n",
    "in the trailer's announcement": b"Trailer: Transfer-Encoding\r\n",
    "no colon": b"Transfer-Encoding chunked\r\n",
    "a NUL in the name": b"Transfer\0-Encoding: chunked\r\n",
    "an escape in the name": b"Transfer%2dEncoding: chunked\r\n",
    "a blank first": b" Transfer-Encoding: chunked\r\n",
    "hidden by Connection": CHUNKED + b"Connection: Transfer-Encoding\r\n",
}

LENGTHS = {
    "plus": b"Content-Length: +%d\r\n",
    "minus": b"Content-Length: -%d\r\n",
    "space inside": b"Content-Length: 1 %d\r\n",
    "underscore": b"Content-Length: 0_%d\r\n",
    "hexadecimal": b"Content-Length: 0x%x\r\n",
    "a fraction": b"Content-Length: %d.0\r\n",
    "an exponent": b"Content-Length: %de0\r\n",
    "more behind": b"Content-Length: %dx\r\n",
    "vertical tab": b"Content-Length: \x0b%d\r\n",
    "NUL": b"Content-Length: %d\0\r\n",
    "no-break space": b"Content-Length: \xa0%d\r\n",
    "leading zeros": b"Content-Length: 000%d\r\n",
    "a list of equals": b"Content-Length: %d, 0\r\n",
    "in quotes": b'Content-Length: "%d"\r\n',
    "space before the colon": b"Content-Length : %d\r\n",
    "tab before the colon": b"Content-Length\t: %d\r\n",
    "underscore in the name": b"Content_Length: %d\r\n",
    "twice, zero first": b"Content-Length: 0\r\nContent-Length: %d\r\n",
    "twice, zero last": b"Content-Length: %d\r\nContent-Length: 0\r\n",
    "twice, zero hidden": b"Content-Length: %d\r\ncontent-length : 0\r\n",
    "folded": b"Content-Length:\r\n %d\r\n",
    "folded zero": b"Content-Length: 0\r\n %d\r\n",
    "bare LF behind the field before": b"X: y\nContent-Length: %d\r\n",
    "bare CR behind the field before": b"X: y\rContent-Length: %d\r\n",
    "hidden by Connection":
        b"Content-Length: %d\r\nConnection: Content-Length\r\n",
    "hidden by Connection, and closed":
        b"Content-Length: %d\r\nConnection: close, Content-Length\r\n",
    "overflow of 64 bits": b"Content-Length: 184467440737095516%d\r\n",
    "of a digit that is none": b"Content-Length: \xc2\xb2%d\r\n",
}

# Chunked bodies: what stands for the size of five bytes.
SIZES = {
    "plus": b"+5", "minus": b"-5", "0x": b"0x5", "blank before": b" 5",
    "blank behind": b"5 ", "tab behind": b"5\t", "underscore": b"0_5",
    "overflow of 32 bits": b"100000005", "more than 64 bits":
    b"10000000000000005", "the sign bit": b"8000000000000005",
    "many zeros": b"0" * 40 + b"5", "NUL behind": b"5\0",
    "vertical tab behind": b"5\x0b", "a quote": b'"5"', "empty": b"",
    "extension": b"5;x=y", "extension without name": b"5;",
    "bad extension": b"5;\x01", "quoted line end": b'5;x="\r\n"',
    "quoted LF": b'5;x="\n"', "LF in an extension": b"5;x\ny",
    "CR in an extension": b"5;x\ry", "blank and extension": b"5 ;x",
    "words": b"5 x", "comma": b"5,5",
}

# Where a line of a chunked body ends in something else.
ENDS = {
    "bare LF behind the size": b"5\nhello\r\n" + LAST,
    "bare CR behind the size": b"5\rhello\r\n" + LAST,
    "CR CR LF behind the size": b"5\r\r\nhello\r\n" + LAST,
    "LF CR behind the size": b"5\n\rhello\r\n" + LAST,
    "bare LF behind the data": b"5\r\nhello\n" + LAST,
    "other bytes behind the data": b"5\r\nhelloXX" + LAST,
    "nothing behind the data": b"5\r\nhello" + LAST,
    "more data than it said": b"3\r\nhello\r\n" + LAST,
    "bare LF at the end": b"0\r\n\n",
    "bare LFs at the end": b"0\n\n",
    "nothing at the end": b"0\r\n",
    "0 twice": b"0\r\n0\r\n\r\n",
    "a request as trailers": b"0\r\nGET /inner HTTP/1.1\r\nHost: a\r\n\r\n",
    "a request as a trailer's value":
        b"0\r\nX: GET /inner HTTP/1.1\r\nHost: a\r\n\r\n",
    "framing as a trailer": b"0\r\nContent-Length: 35\r\n\r\n",
    "coding as a trailer": b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "bare LF in a trailer": b"0\r\nX: y\nZ: z\r\n\r\n",
    "folded trailer": b"0\r\nX: y\r\n z\r\n\r\n",
}

LINES = {
    "absolute form and another Host":
        b"GET http://b/outer HTTP/1.1\r\nHost: a\r\n\r\n",
    "absolute form with userinfo":
        b"GET http://a@b/outer HTTP/1.1\r\nHost: a\r\n\r\n",
    "absolute form of another scheme":
        b"GET gopher://b/outer HTTP/1.1\r\nHost: a\r\n\r\n",
    "two Hosts": b"GET /outer HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "no Host": b"GET /outer HTTP/1.1\r\n\r\n",
    "Host with a path": b"GET /outer HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "Host with an at sign": b"GET /outer HTTP/1.1\r\nHost: a@b\r\n\r\n",
    "Host with a comma": b"GET /outer HTTP/1.1\r\nHost: a, b\r\n\r\n",
    "space before Host's colon": b"GET /outer HTTP/1.1\r\nHost : a\r\n\r\n",
    "folded Host": b"GET /outer HTTP/1.1\r\nHost:\r\n a\r\n\r\n",
    "authority form": b"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "asterisk form": b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT": b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n" + INNER,
    "no version": b"GET /outer\r\n\r\n",
    "HTTP/0.9 by name": b"GET /outer HTTP/0.9\r\nHost: a\r\n\r\n",
    "HTTP/1.2": b"GET /outer HTTP/1.2\r\nHost: a\r\n\r\n",
    "HTTP/2.0": b"GET /outer HTTP/2.0\r\nHost: a\r\n\r\n",
    "HTTP/1.10": b"GET /outer HTTP/1.10\r\nHost: a\r\n\r\n",
    "two spaces": b"GET  /outer HTTP/1.1\r\nHost: a\r\n\r\n",
    "a space in the target": b"GET /out er HTTP/1.1\r\nHost: a\r\n\r\n",
    "a version in the target":
        b"GET /outer HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tab": b"GET\t/outer\tHTTP/1.1\r\nHost: a\r\n\r\n",
    "NUL in the target": b"GET /ou\0ter HTTP/1.1\r\nHost: a\r\n\r\n",
    "bare CR in the target": b"GET /ou\rter HTTP/1.1\r\nHost: a\r\n\r\n",
    "bare LF behind the line": b"GET /outer HTTP/1.1\nHost: a\r\n\r\n",
    "bare LFs all over": b"GET /outer HTTP/1.1\nHost: a\n\n" + INNER,
    "not ASCII in the target": b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    "a fragment": b"GET /outer#x HTTP/1.1\r\nHost: a\r\n\r\n",
    "empty lines before": b"\r\n\r\n\r\nGET /outer HTTP/1.1\r\n" + HOST +
    b"\r\n",
    "small letters": b"get /outer HTTP/1.1\r\nHost: a\r\n\r\n",
    "trailing junk": b"GET /outer HTTP/1.1\r\nHost: a\r\n\r\njunk" + INNER,
    "a line that is no field":
        b"GET /outer HTTP/1.1\r\nHost: a\r\njunk\r\n\r\n",
    "NUL in a value": b"GET /outer HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
    "NUL in a name": b"GET /outer HTTP/1.1\r\nHost: a\r\nX\0: y\r\n\r\n",
    "0x0b in a name": b"GET /outer HTTP/1.1\r\nHost: a\r\nX\x0b: y\r\n\r\n",
    "CR in a value":
        b"GET /outer HTTP/1.1\r\nHost: a\r\nX: \r\rGET /inner\r\n\r\n",
    "CRLF by escapes":
        b"GET /outer%0d%0aX:%20y%0d%0a%0d%0aGET%20/inner HTTP/1.1\r\n"
        b"Host: a\r\n\r\n",
    "Expect of another kind":
        b"POST /outer HTTP/1.1\r\nHost: a\r\nExpect: x\r\n"
        b"Content-Length: 37\r\n\r\n" + INNER,
    "Expect twice":
        b"POST /outer HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
        b"Expect: 100-continue\r\nContent-Length: 37\r\n\r\n" + INNER,
    "Upgrade to h2c":
        b"GET /outer HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, "
        b"HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n" + INNER,
    "Upgrade to websocket":
        b"GET /outer HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Version: 777\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n" + INNER,
}


def all_requests():
    for name, field in CODINGS.items():
        # Who sees the coding ends at the 0; who does not, behind INNER.
        body = LAST + INNER
        yield f"TE {name}", post(field, body)
        yield f"CL.TE {name}", post(length(len(body)) + field, body)
        yield f"TE.CL {name}", post(field + length(4),
                                    b"25\r\n" + INNER + b"\r\n" + LAST)
        yield f"TE {name}, 1.0", post(
            field + b"Connection: keep-alive\r\n", body,
            b"POST /outer HTTP/1.0\r\n")
        yield f"TE {name}, of GET", post(field, body,
                                         b"GET /outer HTTP/1.1\r\n")
    for name, field in LENGTHS.items():
        yield f"CL {name}", post(field % len(INNER), INNER)
        yield f"CL {name}, of GET", post(field % len(INNER), INNER,
                                         b"GET /outer HTTP/1.1\r\n")
    for name, size in SIZES.items():
        yield f"chunk size {name}", post(
            CHUNKED, size + b"\r\nhello\r\n" + LAST + INNER)
    for name, body in ENDS.items():
        yield f"chunk: {name}", post(CHUNKED, body + INNER)
    yield from LINES.items()
