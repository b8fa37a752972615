#include "go_on.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/words.h"

/* Appends a word, quoted for the shell. */
static void
add_word(struct buf *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@%+=,";

	buf_str(out, " ");
	if (*word && strspn(word, plain) == strlen(word)) {
		buf_str(out, word);
		return;
	}
	buf_str(out, "'");
	for (; *word; word++)
		if (*word == '\'')
			buf_str(out, "'\\''");
		else
			buf_add(out, word, 1);
	buf_str(out, "'");
}

void
go_on_note(struct go_on *g, const char *option, const char *value)
{
	/* --resume reads no lists; the batch is named always; secrets are not shown. */
	if (word_is_one_of(option, "--input", "--null", "--list-format", "--column", "--batch", "--resume"))
		return;
	if (word_is_one_of(option, "--header", "--cookie", "--proxy")) {
		g->has_secrets = true;
		return;
	}
	add_word(&g->options, option);
	if (value)
		add_word(&g->options, value);
}

void
go_on_say(const struct stats *s, bool is_read, const char *batch)
{
	const struct settings *set = s->run->set;
	struct buf how = {0};

	if (set->quiet || !isatty(STDERR_FILENO))
		return;
	if (set->work)
		buf_str(&how, "the rest stays in the queue, which bi-fetch --work goes on with");
	else if (set->output)
		buf_str(&how, "the same command goes on");
	else if (set->queue || !is_read || !batch)
		buf_str(&how, "the same command, with the same lists, goes on");
	else {
		buf_str(&how, "to go on: bi-fetch --resume --batch");
		add_word(&how, batch);
		buf_str(&how, set->go_on.options.data ? set->go_on.options.data : "");
		buf_str(&how, set->go_on.has_secrets ? " (and the same --header, --cookie or --proxy)" : "");
	}
	if (set->work || set->queue)
		msg_warn("stopped; %s", how.data);
	else
		msg_warn("stopped after %" PRIu64 " of %" PRIu64 "%s items, %" PRIu64 " failed; %s",
			 s->completed + s->failed, s->run->asked, is_read ? "" : " or more", s->failed, how.data);
	buf_free(&how);
}
