/*
 * load: the bench's client. Keeps N connections busy with one request, over
 * and over, in one thread, and tells how many answers came and how long each
 * took.
 *
 *   load [-c CONNECTIONS] [-s SECONDS | -n REQUESTS] [-p PIPELINED]
 *       [-i IDLE] [-b BODY-BYTES] [-x] PORT REQUEST-FILE
 *
 * -i: connections that send one request each and are then left alone. When
 * they stand, "ready" is printed; a line on stdin starts the run; the result
 * is a line of JSON; the end of stdin ends the program and all connections.
 * -b: an answer with another body length counts as an error. -x: the request
 * says "Connection: close", so the server's close is waited for.
 *
 * An answer needs a Content-Length. A server that closes where it need not is
 * met with a new connection, which is counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX 8192
#define EVENTS 256
#define OPENING_MAX 128     /* idle connections on their way at a time */
#define STALL_NS 6000000000 /* nothing moved for so long: give up */
#define ERRORS_MAX 1000

/* A histogram with 64 steps for each power of two: 1.6 % wide. */
#define STEPS 64
#define BUCKETS (STEPS * 40)

struct client {
	int fd;
	bool idle;     /* one of the connections that are left alone */
	bool writable; /* EPOLLOUT is asked for */
	bool closing;  /* answered; the server's close is awaited */
	size_t sent;   /* of the batch */
	int waiting;   /* answers of the batch still to come */
	int64_t began; /* when the batch was sent */
	int64_t body;  /* bytes of a body still to come */
	bool used;     /* has had an answer */
	size_t head_len;
	char head[HEAD_MAX];
};

static int port;
static int set = -1;
static char *batch;
static size_t batch_len;
static int pipelined = 1;
static int64_t body_expected = -1;
static bool close_each;
static int64_t to_start = INT64_MAX; /* requests that may still be sent */
static bool stopping;
static int64_t now;

static int64_t n_answers, n_bytes, n_errors, n_connects;
static int64_t histogram[BUCKETS];
static int n_idle; /* that stand, their one answer received */
static int n_busy; /* with a batch, or the close after it, under way */

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int
bucket_of(int64_t ns)
{
	int shift = 0, b;

	while (ns >> shift >= 2 * STEPS)
		shift++;
	b = shift * STEPS + (int)(ns >> shift);
	return b < BUCKETS ? b : BUCKETS - 1;
}

static double
bucket_us(int b)
{
	int shift = b < 2 * STEPS ? 0 : b / STEPS - 1;

	return (double)((int64_t)(b - shift * STEPS) << shift) / 1000;
}

static double
percentile(double part)
{
	int64_t seen = 0, all = 0;
	int b;

	for (b = 0; b < BUCKETS; b++)
		all += histogram[b];
	for (b = 0; b < BUCKETS; b++) {
		seen += histogram[b];
		if (seen > 0 && (double)seen >= part * (double)all)
			return bucket_us(b);
	}
	return 0;
}

static void
watch(struct client *c, bool writable, int op)
{
	struct epoll_event e = {
		.events = EPOLLIN | (writable ? EPOLLOUT : 0),
		.data.ptr = c,
	};

	if (epoll_ctl(set, op, c->fd, &e) < 0)
		die("epoll_ctl");
	c->writable = writable;
}

static void
count_error(const char *what)
{
	if (n_errors++ == 0)
		fprintf(stderr, "load: %s\n", what);
	if (n_errors > ERRORS_MAX) {
		fprintf(stderr, "load: too many errors\n");
		exit(1);
	}
}

static void
open_connection(struct client *c)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	/* Idle ones end by a reset: ten thousand would use up the ports. */
	struct linger reset = { .l_onoff = 1 };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		die("socket");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (c->idle)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	    errno != EINPROGRESS)
		die("connect");
	n_connects++;
	c->closing = false;
	c->used = false;
	c->head_len = 0;
	c->body = 0;
	watch(c, true, EPOLL_CTL_ADD);
}

static void
send_more(struct client *c)
{
	size_t len = c->idle ? batch_len / (size_t)pipelined : batch_len;
	ssize_t n;

	while (c->sent < len) {
		n = send(c->fd, batch + c->sent, len - c->sent, MSG_NOSIGNAL);
		if (n < 0)
			break; /* EPOLLIN will tell what is wrong */
		c->sent += (size_t)n;
	}
	if (c->writable != (c->sent < len))
		watch(c, c->sent < len, EPOLL_CTL_MOD);
}

static void
start_batch(struct client *c)
{
	if (stopping || to_start <= 0)
		return;
	to_start -= pipelined;
	c->waiting = pipelined;
	c->sent = 0;
	c->began = clock_ns();
	n_busy++;
	if (c->fd < 0)
		open_connection(c); /* sends when it stands */
	else
		send_more(c);
}

/* The server is gone from c; what it still owes is asked for again. */
static void
closed(struct client *c, bool error)
{
	bool owed = c->waiting > 0;

	close(c->fd);
	c->fd = -1;
	if (c->idle) {
		if (!owed)
			n_idle--;
		c->waiting = 0;
		return;
	}
	/* A used one may be closed, and our next request cross that. */
	if (owed && (c->head_len > 0 || c->body > 0 || (error && !c->used)))
		count_error("a connection ended within an answer");
	if (owed)
		to_start += c->waiting;
	if (owed || c->closing)
		n_busy--;
	c->waiting = 0;
	c->closing = false;
	start_batch(c);
}

static void
answered(struct client *c)
{
	if (c->idle) {
		c->waiting = 0;
		n_idle++;
		return;
	}
	n_answers++;
	c->used = true;
	histogram[bucket_of(now - c->began)]++;
	if (--c->waiting > 0)
		return;
	if (c->closing)
		return;
	n_busy--;
	start_batch(c);
}

/* The value of a field whose name, in small letters, with its colon is so. */
static const char *
field(const char *head, const char *name)
{
	const char *line = head;
	size_t len = strlen(name);

	while ((line = strchr(line, '\n')) != NULL) {
		line++;
		if (strncasecmp(line, name, len) == 0)
			return line + len + strspn(line + len, " ");
	}
	return NULL;
}

static void
on_head(struct client *c)
{
	const char *length = field(c->head, "content-length:");
	const char *connection = field(c->head, "connection:");

	if (strncmp(c->head, "HTTP/1.", 7) != 0 ||
	    strncmp(c->head + 8, " 200", 4) != 0)
		count_error(c->head);
	if (length == NULL) {
		fprintf(stderr, "load: no Content-Length: %s\n", c->head);
		exit(1);
	}
	c->body = strtoll(length, NULL, 10);
	if (body_expected >= 0 && c->body != body_expected)
		count_error("a body of another length");
	if (close_each ||
	    (connection != NULL && strncasecmp(connection, "close", 5) == 0))
		c->closing = true;
	c->head_len = 0;
}

/* Bytes of heads; returns how many belong to this one. */
static size_t
take_head(struct client *c, const char *p, size_t len)
{
	size_t room = HEAD_MAX - 1 - c->head_len, old = c->head_len, from;
	const char *end;

	if (len > room)
		len = room;
	memcpy(c->head + old, p, len);
	c->head_len += len;
	from = old > 3 ? old - 3 : 0;
	end = memmem(c->head + from, c->head_len - from, "\r\n\r\n", 4);
	if (end == NULL) {
		if (c->head_len == HEAD_MAX - 1) {
			fprintf(stderr, "load: a head without end\n");
			exit(1);
		}
		return len;
	}
	len = (size_t)(end + 4 - c->head) - old;
	c->head[old + len] = '\0';
	on_head(c);
	if (c->body == 0)
		answered(c);
	return len;
}

static void
take(struct client *c, const char *p, size_t len)
{
	size_t n;

	while (len > 0 && c->waiting > 0) {
		if (c->body > 0) {
			n = len < (size_t)c->body ? len : (size_t)c->body;
			c->body -= (int64_t)n;
			if (c->body == 0)
				answered(c);
		} else {
			n = take_head(c, p, len);
		}
		p += n;
		len -= n;
	}
}

static void
on_readable(struct client *c)
{
	static char buffer[1 << 18];
	ssize_t n = recv(c->fd, buffer, sizeof(buffer), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	now = clock_ns();
	if (n <= 0) {
		closed(c, n < 0);
		return;
	}
	n_bytes += n;
	take(c, buffer, (size_t)n);
}

/* One wait and what it brought; false when nothing has moved for long. */
static bool
turn(int64_t *moved)
{
	struct epoll_event events[EVENTS];
	struct client *c;
	int i, n = epoll_wait(set, events, EVENTS, 100);

	if (n < 0)
		die("epoll_wait");
	now = clock_ns();
	if (n > 0)
		*moved = now;
	for (i = 0; i < n; i++) {
		c = events[i].data.ptr;
		if (c->fd >= 0 && (events[i].events & EPOLLOUT) != 0)
			send_more(c);
		if (c->fd >= 0 && (events[i].events & ~(uint32_t)EPOLLOUT) != 0)
			on_readable(c);
	}
	return now - *moved < STALL_NS;
}

static void
open_idle(struct client *idle, int n)
{
	int64_t moved = clock_ns(), before = n_connects;
	int opened = 0, i;

	while (n_idle < n) {
		while (opened < n && opened - n_idle < OPENING_MAX) {
			idle[opened].idle = true;
			idle[opened].waiting = 1;
			open_connection(&idle[opened++]);
		}
		if (!turn(&moved))
			break;
		for (i = 0; i < opened && idle[i].fd >= 0; i++)
			;
		if (i < opened)
			break; /* the server keeps none */
	}
	n_connects = before;
	n_bytes = 0;
}

static void
run(struct client *clients, int n, double seconds)
{
	int64_t start = clock_ns(), moved = start, end;
	int i;

	end = seconds > 0 ? start + (int64_t)(seconds * 1e9) : INT64_MAX;
	for (i = 0; i < n; i++)
		start_batch(&clients[i]);
	while (n_busy > 0) {
		if (!turn(&moved)) {
			count_error("the server answers no more");
			break;
		}
		if (now >= end)
			stopping = true;
	}
	printf("{\"requests\": %lld, \"seconds\": %.6f, \"p50_us\": %.1f, "
	       "\"p99_us\": %.1f, \"errors\": %lld, \"connects\": %lld, "
	       "\"bytes\": %lld, \"idle\": %d}\n",
	    (long long)n_answers, (double)(clock_ns() - start) / 1e9,
	    percentile(0.5), percentile(0.99), (long long)n_errors,
	    (long long)n_connects, (long long)n_bytes, n_idle);
	fflush(stdout);
}

static void
read_request(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t len;
	int i;

	if (f == NULL || fseek(f, 0, SEEK_END) < 0)
		die(path);
	len = (size_t)ftell(f);
	rewind(f);
	batch_len = len * (size_t)pipelined;
	batch = malloc(batch_len);
	if (batch == NULL || fread(batch, 1, len, f) != len)
		die(path);
	fclose(f);
	for (i = 1; i < pipelined; i++)
		memcpy(batch + len * (size_t)i, batch, len);
}

static void
wait_for_line(void)
{
	char c;

	while (read(0, &c, 1) == 1 && c != '\n')
		;
}

int
main(int argc, char **argv)
{
	int n = 1, idle = 0, option, i;
	struct client *clients;
	double seconds = 0;

	while ((option = getopt(argc, argv, "c:s:n:p:i:b:x")) != -1)
		switch (option) {
		case 'c':
			n = atoi(optarg);
			break;
		case 's':
			seconds = atof(optarg);
			break;
		case 'n':
			to_start = atoll(optarg);
			break;
		case 'p':
			pipelined = atoi(optarg);
			break;
		case 'i':
			idle = atoi(optarg);
			break;
		case 'b':
			body_expected = atoll(optarg);
			break;
		case 'x':
			close_each = true;
			break;
		default:
			return 2;
		}
	if (argc - optind != 2 || n < 1 || pipelined < 1 || idle < 0) {
		fputs("usage: load [OPTIONS] PORT REQUEST-FILE\n", stderr);
		return 2;
	}
	port = atoi(argv[optind]);
	read_request(argv[optind + 1]);
	set = epoll_create1(EPOLL_CLOEXEC);
	clients = calloc((size_t)(n + idle), sizeof(*clients));
	if (set < 0 || clients == NULL)
		die("load");
	for (i = 0; i < n + idle; i++)
		clients[i].fd = -1;
	open_idle(clients + n, idle);
	printf("ready %d\n", n_idle);
	fflush(stdout);
	wait_for_line();
	run(clients, n, seconds);
	wait_for_line();
	return 0;
}
