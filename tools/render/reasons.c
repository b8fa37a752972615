#include "reasons.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/utf8.h"
#include "files/file.h"
#include "review/pick.h"
#include "review/review_settings.h"

enum { REASONS_FILE_MAX = 64 << 10 };

struct json_object *
reasons_read(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct json_object *all = json_object_new_array();
	struct buf text = {0};

	if (fd < 0 || file_read_all(fd, REASONS_FILE_MAX, &text) < 0) {
		msg_warn_errno("cannot read the reasons in %s", file);
		msg_finish(EX_NOINPUT);
	}
	close(fd);
	if (utf8_valid_length(text.data ? text.data : "", text.len) != text.len) {
		msg_warn("%s: the reasons are not UTF-8 text", file);
		msg_finish(EX_DATAERR);
	}
	for (size_t at = 0, n; at < text.len; at += n + 1) {
		const char *end = memchr(text.data + at, '\n', text.len - at);
		char *line;

		n = end ? (size_t)(end - text.data) - at : text.len - at;
		line = utf8_copy_line(text.data + at, n, n);
		if (strlen(line) > PICK_REASON_MAX) {
			msg_warn("%s: the reason '%.40s…' is longer than %d bytes", file, line, PICK_REASON_MAX);
			msg_finish(EX_DATAERR);
		}
		if (*line)
			json_object_array_add(all, json_object_new_string(line));
		free(line);
	}
	buf_free(&text);
	if (json_object_array_length(all) > REVIEW_REASONS_MAX) {
		msg_warn("%s: there are more than %d reasons; a reviewer must be able to survey them", file,
			 REVIEW_REASONS_MAX);
		msg_finish(EX_DATAERR);
	}
	return all;
}
