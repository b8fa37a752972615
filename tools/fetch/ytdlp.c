/* ytdlp: the results of yt-dlp for a page. Its JSON (-J) describes one video, or a list of them in "entries"; each has
 * "url", or "formats" with the best one last. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "page.h"
#include "records/rec.h"
enum { PATIENCE = 60 * 1000, LOOK_UP = 100, OUTPUT_MAX = 16 << 20 };

/* Reads its output until it ends. False: it wrote too much, or its time was over. */
static bool
read_all(int fd, int64_t until, const atomic_bool *hurry, struct buf *out)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int left;

	while ((left = clock_left(until)) > 0 && !atomic_load(hurry) && out->len <= OUTPUT_MAX) {
		ssize_t n;

		if (poll(&p, 1, left < LOOK_UP ? left : LOOK_UP) <= 0)
			continue;
		n = read(fd, buf_room(out, 1 << 16), 1 << 16);
		if (n <= 0)
			return n == 0;
		out->len += (size_t)n;
		out->data[out->len] = '\0';
	}
	return false;
}

/* Ends it if it does not end by itself, and returns its exit code. */
static int
reap_ytdlp(pid_t pid, bool whole, int64_t until)
{
	struct pollfd p = {.fd = pidfd_open(pid, 0), .events = POLLIN};

	if (!whole || p.fd < 0 || poll(&p, 1, clock_left(until)) <= 0)
		kill(pid, SIGKILL);
	if (p.fd >= 0)
		close(p.fd);
	return child_wait(pid);
}

/* Runs it. 0; 1 if it failed; -1 with errno if it does not start. */
static int
run_ytdlp(const char *url, const atomic_bool *hurry, struct buf *out)
{
	char *argv[] = {"yt-dlp", "-J", "--no-warnings", "--", (char *)(size_t)url, NULL};
	int64_t until = clock_ms() + PATIENCE;
	int pipe_fds[2], error;
	bool whole = false;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -1;
	pid = child_start(&(struct child){
		.program = argv[0],
		.argv = argv,
		.fds = &(struct child_fd){pipe_fds[1], STDOUT_FILENO},
		.fd_count = 1,
	});
	error = errno;
	close(pipe_fds[1]);
	if (pid > 0)
		whole = read_all(pipe_fds[0], until, hurry, out);
	close(pipe_fds[0]);
	errno = error;
	return pid < 0 ? -1 : reap_ytdlp(pid, whole, until) != 0 || !whole;
}

/* A URL that can be fetched as one file, and is not the playlist of a stream. */
static const char *
file_url(struct json_object *o)
{
	const char *url = rec_string(o, "url"), *protocol = rec_string(o, "protocol");

	if (!url || strlen(url) >= MEDIA_URL || (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0))
		return NULL;
	for (const char *c = url; *c; c++)
		if (*c <= ' ' || *c > '~')
			return NULL;
	return !protocol || strcmp(protocol, "http") == 0 || strcmp(protocol, "https") == 0 ? url : NULL;
}

static bool
has_codec(struct json_object *o, const char *key)
{
	const char *codec = rec_string(o, key);

	return !codec || strcmp(codec, "none") != 0;
}

/* The best format with picture and sound, or else the best of all. */
static const char *
best_url(struct json_object *video, const char **kind)
{
	const char *best = file_url(video);
	struct json_object *formats, *from = video;
	bool both = best != NULL;

	if (!best && json_object_object_get_ex(video, "formats", &formats) &&
	    json_object_is_type(formats, json_type_array))
		for (size_t i = json_object_array_length(formats); i-- > 0 && !both;) {
			struct json_object *o = json_object_array_get_idx(formats, i);
			const char *url = json_object_is_type(o, json_type_object) ? file_url(o) : NULL;

			both = url && has_codec(o, "vcodec") && has_codec(o, "acodec");
			if (url && (both || !best)) {
				best = url;
				from = o;
			}
		}
	*kind = has_codec(from, "vcodec") ? "video" : "audio";
	return best;
}

static void
take_video(struct media_found *out, struct json_object *video)
{
	const char *title, *kind, *url = json_object_is_type(video, json_type_object) ? best_url(video, &kind) : NULL;
	char room[MEDIA_TITLE];

	if (!url)
		return;
	title = rec_string(video, "title");
	snprintf(room, sizeof(room), "%s", title ? title : "");
	utf8_replace_invalid(room);
	out->media = buf_realloc(out->media, (out->count + 1) * sizeof(*out->media));
	out->media[out->count++] = (struct media_one){
		.url = buf_strdup(url),
		.title = buf_strdup(room),
		.kind = kind,
		.from = "yt-dlp",
	};
}

int
ytdlp_find(const char *url, size_t most, const atomic_bool *hurry, struct media_found *out)
{
	struct json_object *o, *entries;
	struct buf text = {0};
	int rc = run_ytdlp(url, hurry, &text), error = errno;

	while (text.len && text.data[text.len - 1] == '\n')
		text.data[--text.len] = '\0';
	o = rc == 0 && text.len ? rec_parse(text.data, text.len, NULL, 0) : NULL;
	buf_free(&text);
	if (json_object_is_type(o, json_type_object)) {
		if (json_object_object_get_ex(o, "entries", &entries) && json_object_is_type(entries, json_type_array))
			for (size_t i = 0; i < json_object_array_length(entries) && out->count < most; i++)
				take_video(out, json_object_array_get_idx(entries, i));
		else
			take_video(out, o);
	}
	json_object_put(o);
	errno = error;
	return rc < 0 ? -1 : out->count == 0;
}
