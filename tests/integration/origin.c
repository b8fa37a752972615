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
 *     /refuse/CODE/K/WHEN/REST the same with another status; an empty WHEN is no Retry-After
 *     /cookiewall/REST         a redirect to itself that sets a cookie, and once more another, until both are sent
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
 *     /changedafter/K/REST     as /ranged, but other bytes and another ETag after the first K requests of this path
 *     /anyway/REST             a Range is served whatever its If-Range says
 *     /once416/REST            416 for the second request of this path
 *     /cutfirst/K/N/REST       closes after N bytes of the body for the first K requests
 *     /stallfirst/K/N/REST     sends no more after N bytes of the body for the first K requests
 *     /emptyafter/K/REST       a body without bytes after the first K requests
 *     /upto/N/REST             a range has N bytes at most
 *     /misrange/STATUS/RANGE/VALIDATOR/LENGTH/BODY/REST
 *                              as /ranged, but a request with a Range is answered by STATUS; with a Content-Range that
 *                              is right, shifted, short, total (another one) or no; with a validator that is same,
 *                              changed, weak or no, the last three of other bytes; with a Content-Length that is right,
 *                              short or none; and by the part, or with BODY whole by all bytes
 *     /unasked/...             the same for the first request alone, which asks for no range
 *     /validator/KIND/REST     with the validator KIND: strong, weak, date, or both (strong and date); a conditional
 * request is answered by 304 if its validator is the same, and not if KIND is deaf (as strong) or retag (another ETag
 * at each request) /newafter/K/REST         other bytes after the first K requests of this path /then/CODE/K/REST that
 * status after the first K requests of this path /header/LINE/REST        that header line, percent-decoded
 *     /longheader/N/REST       a header line of N bytes
 *     /slowhead/MS/REST        the header a byte at a time, with a wait between
 *     /reset/N/REST            resets the connection after N bytes of the body
 *     /badchunk/REST           a chunked body with a wrong size
 *     /length/N/REST           says that the body has N bytes, whatever it has
 *     /endless/REST            a body that never ends
 *     /says/CODE/TEXT          that status with TEXT, percent-decoded, as its body
 *     /auth/WORD/REST          401, unless the request has Authorization: Basic WORD, percent-decoded
 *     /digest/REST             401, unless the request has Authorization: Digest
 *     /echo/NAME               200 with the request itself as its body
 *     /file/PATH               200 with the file at PATH, percent-decoded
 *     /robots.txt              as the path in the file LOG.robots says; 404 where there is none
 *
 * The log has a line for each request, written as it comes in, before any wait:
 * milliseconds since the epoch, the requests under way with this one, and the path, with the Range
 * behind it where one was asked for. Where the file LOG.heads is there, requests are written to it whole. A request for
 * http://HOST/PATH, as to a proxy, is answered as PATH.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "origin/origin.h"
#include "server/server.h"

static atomic_int under_way;
static _Thread_local bool counted; /* in it */
static int log_fd;
static const char *log_path;

static void
note(const char *path, const char *range)
{
	struct timespec now;
	char line[SERVER_HEAD_MAX + 64];
	int n;

	clock_gettime(CLOCK_REALTIME, &now);
	n = snprintf(line, sizeof(line), "%lld %d %s%s%.80s\n", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000,
		     atomic_load(&under_way), path, range ? " " : "", range ? range : "");
	if (n > 0 && write(log_fd, line, (size_t)n) != n)
		die("log");
}

void
over(void)
{
	if (counted)
		atomic_fetch_sub(&under_way, 1);
	counted = false;
}

/* Where the file LOG.heads is there: the request as it came. */
static void
note_head(const char *request)
{
	char name[PATH_MAX], text[SERVER_HEAD_MAX + 8];
	int fd, n;

	snprintf(name, sizeof(name), "%s.heads", log_path);
	fd = open(name, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return;
	n = snprintf(text, sizeof(text), "%s\r\n\r\n", request);
	if (n < 0 || write(fd, text, (size_t)n) != n)
		die("heads");
	close(fd);
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
	char whole[SERVER_HEAD_MAX + 8], range[80], robots[SERVER_HEAD_MAX];
	bool ranged = header_of(request, "\r\nRange:", range, sizeof(range));
	char *path = strchr(request, ' ');
	char *end = path ? strchr(path + 1, ' ') : NULL;
	struct answer a;
	int rc;

	if (!end)
		return -1;
	note_head(request);
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
	plan_validator(&a, whole);
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

int
main(int argc, char **argv)
{
	int listening, port;

	if (argc != 2) {
		fprintf(stderr, "usage: origin LOG\n");
		return 2;
	}
	log_path = argv[1];
	log_fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (log_fd < 0)
		die(argv[1]);
	listening = server_listen(&port);
	server_run(listening, port, serve);
	return 0;
}
