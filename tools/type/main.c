/* bi-type: prints the types of files, which it determines from their bytes. libmagic parses untrusted files, so it runs
 * in a confined process (confine.h): `bi-type --serve`, whose protocol is in type.h. For files on its command line,
 * bi-type starts that process as other programs do. */
#include <errno.h>
#include <fcntl.h>
#include <magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/human.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/trouble.h"
#include "confined/confine.h"
#include "confined/helper.h"
#include "confined/type.h"
#include "files/file.h"
#include "mail/mail_head.h"
#include "records/rec.h"

enum { GROUP = 64, OPT_SERVE = 256 }; /* files in one request */

static const struct opt table[] = {
	{'j', "json", NULL, "records also on a terminal"},
	{OPT_SERVE, "serve", NULL, "answer the heads of files on the socket that is standard input"},
	{0},
};

static const struct confine_limits limits = {.memory = 512 << 20};

struct asked {
	char *names[GROUP];
	char *heads; /* GROUP times TYPE_HEAD bytes */
	struct type_head head[GROUP];
	struct type_answer answer[GROUP];
	size_t n;
	unsigned long long typed, failed;
	bool json;
};

/* Reads up to TYPE_HEAD bytes. -1 with errno. */
static ssize_t
read_head(const char *name, char *head)
{
	struct stat st;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return file_fail(S_ISDIR(st.st_mode) ? EISDIR : EINVAL);
	}
	n = file_read_at(fd, head, TYPE_HEAD, 0);
	return file_close(fd, (int)n);
}

static void
say(const struct asked *a, const char *name, const struct type_answer *t)
{
	struct json_object *o;

	if (!a->json) {
		human_print("%s: %s", name, t->mime);
		return;
	}
	o = json_object_new_object();
	rec_add_string(o, "file", name);
	rec_add_string(o, "mime", t->mime);
	rec_add_string(o, "ext", t->ext);
	rec_write_json(o);
}

static void
say_failed(struct asked *a, const char *name, const char *code, const char *why, bool retryable)
{
	struct json_object *o;

	a->failed++;
	msg_warn("%s: %s", name, why);
	if (!a->json)
		return;
	o = json_object_new_object();
	rec_add_string(o, "file", name);
	rec_add_string(o, "status", "failed");
	rec_add_error(o, code, why, retryable);
	rec_write_json(o);
}

static void
ask(struct asked *a, struct typer *t)
{
	if (type_detect(t, a->head, a->n, a->answer) < 0)
		msg_die_errno(EX_OSERR, "cannot start bi-type --serve again");
	for (size_t i = 0; i < a->n; i++) {
		if (a->answer[i].failed) {
			say_failed(a, a->names[i], TROUBLE_CODE,
				   "what looks at it " HELPER_TROUBLE ", again and again",
				   true);
		} else {
			say(a, a->names[i], &a->answer[i]);
			a->typed++;
		}
		free(a->names[i]);
	}
	a->n = 0;
	rec_flush();
}

static void
add(struct asked *a, struct typer *t, const char *name)
{
	char *head = a->heads + a->n * TYPE_HEAD;
	ssize_t n = read_head(name, head);

	if (n < 0) {
		int error = errno;

		ask(a, t);
		say_failed(a, name,
			   error == ENOENT           ? "not_found"
			   : trouble_is_local(error) ? TROUBLE_CODE
						     : "not_readable",
			   error == EINVAL ? "not a file of bytes (a device, a pipe or a socket)" : strerror(error),
			   trouble_is_local(error));
		return;
	}
	a->names[a->n] = buf_strdup(name);
	a->head[a->n++] = (struct type_head){head, (size_t)n};
	if (a->n == GROUP)
		ask(a, t);
}

/* Files from operands or stdin: plain lines, or records with "path" or "file". Returns the exit code. */
static int
type_files(char **operands, bool json)
{
	struct asked a = {.heads = buf_alloc((size_t)GROUP * TYPE_HEAD), .json = json};
	struct rec_reader *in = rec_open(operands, STDIN_FILENO);
	struct typer *t = type_open();
	struct rec r;
	int code;

	if (!t)
		msg_die_errno(EX_OSERR, "cannot start bi-type --serve, which detects the types");
	while (rec_read(in, &r) != REC_EOF) {
		const char *name = r.kind == REC_PLAIN ? r.text : NULL;

		if (r.kind == REC_JSON && !(name = rec_string(r.json, "path")))
			name = rec_string(r.json, "file");
		if (name)
			add(&a, t, name);
		else if (r.kind == REC_BAD)
			say_failed(&a, r.text ? r.text : "", r.code, r.wrong, false);
		else
			say_failed(&a, "", "no_file", "a record without \"path\" or \"file\"", false);
	}
	ask(&a, t);
	type_close(t);
	code = a.failed ? EX_SOME_FAILED : EX_ALL_WELL;
	if (rec_report_cut(in))
		code = EX_SOME_FAILED;
	rec_close(in);
	if (json)
		rec_write_counts(code, {"typed", a.typed}, {"failed", a.failed});
	free(a.heads);
	return code;
}

/* What a text is that begins with the headers of a mail; NULL: it does not. libmagic knows some of the headers that may
 * be the first. */
static const char *
mail_type(const char *mime, const char *head, size_t n)
{
	if (strncmp(mime, "text/", 5) != 0 && strcmp(mime, "application/octet-stream") != 0)
		return NULL;
	if (mail_head_from_line(head, n) > 0)
		return "application/mbox";
	return mail_head_is_mail(head, n) ? "message/rfc822" : NULL;
}

/* Sends one answer. False if the other end is closed. libmagic has an answer for any bytes; without one it lacked
 * memory (which its error number does not tell), and a head is too small to use up what the limit allows. */
static bool
answer(magic_t magic, const char *head, size_t n)
{
	const char *mime = magic_buffer(magic, head, n);
	char packet[TYPE_MIME + TYPE_EXT + 8];
	const char *mail;
	int len;

	if (!mime)
		_exit(HELPER_LACKS);
	if (!strchr(mime, '/') || strlen(mime) >= TYPE_MIME || strpbrk(mime, " ;\n"))
		mime = "application/octet-stream";
	if ((mail = mail_type(mime, head, n)))
		mime = mail;
	len = snprintf(packet, sizeof(packet), "%s %s", mime, type_extension(mime));
	return len > 0 && helper_send_answer(packet, (size_t)len, NULL, 0);
}

/* Answers heads until end-of-file. The process ends with _exit: nothing is left to write, and the exit handlers of a
 * sanitizer make calls that are not allowed here. */
static _Noreturn void
serve(void)
{
	magic_t magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF);
	char *head = buf_alloc(TYPE_HEAD);
	ssize_t n;

	if (!magic || magic_load(magic, NULL) < 0)
		msg_die(EX_UNAVAILABLE, "cannot load libmagic's database (%s): install the package libmagic1",
			magic ? magic_error(magic) : "out of memory");
	helper_require_socket();
	helper_confine(&limits);
	while ((n = recv(STDIN_FILENO, head, TYPE_HEAD, 0)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || !answer(magic, head, (size_t)n))
			break;
	}
	_exit(n == 0 ? EX_ALL_WELL : EX_OSERR);
}

int
main(int argc, char **argv)
{
	struct opts o =
		opt_begin("bi-type", table, argc, argv, "[FILE ...]",
			  "Says what files really are, by their bytes; names come as operands or on standard input.");
	bool json = !isatty(STDOUT_FILENO), serving = false;
	int id;

	while ((id = opt_next(&o)) != 0) {
		if (id == 'j')
			json = true;
		else
			serving = true;
	}
	if (!serving)
		msg_finish(type_files(opt_rest(&o), json));
	if (*opt_rest(&o))
		opt_die("--serve takes no files");
	serve();
}
