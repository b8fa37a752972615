/*
 * origin: an HTTP server that misbehaves on demand, for tests. Loopback only.
 *
 *     origin LOG    binds a free port of 127.0.0.1, prints it, and serves until its stdin ends
 *
 * A path says how it is answered, from left to right; REST is the remaining path:
 *
 *     /bytes/N/NAME            200 with N bytes, other bytes for every path; type by NAME's extension
 *     /status/CODE/NAME        that status with a short body
 *     /redirect/K/REST         K redirects (302), then REST
 *     /to/CODE/URL             that status with URL, percent-decoded, as its Location
 *     /flaky/K/REST            503 for the first K requests of this path, then REST
 *     /later/K/WHEN/REST       429 with Retry-After: WHEN, percent-decoded, for the first K requests, then REST
 *     /slow/MS/REST            waits before it answers
 *     /drip/MS/REST            the body in ten slices over that time
 *     /cut/N/REST              closes after N bytes of the body
 *     /stall/N/REST            sends no more after N bytes of the body, for a minute at most
 *     /nolength/REST           no Content-Length: the body ends with the connection
 *     /chunked/REST            a chunked body
 *     /type/MAJOR/MINOR/REST   that Content-Type
 *     /jpeg/REST               the body begins and ends like a JPEG
 *     /ranged/REST             a strong ETag; Range with If-Range is served
 *     /changing/REST           as /ranged, but other bytes and another ETag at each request
 *     /once416/REST            416 for the second request of this path
 *     /cutfirst/K/N/REST       closes after N bytes of the body for the first K requests
 *     /stallfirst/K/N/REST     sends no more after N bytes of the body for the first K requests
 *     /emptyafter/K/REST       a body without bytes after the first K requests
 *     /upto/N/REST             a range has N bytes at most
 *     /header/LINE/REST        that header line, percent-decoded
 *     /longheader/N/REST       a header line of N bytes
 *     /slowhead/MS/REST        the header a byte at a time, with a wait between
 *     /reset/N/REST            resets the connection after N bytes of the body
 *     /badchunk/REST           a chunked body with a wrong size
 *     /length/N/REST           says that the body has N bytes, whatever it has
 *     /endless/REST            a body that never ends
 *     /says/CODE/TEXT          that status with TEXT, percent-decoded, as its body
 *     /echo/NAME               200 with the request itself as its body
 *     /file/PATH               200 with the file at PATH, percent-decoded
 *     /robots.txt              as the path in the file LOG.robots says; 404 where there is none
 *
 * The log has a line for each request, written as it comes in, before any wait:
 * milliseconds since the epoch, the requests under way with this one, and the path, with the Range
 * behind it where one was asked for. A request for http://HOST/PATH, as to a proxy, is answered as PATH.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_LONGEST = 16384, SEEN_MAX = 65536, STALL_SECONDS = 60, SLICES = 10, IDLE_SECONDS = 60 };

struct answer {
	int status;
	long long bytes; /* of the body */
	long long cut;   /* bytes after which it stops; -1: never */
	char retry[64];  /* Retry-After; "": none */
	long wait, drip; /* milliseconds */
	bool stall;      /* stop by silence, not by closing */
	bool nolength;
	bool chunked;
	bool jpeg, ranged, reset, badchunk, endless, empty;
	long long from, to; /* of the bytes of the body those that are sent */
	long long says;     /* a false length; -1: none */
	long long upto;     /* the most that a range has; 0: any */
	long slowhead, longheader;
	char header[1024];
	char *text;          /* the body; NULL: bytes by SEED */
	bool head;           /* a HEAD request */
	char location[4096]; /* "": none */
	char type[128];
	unsigned seed;
};

struct seen {
	char *path;
	long times;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct seen seen[SEEN_MAX]; /* open addressing by the path's hash */
static atomic_int under_way;
static _Thread_local bool counted; /* in it */
static int log_fd;
static const char *log_path;

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "origin: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned
hash_of(const char *s)
{
	unsigned h = 2166136261U;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619U;
	return h;
}

/* How often this path was asked for before. */
static long
times_before(const char *path)
{
	unsigned at = hash_of(path) % SEEN_MAX;
	long n;

	pthread_mutex_lock(&lock);
	for (unsigned tries = 0; seen[at].path && strcmp(seen[at].path, path) != 0; tries++) {
		if (tries == SEEN_MAX)
			die("more paths than it can count");
		at = (at + 1) % SEEN_MAX;
	}
	if (!seen[at].path && !(seen[at].path = strdup(path)))
		die("memory");
	n = seen[at].times++;
	pthread_mutex_unlock(&lock);
	return n;
}

static void
pause_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static int
send_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t w = send(fd, bytes, n, MSG_NOSIGNAL);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return -1;
		bytes += w;
		n -= (size_t)w;
	}
	return 0;
}

static void
note(const char *path, const char *range)
{
	struct timespec now;
	char line[HEAD_LONGEST + 64];
	int n;

	clock_gettime(CLOCK_REALTIME, &now);
	n = snprintf(line, sizeof(line), "%lld %d %s%s%.80s\n", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000,
		     atomic_load(&under_way), path, range ? " " : "", range ? range : "");
	if (n > 0 && write(log_fd, line, (size_t)n) != n)
		die("log");
}

/* Takes one word, up to the next slash, off the path. */
static void
word(const char **path, char *out, size_t room)
{
	const char *at = *path + (**path == '/');
	size_t n = strcspn(at, "/");

	snprintf(out, room, "%.*s", (int)(n < room ? n : room - 1), at);
	*path = at + n;
}

static long long
number(const char **path)
{
	char text[32];

	word(path, text, sizeof(text));
	return strtoll(text, NULL, 10);
}

static void
decode(const char *from, char *to, size_t room)
{
	while (*from && room > 1) {
		char hex[3] = {0};

		if (from[0] == '%' && isxdigit((unsigned char)from[1]) && isxdigit((unsigned char)from[2])) {
			memcpy(hex, from + 1, 2);
			*to++ = (char)strtol(hex, NULL, 16);
			from += 3;
		} else {
			*to++ = *from++;
		}
		room--;
	}
	*to = '\0';
}

static void
type_by_name(struct answer *a, const char *path)
{
	static const char *const types[][2] = {{".jpg", "image/jpeg"},  {".png", "image/png"},
					       {".webp", "image/webp"}, {".html", "text/html; charset=utf-8"},
					       {".txt", "text/plain"},  {".pdf", "application/pdf"}};
	const char *dot = strrchr(path, '.');

	if (a->type[0])
		return;
	snprintf(a->type, sizeof(a->type), "application/octet-stream");
	for (size_t i = 0; dot && i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(dot, types[i][0]) == 0)
			snprintf(a->type, sizeof(a->type), "%s", types[i][1]);
}

/* "redirect", with K and the rest still in PATH. */
static void
plan_redirect(struct answer *a, const char **path)
{
	long long k = number(path);

	if (k <= 0)
		return;
	a->status = 302;
	if (k == 1)
		snprintf(a->location, sizeof(a->location), "%s", **path ? *path : "/");
	else
		snprintf(a->location, sizeof(a->location), "/redirect/%lld%s", k - 1, *path);
}

/* "flaky" and "later": TIMES requests are answered with STATUS. */
static void
plan_refusal(struct answer *a, int status, const char **path, long before)
{
	long long times = number(path);
	char retry[200] = "";

	if (status == 429)
		word(path, retry, sizeof(retry));
	if (before >= times)
		return;
	a->status = status;
	decode(retry, a->retry, sizeof(a->retry));
}

static void
plan_type(struct answer *a, const char **path)
{
	char major[60], minor[60];

	word(path, major, sizeof(major));
	word(path, minor, sizeof(minor));
	snprintf(a->type, sizeof(a->type), "%s/%s", major, minor);
}

static void
plan_stall(struct answer *a, const char **path)
{
	a->cut = number(path);
	a->stall = true;
}

static void
plan_header(struct answer *a, const char **path)
{
	char text[1024];
	size_t used = strlen(a->header);

	word(path, text, sizeof(text));
	decode(text, a->header + used, sizeof(a->header) - used - 2);
	strcat(a->header, "\r\n");
}

static void
plan_cutfirst(struct answer *a, const char **path, long before)
{
	long long times = number(path), n = number(path);

	if (before < times)
		a->cut = n;
}

static void
plan_emptyafter(struct answer *a, const char **path, long before)
{
	a->empty = before >= number(path);
}

/* The words that spoil an answer. False when it is none of them. */
static bool
plan_nasty(struct answer *a, const char *what, const char **path, long before)
{
	if (strcmp(what, "ranged") == 0 || strcmp(what, "changing") == 0)
		a->ranged = true, a->seed += *what == 'c' ? (unsigned)before * 7 : 0;
	else if (strcmp(what, "once416") == 0)
		a->status = before == 1 ? 416 : 0;
	else if (strcmp(what, "cutfirst") == 0 || strcmp(what, "stallfirst") == 0)
		plan_cutfirst(a, path, before), a->stall = *what == 's';
	else if (strcmp(what, "emptyafter") == 0)
		plan_emptyafter(a, path, before);
	else if (strcmp(what, "upto") == 0)
		a->upto = number(path);
	else if (strcmp(what, "header") == 0)
		plan_header(a, path);
	else if (strcmp(what, "longheader") == 0)
		a->longheader = (long)number(path);
	else if (strcmp(what, "slowhead") == 0)
		a->slowhead = (long)number(path);
	else if (strcmp(what, "reset") == 0)
		a->cut = number(path), a->reset = true;
	else if (strcmp(what, "badchunk") == 0)
		a->chunked = a->badchunk = true;
	else if (strcmp(what, "length") == 0)
		a->says = number(path);
	else if (strcmp(what, "endless") == 0)
		a->endless = a->nolength = true;
	else
		return false;
	return true;
}

/* One word of the path. False when it is no word of ours. */
static bool
plan_word(struct answer *a, const char *what, const char **path, long before)
{
	if (strcmp(what, "redirect") == 0)
		plan_redirect(a, path);
	else if (strcmp(what, "flaky") == 0)
		plan_refusal(a, 503, path, before);
	else if (strcmp(what, "later") == 0)
		plan_refusal(a, 429, path, before);
	else if (strcmp(what, "slow") == 0)
		a->wait = (long)number(path);
	else if (strcmp(what, "drip") == 0)
		a->drip = (long)number(path);
	else if (strcmp(what, "cut") == 0)
		a->cut = number(path);
	else if (strcmp(what, "stall") == 0)
		plan_stall(a, path);
	else if (strcmp(what, "nolength") == 0)
		a->nolength = true;
	else if (strcmp(what, "chunked") == 0)
		a->chunked = true;
	else if (strcmp(what, "jpeg") == 0)
		a->jpeg = true;
	else if (strcmp(what, "type") == 0)
		plan_type(a, path);
	else
		return plan_nasty(a, what, path, before);
	return true;
}

static char *
read_file(const char *path, long long *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	char *text = end < 0 ? NULL : malloc((size_t)end + 1);

	if (!text || pread(fd, text, (size_t)end, 0) != end)
		die(path);
	close(fd);
	*size = end;
	return text;
}

/* The last word: what the body is. */
static void
plan_body(struct answer *a, const char *what, const char *rest, const char *request)
{
	char text[4096];

	if (strcmp(what, "says") == 0) {
		char code[16];

		word(&rest, code, sizeof(code));
		a->status = atoi(code);
		decode(rest + (*rest == '/'), text, sizeof(text));
		a->text = strdup(text);
	} else if (strcmp(what, "echo") == 0) {
		a->status = 200;
		a->text = strdup(request);
	} else if (strcmp(what, "file") == 0) {
		a->status = 200;
		decode(rest + (*rest == '/'), text, sizeof(text));
		a->text = read_file(text, &a->bytes);
		return;
	}
	if (a->text)
		a->bytes = (long long)strlen(a->text);
}

static struct answer
plan(const char *path, const char *request)
{
	struct answer a = {.cut = -1, .says = -1, .seed = hash_of(path)};
	const char *rest = path;
	long before = times_before(path);
	char what[32];

	do
		word(&rest, what, sizeof(what));
	while (plan_word(&a, what, &rest, before) && a.status == 0);
	if (a.status == 0 && strcmp(what, "bytes") == 0) {
		a.status = 200;
		a.bytes = number(&rest);
	} else if (a.status == 0 && (strcmp(what, "status") == 0 || strcmp(what, "to") == 0)) {
		a.status = (int)number(&rest);
		if (strcmp(what, "to") == 0)
			decode(rest + (*rest == '/'), a.location, sizeof(a.location));
	} else if (a.status == 0) {
		plan_body(&a, what, rest, request);
	}
	if (a.status == 0)
		a.status = 404;
	if (!a.text && a.status != 200 && a.status != 204 && a.status != 304)
		a.bytes = 64;
	type_by_name(&a, path);
	return a;
}

/* A block of a chunked body, or plain bytes. */
static int
send_block(int fd, const struct answer *a, const char *bytes, size_t n)
{
	char size[32];
	int digits;

	if (!a->chunked)
		return send_all(fd, bytes, n);
	digits = snprintf(size, sizeof(size), "%zx\r\n", n);
	if (send_all(fd, size, (size_t)digits) < 0 || send_all(fd, bytes, n) < 0)
		return -1;
	return send_all(fd, "\r\n", 2);
}

/* Waits until the other side goes away. */
static void
stall(int fd)
{
	struct timeval t = {.tv_sec = STALL_SECONDS};
	char byte;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	if (recv(fd, &byte, 1, 0) < 0)
		return;
}

/* This thread's request is no longer under way. */
static void
over(void)
{
	if (counted)
		atomic_fetch_sub(&under_way, 1);
	counted = false;
}

/* A JFIF header, and the beginning of a scan: whatever bytes follow are its. */
static const unsigned char jpeg[] = {0xff, 0xd8, 0xff, 0xe0, 0, 16,   'J',  'F', 'I', 'F', 0, 1, 1,    0, 0,
				     1,    0,    1,    0,    0, 0xff, 0xda, 0,   8,   1,   1, 0, 0x3f, 0};

/* 0 when the connection can serve another request. */
static int
send_body(int fd, const struct answer *a)
{
	long long whole = a->endless ? LLONG_MAX : a->to;
	long long end = a->cut >= 0 && a->from + a->cut < whole ? a->from + a->cut : whole;
	long long slice = a->drip ? a->bytes / SLICES + 1 : 65536;
	unsigned x = a->seed | 1;
	char block[65536];

	for (long long sent = 0; sent < end;) {
		long long n = end - sent < slice ? end - sent : slice;

		n = n < (long long)sizeof(block) ? n : (long long)sizeof(block);
		for (long long i = 0; i < n; i++) {
			x ^= x << 13, x ^= x >> 17, x ^= x << 5;
			block[i] = (char)x;
		}
		if (a->text)
			memcpy(block, a->text + sent, (size_t)n);
		if (a->jpeg && sent == 0)
			memcpy(block, jpeg, sizeof(jpeg) < (size_t)n ? sizeof(jpeg) : (size_t)n);
		if (a->jpeg && sent + n == a->bytes && n >= 2)
			memcpy(block + n - 2, "\xff\xd9", 2);
		/* The last byte may be read before we get to count: whoever has it all is not under way. */
		if (sent + n == a->to && !a->chunked && !a->nolength)
			over();
		if (a->badchunk && send_all(fd, "zz\r\n", 4) < 0)
			return -1;
		if (sent + n > a->from) {
			long long skip = a->from > sent ? a->from - sent : 0;

			if (send_block(fd, a, block + skip, (size_t)(n - skip)) < 0)
				return -1;
		}
		sent += n;
		if (a->drip && (sent >= end || sent / slice != (sent - n) / slice))
			pause_ms(a->drip / SLICES);
	}
	if (end < a->to && a->reset)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
	if (end < a->to && a->stall)
		stall(fd);
	if (end < a->to || a->nolength || a->says >= 0)
		return -1;
	return a->chunked ? send_all(fd, "0\r\n\r\n", 5) : 0;
}

static void add(char *head, size_t room, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void
add(char *head, size_t room, const char *fmt, ...)
{
	size_t used = strlen(head);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(head + used, room - used, fmt, ap);
	va_end(ap);
}

static int
send_answer(int fd, const struct answer *a)
{
	char *head = calloc(1, 8192 + (size_t)a->longheader), *at;
	size_t room = 8192 + (size_t)a->longheader;
	int rc = 0;

	if (!head)
		die("memory");

	add(head, room, "HTTP/1.1 %d Test\r\nContent-Type: %s\r\n", a->status, a->type);
	if (a->nolength)
		add(head, room, "Connection: close\r\n");
	else if (a->chunked)
		add(head, room, "Transfer-Encoding: chunked\r\n");
	else if (a->status != 204 && a->status != 304)
		add(head, room, "Content-Length: %lld\r\n", a->says >= 0 ? a->says : a->to - a->from);
	if (a->ranged)
		add(head, room, "Accept-Ranges: bytes\r\nETag: \"%x\"\r\n", a->seed);
	if (a->status == 206)
		add(head, room, "Content-Range: bytes %lld-%lld/%lld\r\n", a->from, a->to - 1, a->bytes);
	if (a->longheader) {
		add(head, room, "X-Long: ");
		memset(head + strlen(head), 'x', (size_t)a->longheader);
		add(head, room, "\r\n");
	}
	add(head, room, "%s", a->header);
	if (a->location[0])
		add(head, room, "Location: %s\r\n", a->location);
	if (a->retry[0])
		add(head, room, "Retry-After: %s\r\n", a->retry);
	add(head, room, "\r\n");
	for (at = head; a->slowhead && *at && rc == 0; at++) {
		rc = send_all(fd, at, 1);
		pause_ms(a->slowhead);
	}
	if (rc == 0)
		rc = send_all(fd, at, strlen(at));
	free(head);
	return rc < 0 || a->head ? rc : send_body(fd, a);
}

/* The value of a header of the request, up to the line's end, in ROOM; false: it has none. */
static bool
header_of(const char *request, const char *name, char *room, size_t n)
{
	const char *at = strcasestr(request, name);

	if (!at)
		return false;
	at += strlen(name);
	at += strspn(at, ": ");
	snprintf(room, n, "%.*s", (int)strcspn(at, "\r\n"), at);
	return true;
}

/* A range that goes to the end, if the client has the same as we do. */
static void
plan_range(struct answer *a, const char *request)
{
	char range[80], etag[80], ours[32];

	snprintf(ours, sizeof(ours), "\"%x\"", a->seed);
	if (!a->ranged || a->status != 200 || !header_of(request, "\r\nRange:", range, sizeof(range)) ||
	    strncmp(range, "bytes=", 6) != 0 ||
	    (header_of(request, "\r\nIf-Range:", etag, sizeof(etag)) && strcmp(etag, ours) != 0))
		return;
	a->from = strtoll(range + 6, NULL, 10);
	a->status = a->from < a->bytes ? 206 : 416;
	a->to = a->upto && a->from + a->upto < a->bytes ? a->from + a->upto : a->bytes;
}

/* The path by which /robots.txt is answered. False: there is none. */
static bool
read_robots(char *path, size_t room)
{
	char name[PATH_MAX];
	FILE *in;

	snprintf(name, sizeof(name), "%s.robots", log_path);
	in = fopen(name, "re");
	if (!in)
		return false;
	path[fread(path, 1, room - 1, in)] = '\0';
	path[strcspn(path, "\n")] = '\0';
	fclose(in);
	return true;
}

static int
serve(int fd, char *request)
{
	char whole[HEAD_LONGEST + 8], range[80], robots[HEAD_LONGEST];
	bool ranged = header_of(request, "\r\nRange:", range, sizeof(range));
	char *path = strchr(request, ' ');
	char *end = path ? strchr(path + 1, ' ') : NULL;
	struct answer a;
	int rc;

	if (!end)
		return -1;
	snprintf(whole, sizeof(whole), "%s\r\n", request);
	*path++ = *end = '\0';
	atomic_fetch_add(&under_way, 1);
	counted = true;
	note(path, ranged ? range : NULL);
	if (strncmp(path, "http://", 7) == 0)
		path += 7 + strcspn(path + 7, "/");
	if (strcmp(path, "/robots.txt") == 0 && read_robots(robots, sizeof(robots)))
		path = robots;
	a = plan(path, whole);
	a.bytes = a.empty ? 0 : a.bytes;
	a.to = a.bytes;
	plan_range(&a, whole);
	a.head = strcmp(request, "HEAD") == 0;
	if (a.wait)
		pause_ms(a.wait);
	rc = send_answer(fd, &a);
	free(a.text);
	over();
	return rc;
}

/* One connection: requests one after another, until it ends or is idle for too long. */
static void *
connection(void *arg)
{
	int fd = (int)(long)arg;
	struct timeval t = {.tv_sec = IDLE_SECONDS};
	char head[HEAD_LONGEST + 1];
	size_t have = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	for (;;) {
		char *end;
		ssize_t n;

		head[have] = '\0';
		end = strstr(head, "\r\n\r\n");
		if (end) {
			size_t used = (size_t)(end - head) + 4;

			*end = '\0';
			if (serve(fd, head) < 0)
				break;
			have -= used;
			memmove(head, head + used, have);
			continue;
		}
		n = have < HEAD_LONGEST ? recv(fd, head + have, HEAD_LONGEST - have, 0) : 0;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	close(fd);
	return NULL;
}

static void *
accept_all(void *arg)
{
	int listening = *(int *)arg;
	pthread_attr_t detached;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&detached, 512 << 10);
	for (;;) {
		int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		pthread_t t;

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			die("accept");
		if (pthread_create(&t, &detached, connection, (void *)(long)fd) != 0)
			close(fd);
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(at);
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte[256];
	pthread_t t;

	if (argc != 2) {
		fprintf(stderr, "usage: origin LOG\n");
		return 2;
	}
	log_path = argv[1];
	log_fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (log_fd < 0)
		die(argv[1]);
	if (listening < 0 || bind(listening, (struct sockaddr *)&at, size) < 0 || listen(listening, 512) < 0 ||
	    getsockname(listening, (struct sockaddr *)&at, &size) < 0)
		die("port");
	if (pthread_create(&t, NULL, accept_all, &listening) != 0)
		die("thread");
	printf("%d\n", ntohs(at.sin_port));
	if (fflush(stdout) != 0)
		die("stdout");
	while (read(STDIN_FILENO, byte, sizeof(byte)) > 0)
		;
	return 0;
}
