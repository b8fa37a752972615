#include "export_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/msg.h"
#include "base/paths.h"
#include "base/words.h"
#include "files/file.h"

enum { PROGRAM_MAX = 1 << 20, SECONDS = 60 };

static const rlim_t memory = (rlim_t)2 << 30; /* bytes */

/* Sets OUT to the path of the filter WORD. False: there is none. */
static bool
find_path(const char *word, struct buf *out)
{
	struct buf name = {0};
	bool is_there;

	if (word_ends_in(word, ".jq")) {
		buf_str(out, word);
		return true;
	}
	if (!*word || strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-_") < strlen(word))
		return false;
	buf_printf(&name, "export/%s.jq", word);
	is_there = path_of_share(out, name.data) == 0;
	buf_free(&name);
	return is_there;
}

/* Takes one word of the first line. False: it is not known. */
static bool
take_word(struct export_filter *f, const char *word)
{
	if (strcmp(word, "members") == 0)
		f->members = true;
	else if (strcmp(word, "pictures") == 0)
		f->pictures = true;
	else if (strcmp(word, "decisions") == 0)
		f->decisions = true;
	else if (*word == '.' && strlen(word) < sizeof(f->suffix))
		snprintf(f->suffix, sizeof(f->suffix), "%s", word);
	else
		return strcmp(word, "document") == 0;
	return true;
}

bool
export_filter_find(const char *word, struct export_filter *f)
{
	static const char begin[] = "# export ";
	struct buf text = {0};
	char *line, *at = NULL;
	bool good;
	int fd;

	*f = (struct export_filter){0};
	if (!find_path(word, &f->path))
		return false;
	fd = open(f->path.data, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || file_close(fd, file_read_all(fd, PROGRAM_MAX, &text)) < 0)
		msg_die_errno(EX_NOINPUT, "cannot read the filter of the export, %s", f->path.data);
	buf_str(&text, "");
	text.data[strcspn(text.data, "\n")] = '\0';
	line = text.data;
	good = strncmp(line, begin, sizeof(begin) - 1) == 0 && (strstr(line, "document") || strstr(line, "members"));
	line += good ? sizeof(begin) - 1 : 0;
	for (char *w = strtok_r(line, " ", &at); w && good; w = strtok_r(NULL, " ", &at))
		good = take_word(f, w);
	if (!good || (f->members && f->decisions))
		msg_die(EX_CONFIG,
			"%s is not a filter for exports: its first line must be '# export document' or '# export "
			"members' and what bi-exports(5) says",
			f->path.data);
	buf_free(&text);
	return true;
}

/* Limits RESOURCE of the child, unless its limit is lower. */
static void
limit(pid_t pid, enum __rlimit_resource resource, rlim_t most)
{
	struct rlimit r;

	if (prlimit(pid, resource, NULL, &r) < 0 || r.rlim_cur <= most)
		return;
	r.rlim_cur = most;
	if (prlimit(pid, resource, &r, NULL) < 0)
		msg_warn_errno("cannot limit jq");
}

/* A filter gets more processor time and memory for a larger input IN. */
static void
limit_filter(pid_t pid, int in)
{
	struct stat st = {0};
	rlim_t size = fstat(in, &st) < 0 ? 0 : (rlim_t)st.st_size;

	limit(pid, RLIMIT_CPU, SECONDS + (size >> 20));
	limit(pid, RLIMIT_DATA, memory + 16 * size);
}

static int
report_failure(const struct export_filter *f, int rc)
{
	if (rc == 128 + SIGXCPU || rc == 128 + SIGKILL)
		msg_warn("the filter %s took too much processor time, and jq was ended; nothing is exported: does the "
			 "filter end? bi-exports(5) has its limits",
			 f->path.data);
	else
		msg_warn("the filter %s failed: jq's message is above; nothing is exported", f->path.data);
	return EX_SOFTWARE;
}

/* What a filter writes depends on nothing but the records: it sees no environment, and no ~/.jq. */
int
export_filter_run(const struct export_filter *f, int in, int out)
{
	struct buf folder = {0};
	pid_t pid;
	int rc;

	if (path_of_share(&folder, "export/lib") < 0 || lseek(in, 0, SEEK_SET) < 0)
		return msg_report_errno("cannot find share/export/lib beside this program or in BI_SHARE");
	pid = child_start(&(struct child){
		.program = "jq",
		.argv = (char *[]){(char[]){"jq"}, f->members ? (char[]){"-nc"} : (char[]){"-nj"}, (char[]){"-L"},
				   folder.data, (char[]){"-f"}, f->path.data, NULL},
		.fds = (struct child_fd[]){{in, STDIN_FILENO}, {out, STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}},
		.fd_count = 3,
		.environment = (char *[]){NULL},
	});
	if (pid >= 0)
		limit_filter(pid, in);
	rc = pid < 0 ? -1 : child_wait(pid);
	buf_free(&folder);
	if (pid < 0) {
		msg_warn_errno("cannot start jq, which runs the filters of exports; install it");
		return EX_UNAVAILABLE;
	}
	return rc == 0 ? EX_ALL_WELL : report_failure(f, rc);
}
