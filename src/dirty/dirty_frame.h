/*
 * dirty: long jobs beside HTTP. The dirty arbiter (dirty_router*: C, without
 * Python) takes calls at a unix socket and gives them to dirty workers, which
 * run them (dirty_worker, greencorn._dirty_worker). notes/0014.
 *
 * dirty_frame: what callers and the dirty arbiter say to each other, in both
 * of Gunicorn's formats. Bytes become slices of themselves; no memory is
 * taken.
 */
#ifndef DIRTY_DIRTY_FRAME_H
#define DIRTY_DIRTY_FRAME_H

#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

/* Of a payload, either way. */
#define DIRTY_PAYLOAD_MAX ((size_t)64 << 20)
#define DIRTY_HEAD_MAX 16

enum dirty_format {
	DIRTY_JSON,   /* 25.0: length, then JSON */
	DIRTY_BINARY, /* from 25.1 on: "GD", version, type, length, id, TLV */
	DIRTY_LINKED, /* ours: an envelope, then TLV */
};

/* On the wire; those from HELLO on are ours and only go over links. */
enum dirty_type {
	DIRTY_NONE = 0,
	DIRTY_REQUEST = 1,
	DIRTY_RESPONSE = 2,
	DIRTY_ERROR = 3,
	DIRTY_CHUNK = 4,
	DIRTY_END = 5,
	DIRTY_STASH = 0x10,
	DIRTY_STATUS = 0x11,
	DIRTY_MANAGE = 0x12,
	DIRTY_HELLO = 0x20, /* worker: its classes are imported; see 0014 */
	DIRTY_READY,        /* worker: all its apps are initialised */
	DIRTY_LEAVING,      /* worker: no more calls, please; STOP answers */
	DIRTY_DONE,         /* worker: a cancelled call has ended */
	DIRTY_CANCEL,       /* to it: nobody waits for that call any more */
	DIRTY_CREDIT,       /* to it: so many bytes of a stream were read */
	DIRTY_STOP,         /* to it: finish what runs, then end */
	DIRTY_MAKING,       /* worker: which app is made now; empty: none */
	DIRTY_REFUSED,      /* to a caller: not begun, ask the next arbiter */
};

/*
 * On a link, before each payload; both ends are of one program. A worker
 * says HELLO, READY, LEAVING, DONE and answers; a caller REQUEST, STASH,
 * CANCEL and CREDIT, under ids of its own that are never used twice.
 */
struct dirty_envelope {
	uint32_t len;
	uint8_t type;   /* enum dirty_type */
	uint8_t format; /* enum dirty_format of the payload */
	uint16_t spare;
	uint64_t id; /* of the call */
};

/*
 * The envelope and the payload that in begins with: how many bytes, 0 when
 * more is needed, -E_TOO_LONG.
 */
ssize_t dirty_envelope_parse(
    struct str in, struct dirty_envelope *e, struct str *payload);

struct dirty_frame {
	enum dirty_format format;
	uint8_t type; /* JSON: DIRTY_NONE, the payload says it */
	uint64_t id;  /* binary only */
	struct str payload;
};

/*
 * The frame that in begins with. How many bytes it has, all of them in in; 0:
 * more is needed; -E_PROTOCOL: neither format, or of a newer version;
 * -E_TOO_LONG: *f has its type and id; -E_BAD_VALUE: empty where it must not.
 */
ssize_t dirty_frame_parse(struct str in, struct dirty_frame *f);

/* What is wrong, for the caller: its length matters to one of them. */
void dirty_frame_problem(
    int error, const struct dirty_frame *f, char *dst, size_t dst_size);

/* Writes the head of a frame of so many bytes; the head's length. */
size_t dirty_frame_head(enum dirty_format format, enum dirty_type type,
    uint64_t id, size_t payload_len, char dst[DIRTY_HEAD_MAX]);

/* Longest name that may come with escapes. */
#define DIRTY_PLAIN_MAX 512

/* What routing needs of a payload; slices of it. Not to be copied. */
struct dirty_route {
	enum dirty_type type;
	struct str id;       /* JSON: as it stands there; ptr NULL: none */
	struct str app_path; /* without escapes: of the payload, or of plain */
	struct str action;   /* JSON: with its escapes */
	char plain[DIRTY_PLAIN_MAX + 4];
};

/* 0, or -E_PROTOCOL: not a message, or one that lacks what it must have. */
int dirty_frame_route(const struct dirty_frame *f, struct dirty_route *r);

#endif
