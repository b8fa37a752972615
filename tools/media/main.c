/* bi-media: lists the pictures, videos and sounds that HTML pages show. The pages are untrusted, so a confined process
 * parses them (confine.h): `bi-media --serve`, whose protocol is in media.h. For files on its command line, bi-media
 * starts that process as bi-fetch does. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/opt.h"
#include "base/trouble.h"
#include "confined/media.h"
#include "media_helper.h"
#include "records/rec.h"

enum { MEDIA_USUAL = 100, OPT_SERVE = 256, OPT_TYPE };

static const struct opt table[] = {
	{'b', "base", "URL", "the address of the pages, for what is relative in them"},
	{OPT_TYPE, "content-type", "TYPE", "the Content-Type that the pages came with"},
	{'m', "max-media", "NUMBER", "media of one page; 100"},
	{OPT_SERVE, "serve", NULL, "answer about the pages that come over standard input"},
	{0},
};

struct asked {
	const char *base, *type;
	size_t most;
	bool serve;
	struct media *media;
	unsigned long long found, failed;
};

static void
print_failed(struct asked *a, const char *file, const char *code, const char *why)
{
	bool retryable = strcmp(code, TROUBLE_CODE) == 0;

	struct json_object *o = json_object_new_object();

	a->failed++;
	msg_warn("%s: %s", file, why);
	rec_add_string(o, "page", file);
	rec_add_string(o, "status", "failed");
	rec_add_error(o, code, why, retryable);
	rec_write_json(o);
}

/* A record about the whole page. */
static void
print_about(const char *file, const char *key, const char *value)
{
	struct json_object *o;

	if (!value || !*value)
		return;
	o = json_object_new_object();
	rec_add_string(o, "page", file);
	rec_add_string(o, key, value);
	rec_write_json(o);
}

static void
look_at(struct asked *a, const char *file, const char *url)
{
	struct media_found found = {0};
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc;

	if (fd < 0) {
		print_failed(a, file,
			     errno == ENOENT           ? "not_found"
			     : trouble_is_local(errno) ? TROUBLE_CODE
						       : "not_readable",
			     strerror(errno));
		return;
	}
	rc = media_find(a->media, fd, url, a->type, a->most, &found);
	if (rc < 0)
		msg_die_errno(EX_OSERR, "cannot start bi-media --serve again");
	close(fd);
	if (rc > 0)
		print_failed(a, file, found.trouble ? TROUBLE_CODE : "bad_page", found.why);
	if (found.cut)
		msg_warn("%s: too long or nested too deeply: only its beginning was read", file);
	print_about(file, "rule", found.rule);
	print_about(file, "refresh", found.refresh);
	print_about(file, "stream", found.stream);
	for (size_t i = 0; i < found.count; i++) {
		struct json_object *o = json_object_new_object();

		rec_add_string(o, "url", found.media[i].url);
		rec_add_string(o, "kind", found.media[i].kind);
		rec_add_string(o, "from", found.media[i].from);
		rec_add_filled(o, "title", found.media[i].title);
		rec_write_json(o);
	}
	a->found += found.count;
	media_free(&found);
	rec_flush();
}

/* Pages from operands or stdin: plain lines, or records with "path" or "file", and "url". Returns the exit code. */
static int
look_at_all(struct asked *a, char **operands)
{
	struct rec_reader *in = rec_open(operands, STDIN_FILENO);
	struct rec r;
	int code;

	a->media = media_open();
	if (!a->media)
		msg_die_errno(EX_OSERR, "cannot start bi-media --serve, which parses the pages");
	while (rec_read(in, &r) != REC_EOF) {
		const char *file = r.kind == REC_PLAIN ? r.text : NULL, *url = NULL;

		if (r.kind == REC_JSON) {
			file = rec_string(r.json, "path");
			file = file ? file : rec_string(r.json, "file");
			url = rec_string(r.json, "url");
		}
		if (file)
			look_at(a, file, a->base ? a->base : url);
		else if (r.kind == REC_BAD)
			print_failed(a, r.text ? r.text : "", r.code, r.wrong);
		else
			print_failed(a, "", "no_file", "a record without \"path\" or \"file\"");
	}
	media_close(a->media);
	code = a->failed ? EX_SOME_FAILED : EX_ALL_WELL;
	if (rec_report_cut(in))
		code = EX_SOME_FAILED;
	rec_close(in);
	rec_write_counts(code, {"found", a->found}, {"failed", a->failed});
	return code;
}

int
main(int argc, char **argv)
{
	struct opts o = opt_begin("bi-media", table, argc, argv, "[FILE ...]",
				  "Finds the media that HTML pages show; names come as operands or on standard input.");
	struct asked a = {.most = MEDIA_USUAL};
	int id;

	while ((id = opt_next(&o)) != 0) {
		if (id == 'b')
			a.base = o.value;
		else if (id == OPT_TYPE)
			a.type = o.value;
		else if (id == 'm')
			a.most = (size_t)opt_number(&o, 1, MEDIA_MAX);
		else
			a.serve = true;
	}
	if (a.base && strncasecmp(a.base, "http://", 7) != 0 && strncasecmp(a.base, "https://", 8) != 0)
		opt_die("--base is to begin with http:// or https://, and not as '%s'", a.base);
	if (!a.serve)
		msg_finish(look_at_all(&a, opt_rest(&o)));
	if (*opt_rest(&o))
		opt_die("--serve takes no files");
	media_serve();
}
