/*
 * minimal: the least that fetching a list into files can be, for `make bench` to compare with.
 *
 *     minimal DIR <URLS
 *
 * libcurl's multi interface, 64 transfers at once, each body written in pieces of 256 KiB to a temporary file and
 * renamed to its number, one syncfs(2) for every 256 files and at the end. No records, no retries, no hashes.
 */
#include <curl/curl.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { AT_ONCE = 64, SYNC_EVERY = 256, PIECE = 256 << 10 };

struct transfer {
	CURL *easy;
	int fd;
	unsigned long number;
	size_t held;
	char piece[PIECE];
};

static int target;
static unsigned long asked, got, failed;

static int
flush(struct transfer *t)
{
	ssize_t n = write(t->fd, t->piece, t->held);

	if (n != (ssize_t)t->held)
		return -1;
	t->held = 0;
	return 0;
}

static size_t
take(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	n *= size;
	if (t->held + n > PIECE && flush(t) < 0)
		return 0;
	memcpy(t->piece + t->held, bytes, n);
	t->held += n;
	return n;
}

static void
part_name(const struct transfer *t, char name[32])
{
	snprintf(name, 32, "part-%lu", t->number);
}

/* Begins the next URL of stdin in T. False at the end of the list. */
static int
begin(CURLM *multi, struct transfer *t)
{
	char url[4096], name[32];

	if (!fgets(url, sizeof(url), stdin))
		return 0;
	url[strcspn(url, "\n")] = '\0';
	t->number = ++asked;
	part_name(t, name);
	t->fd = openat(target, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (t->fd < 0)
		err(1, "%s", name);
	if (curl_easy_setopt(t->easy, CURLOPT_URL, url) || curl_multi_add_handle(multi, t->easy))
		errx(1, "%s: cannot be begun", url);
	return 1;
}

static void
end(CURLM *multi, struct transfer *t, CURLcode rc)
{
	char from[32], to[32];

	curl_multi_remove_handle(multi, t->easy);
	part_name(t, from);
	snprintf(to, sizeof(to), "%lu", t->number);
	if (flush(t) < 0 || close(t->fd) < 0 || renameat(target, from, target, to) < 0)
		err(1, "%s", to);
	failed += rc != CURLE_OK;
	if (++got % SYNC_EVERY == 0 && syncfs(target) < 0)
		err(1, "syncfs");
}

static void
run(CURLM *multi, int running)
{
	while (running > 0) {
		CURLMsg *msg;
		int n;

		if (curl_multi_perform(multi, &n))
			errx(1, "libcurl fails");
		while ((msg = curl_multi_info_read(multi, &n))) {
			struct transfer *t = NULL;
			CURLcode rc = msg->data.result;

			curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&t);
			end(multi, t, rc);
			running -= !begin(multi, t);
		}
		if (running > 0 && curl_multi_poll(multi, NULL, 0, 1000, NULL))
			errx(1, "libcurl fails");
	}
}

int
main(int argc, char **argv)
{
	static struct transfer transfers[AT_ONCE];
	CURLM *multi;
	int running = 0;

	if (argc != 2)
		errx(2, "usage: minimal DIR <URLS");
	target = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		err(1, "%s", argv[1]);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	for (int i = 0; i < AT_ONCE; i++) {
		struct transfer *t = &transfers[i];

		t->easy = curl_easy_init();
		if (!multi || !t->easy)
			errx(1, "libcurl does not start");
		curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
		curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, take);
		curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
		curl_easy_setopt(t->easy, CURLOPT_FAILONERROR, 1L);
		curl_easy_setopt(t->easy, CURLOPT_BUFFERSIZE, (long)PIECE);
		running += begin(multi, t);
	}
	run(multi, running);
	if (syncfs(target) < 0)
		err(1, "syncfs");
	printf("%lu files, %lu failed\n", got, failed);
	return failed > 0;
}
