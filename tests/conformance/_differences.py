"""Where our parser and another one differ, and why that is meant so."""
import re

H11, LLHTTP = "h11", "llhttp"
BOTH = (H11, LLHTTP)
METHODS = (b"GET", b"HEAD", b"OPTIONS", b"POST", b"PUT", b"DELETE",
           b"CONNECT")


def has_own_host(data, mine):
    return mine.method == b"CONNECT" or re.match(
        rb"(?i)https?://", mine.target) is not None


def has_blank_at_extension(data, mine):
    body = data.partition(b"\r\n\r\n")[2]
    return re.search(rb"[ \t];|;[ \t]", body) is not None


# What we accept and they refuse: (who, the difference, when, why).
WE_ACCEPT = [
    ([H11], "an empty line before the request line",
     lambda data, mine: data.startswith(b"\r\n"),
     "RFC 9112, 2.2 wants it ignored"),
    (BOTH, "blanks around the semicolon of a chunk extension",
     has_blank_at_extension,
     "RFC 9112, 7.1.1 has BWS there"),
    ([LLHTTP], "a method that it does not know",
     lambda data, mine: mine.method not in METHODS,
     "RFC 9110, 9.1: the list is open; the application decides"),
    ([LLHTTP], "a tab around a transfer coding",
     lambda data, mine: re.search(rb"(?i)\t[ \t]*chunked|chunked[ ]*\t",
                                  data) is not None,
     "RFC 9110, 5.6.3: OWS is tabs too"),
    ([LLHTTP], "a fragment directly behind an authority",
     lambda data, mine: re.match(rb"(?i)https?://[^/?#]*#",
                                 mine.target) is not None,
     "it is dropped wherever it begins, as Gunicorn does"),
]

# What both accept and see in two ways: (who, what, when, why).
SEEN_OTHERWISE = [
    (BOTH, "host", has_own_host,
     "RFC 9112, 3.2.2: the target's own host replaces the field"),
    ([LLHTTP], "body",
     lambda data, mine: mine.method == b"CONNECT" or any(
         name == b"upgrade" for name, _ in mine.fields),
     "it ends HTTP behind the head; we read a body and switch to nothing, "
     "and behind a CONNECT close the connection"),
]

# What we refuse and they accept, by the text of the refusal.
WE_REFUSE = {
    "a line ends without CR":
        "RFC 9112, 2.2 allows it; who does not would be deceived",
    "empty lines instead of a request line":
        "one is ignored; no client sends more",
    "the version is not HTTP/1.1":
        "RFC 9112, 3: one space before it",
    "only HTTP/1.0 and HTTP/1.1 are spoken here":
        "what they do with another version is the caller's to say",
    "the method is not a token":
        "a CR before it; RFC 9112, 2.2 ignores CRLF only",
    "the method is not a usual one":
        "permit_unconventional_http_method",
    "the target is empty, or has a byte that may not be in it":
        "RFC 9112, 3: one space before it; no raw bytes from 0x80",
    "the target is neither a path nor a URL":
        "RFC 9112, 3.2: they leave targets to the caller",
    "the target's host is not valid":
        "the same",
    "only OPTIONS may have the target *":
        "RFC 9112, 3.2.4: the same",
    "CONNECT needs host:port":
        "RFC 9112, 3.2.3: the same",
    "no Host":
        "RFC 9112, 3.2: llhttp leaves fields to the caller",
    "more than one Host":
        "the same; h11 takes two of HTTP/1.0",
    "Host is not valid":
        "RFC 9112, 3.2: they leave its value to the caller",
    "more than one Content-Type":
        "one of the two would be believed",
    "an unknown expectation":
        "RFC 9110, 10.1.1: they leave it to the caller",
    "a header field is folded":
        "RFC 9112, 5.2 has it refused or replaced; h11 replaces it",
    "a control character in a header field":
        "RFC 9110, 5.5: h11 lets some pass",
    "too many header fields":
        "limit_request_fields",
    "Content-Length is not a number":
        "beyond 63 bits; or a list of equal ones, which h11 repairs",
    "more than one Content-Length":
        "equal ones, which h11 repairs",
    "both Transfer-Encoding and Content-Length":
        "RFC 9112, 6.1 lets the server refuse; h11 drops the length",
    "Transfer-Encoding needs HTTP/1.1":
        "RFC 9112, 6.1: faulty framing",
    "Transfer-Encoding is malformed":
        "an empty element of the list",
    "more than one Transfer-Encoding":
        "llhttp looks at the last one",
    "Transfer-Encoding does not end in chunked":
        "llhttp leaves the field to the caller for some methods",
    "chunked is not the last coding":
        "the same",
    "no transfer coding but chunked is understood":
        "llhttp hands it on coded",
    "a chunk's size is not a number":
        "digits and then a bare LF",
    "a chunk's size is too large":
        "beyond 63 bits, or more than sixteen digits",
    "blanks behind a chunk's size":
        "RFC 9112, 7.1.1 has them before a semicolon only",
    "a chunk's line does not end in CRLF":
        "h11 looks for the end by pattern",
    "a chunk extension is malformed":
        "they skip what an extension says",
    "a chunk extension without a name":
        "the same",
    "a chunk extension without a value":
        "the same",
    "a control character in a chunk extension":
        "the same",
    "a chunk is longer than its size":
        "h11 takes a bare LF as the end of a line",
    "a trailer field that may not be one":
        "RFC 9110, 6.5.1: they leave it to the caller",
    "a trailer field's name is not a token":
        "h11 takes a bare LF as the end of a line",
    "a control character in a trailer field":
        "the same",
    "the trailer does not end in CRLF":
        "h11 waits for an end that may still come",
    "too many trailer fields":
        "limit_request_fields",
}


def explained(rows, who, data, mine):
    return {row[1] for row in rows if who in row[0] and row[2](data, mine)}
