#include "records/table_head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "records/rec.h"

void
table_head_take(struct table_head *head, const struct table_row *row)
{
	head->names = buf_alloc(row->count * sizeof(*head->names));
	head->count = row->count;
	for (size_t i = 0; i < row->count; i++) {
		char *from = row->cells[i] + strspn(row->cells[i], " \t"), *to;
		size_t n = strlen(from);

		while (n > 0 && strchr(" \t", from[n - 1]))
			n--;
		head->names[i] = to = buf_strdup(from);
		to[n] = '\0';
		for (; *to; to++)
			if (*to >= 'A' && *to <= 'Z')
				*to = (char)(*to + 'a' - 'A');
	}
}

bool
table_head_has(const struct table_head *head, const char *name)
{
	for (size_t i = 0; i < head->count; i++)
		if (strcmp(head->names[i], name) == 0)
			return true;
	return false;
}

struct json_object *
table_head_object(const struct table_head *head, const struct table_row *row, char *wrong, size_t room)
{
	struct json_object *o = NULL;
	struct buf text = {0};
	bool any = false;

	*wrong = '\0';
	for (size_t i = head->count; i < row->count; i++)
		if (*row->cells[i]) {
			snprintf(wrong, room, "has %zu cells, and the first line %zu: is a quote missing?", row->count,
				 head->count);
			return NULL;
		}
	for (size_t i = 0; i < row->count && i < head->count; i++) {
		if (!*row->cells[i] || !*head->names[i])
			continue;
		buf_str(&text, any ? "," : "{");
		buf_json(&text, head->names[i]);
		buf_str(&text, ":");
		buf_json(&text, row->cells[i]);
		any = true;
	}
	buf_str(&text, "}");
	if (any && !(o = rec_parse(text.data, text.len, NULL, 0)))
		snprintf(wrong, room, "is not UTF-8 text");
	buf_free(&text);
	return o;
}

void
table_head_free(struct table_head *head)
{
	for (size_t i = 0; i < head->count; i++)
		free(head->names[i]);
	free(head->names);
	*head = (struct table_head){0};
}
