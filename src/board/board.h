/*
 * board: the scoreboard, one shared mapping that every process of a server
 * inherits. Rows of processes and of the application slots within them:
 * heartbeats, states, counters. Each word has one writer (the process or
 * thread whose row it is, or the arbiter where said) and any number of
 * readers, so there is no lock and a reader can never be stopped by a writer
 * that died.
 */
#ifndef BOARD_BOARD_H
#define BOARD_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "sys/child.h"

#define BOARD_ROWS 1024    /* processes of one server at a time */
#define BOARD_SLOTS 64     /* application slots per process, to look at */
#define BOARD_CALL_MAX 120 /* bytes of a request line kept for the log */
#define BOARD_NO_ROW 0xffffffffu

/* What the server as a whole does. Written by the arbiter. */
enum board_phase {
	BOARD_STARTING, /* no worker has served yet */
	BOARD_SERVING,  /* at least one worker is ready */
	BOARD_STOPPING, /* readiness is over; running requests finish */
};

/* What one process does. */
enum board_state {
	BOARD_FREE,     /* the row is nobody's (written by the arbiter) */
	BOARD_SPAWNING, /* asked for, not yet forked (by the arbiter) */
	BOARD_BOOTING,  /* from here on written by the process itself */
	BOARD_READY,
	BOARD_DRAINING,
};

/* One application slot: a thread that calls the application. */
struct board_slot {
	_Atomic uint64_t call_started_ms; /* clock_ms; 0: no call runs */
	_Atomic uint64_t n_calls;
	_Atomic uint32_t call_seq; /* odd while call is being written */
	_Atomic uint32_t call_len;
	char call[BOARD_CALL_MAX]; /* "GET /path", its bytes as they came */
};

/* The hook that runs, by the main thread or by the one for hooks. */
struct board_hook {
	_Atomic uint64_t started_ms; /* clock_ms; 0: none */
	_Atomic uint32_t hook;       /* enum hook */
	_Atomic uint64_t named_ms; /* it was named as hanging; by the arbiter */
};

enum board_hook_thread {
	BOARD_HOOK_MAIN,
	BOARD_HOOK_ASIDE,
	BOARD_HOOKS,
};

struct board_row {
	_Atomic int32_t pid;
	_Atomic uint32_t state;      /* enum board_state */
	_Atomic uint32_t role;       /* enum role_name, by the arbiter */
	_Atomic uint32_t generation; /* of its configuration, by the arbiter */
	_Atomic uint64_t started_ms; /* clock_ms, by the arbiter */
	_Atomic uint32_t retiring;   /* serves on, but wants a successor */
	_Atomic uint32_t ended;      /* by init, whose child it became: how */
	_Atomic uint64_t reactor_ms; /* last turn of the reactor */
	_Atomic uint64_t python_ms;  /* last time its GIL could be had, or since
	                                when it is waited for; 0: not watched */
	_Atomic uint64_t n_requests, n_connections;
	_Atomic uint32_t n_open; /* connections now */
	/* Complete requests that wait for a slot, and since when (clock_ms)
	 * there were some without a break; 0: there are none. */
	_Atomic uint32_t n_ready;
	_Atomic uint64_t ready_ms;
	/* Free slots, for which it takes new connections; 0: it does not. */
	_Atomic uint32_t n_free;
	_Atomic uint32_t asked; /* to accept, by a sibling, who writes it */
	struct board_hook hooks[BOARD_HOOKS];
	struct board_slot slots[BOARD_SLOTS];
};

struct board {
	uint64_t layout;             /* of this struct: see board_open */
	int fd;                      /* its own memory's, or -1 */
	_Atomic uint64_t arbiter_ms; /* the arbiter's heartbeat */
	_Atomic int32_t arbiter_pid;
	_Atomic uint32_t phase;      /* enum board_phase */
	_Atomic uint32_t handed_on;  /* another server has the listeners too */
	_Atomic uint32_t n_ready;    /* workers that serve */
	_Atomic uint32_t n_workers;  /* workers that should */
	_Atomic int32_t n_extra;     /* of these, by TTIN (less by TTOU) */
	_Atomic uint64_t started_ms; /* clock_ms of the server's start */
	_Atomic uint64_t n_restarts; /* workers that had to be replaced */
	_Atomic uint32_t n_rows;     /* rows that were ever in use */
	int bell;                    /* eventfd: a row has changed */
	struct board_row rows[BOARD_ROWS];
};

/*
 * Makes an empty board that children share. NULL when memory or the bell
 * cannot be had (errno). For the first process of a server; never freed.
 */
struct board *board_create(void);

/*
 * The board of the server before, after an exec, from its descriptors. NULL
 * when there is none, or it is one of another version; they stay open.
 */
struct board *board_open(int fd, int bell);

/*
 * init has collected a process that was not its own: when it has a row, its
 * end goes there, and the arbiter looks. Whether it has one.
 */
bool board_note_end(struct board *b, const struct child_end *end);
/* How the process of row ended, if init has said so. */
bool board_end(struct board_row *row, struct child_end *end);

/*
 * From here on this process can only read it: writing a row or a state
 * faults; ringing still works. 0 or -E_SYSTEM.
 */
int board_read_only(struct board *b);

/* Tells the arbiter to look at the rows. Never blocks; async-signal-safe. */
void board_ring(const struct board *b);

/* Takes note of all rings until now (the arbiter, when bell is readable). */
void board_heard(const struct board *b);

/*
 * A free row for a process of that role, its state BOARD_SPAWNING and all
 * else cleared; BOARD_NO_ROW when there is none. The arbiter only.
 */
unsigned board_take_row(struct board *b, unsigned role, unsigned generation);
/* Gives a row back. The arbiter only. */
void board_free_row(struct board *b, unsigned row);

/* The process of row r says what it does, and rings. */
void board_set_state(struct board *b, unsigned row, enum board_state state);
/* The process of row r has served enough: another should take its place. */
void board_retire(struct board *b, unsigned row);

/*
 * Slot n of a row. Beyond BOARD_SLOTS one of this process alone, which nobody
 * else sees.
 */
struct board_slot *board_slot(struct board_row *row, unsigned n);

/* Its reactor is about to turn for the first time. */
void board_stamp_reactor(struct board_row *row);
/* The GIL of the row's process could be had just now. */
void board_stamp_python(struct board_row *row);
/* Where nobody stamps: it is waited for since the last turn; it was had. */
void board_python_wanted(struct board_row *row);
void board_python_had(struct board_row *row);

/* A hook begins in that thread of the row's process, or has ended. */
void board_hook_begin(
    struct board_row *row, enum board_hook_thread thread, unsigned hook);
void board_hook_end(struct board_row *row, enum board_hook_thread thread);

/* A call of the application begins (method and target as they came). */
void
board_call_begin(struct board_slot *slot, struct str method, struct str target);
void board_call_end(struct board_slot *slot);

/*
 * The request that a slot is in, as text at dst (BOARD_CALL_MAX bytes);
 * empty when there is none or it changes just now.
 */
void board_call_text(struct board_slot *slot, char *dst);
/* The slot of row whose call has lasted longest, or its first one. */
struct board_slot *board_longest_call(struct board_row *row);

/*
 * The row of the worker with the fewest connections among those, other than
 * row, that would take one now, if they are fewer than n_open; BOARD_NO_ROW:
 * there is none. One that stands still is no candidate.
 */
unsigned board_less_loaded(struct board *b, unsigned row, uint32_t n_open);
/* How many others than row have a free slot and nothing to do. */
unsigned board_n_idle(struct board *b, unsigned row);

/*
 * How long, in ms before now_ms, the process of a row has given no sign of
 * life: the oldest of its reactor's stamp and its GIL's or, where that is not
 * watched, its calls' starts.
 */
uint64_t board_silence_ms(struct board_row *row, uint64_t now_ms);

#endif
