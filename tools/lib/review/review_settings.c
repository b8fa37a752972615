#include "review/review_settings.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "files/atomic_file.h"
#include "files/file.h"
#include "records/rec.h"

static const char file_name[] = "review.json";

enum { SETTINGS_MAX = 1 << 20 };

static bool
is_set(struct json_object *o, const char *key)
{
	struct json_object *value = json_object_object_get(o, key);

	return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

int
review_settings_read(int dir, struct review_settings *s)
{
	int fd = file_open(dir, file_name), rc;
	struct buf text = {0};
	const char *picks;

	*s = (struct review_settings){0};
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	rc = file_close(fd, file_read_all(fd, SETTINGS_MAX, &text));
	if (rc == 0)
		s->all = rec_parse(text.data, text.len, NULL, 0);
	buf_free(&text);
	if (rc == 0 && !json_object_is_type(s->all, json_type_object)) {
		json_object_put(s->all);
		s->all = NULL;
		return file_fail(EBADMSG);
	}
	if (rc < 0)
		return -1;
	picks = rec_string(s->all, "picks");
	s->many = picks && strcmp(picks, "many") == 0;
	s->stars = is_set(s->all, "stars");
	s->blind = is_set(s->all, "blind");
	s->reasons = json_object_object_get(s->all, "reasons");
	if (!json_object_is_type(s->reasons, json_type_array) || json_object_array_length(s->reasons) == 0)
		s->reasons = NULL;
	return 0;
}

static void
set_flag(struct json_object *o, const char *key, const bool *is)
{
	if (is && *is)
		json_object_object_add(o, key, json_object_new_boolean(true));
	else if (is)
		json_object_object_del(o, key);
}

int
review_settings_change(int dir, int temp, const struct review_change *c)
{
	struct review_settings s;
	struct buf before = {0}, after = {0};
	int rc = 0;

	if (review_settings_read(dir, &s) < 0)
		return -1;
	buf_str(&before, s.all ? rec_print(s.all) : "{}");
	if (!s.all)
		s.all = json_object_new_object();
	if (c->picks && strcmp(c->picks, "many") == 0)
		rec_add_string(s.all, "picks", c->picks);
	else if (c->picks)
		json_object_object_del(s.all, "picks");
	if (c->reasons && json_object_array_length(c->reasons) > 0)
		json_object_object_add(s.all, "reasons", json_object_get(c->reasons));
	else if (c->reasons)
		json_object_object_del(s.all, "reasons");
	set_flag(s.all, "stars", c->stars);
	set_flag(s.all, "blind", c->blind);
	buf_str(&after, rec_print(s.all));
	if (strcmp(before.data, after.data) != 0) {
		buf_str(&after, "\n");
		rc = atomic_file_replace(temp, dir, file_name, after.data, after.len, true);
	}
	json_object_put(s.all);
	buf_free(&before);
	buf_free(&after);
	return rc;
}
