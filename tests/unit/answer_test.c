/*
 * What bi-parse believes of the process that parsed a stranger's file: nothing that it has not looked at.
 */
#include "testing.h"

#include <sys/mman.h>

#include "answer.h"
#include "doc.h"

#define LISTS "\"metadata\":{},\"links\":[],\"media\":[]"
#define IMAGE "{\"name\":\"image1.png\",\"mime\":\"image/png\",\"bytes\":3}"

/* An answer of these parts, and of what it says that they are. */
static bool
reads(const char *images, const char *text, const char *meta, long more, struct answer *a)
{
	struct work w = {.out = memfd_create("test", MFD_CLOEXEC)};
	bool read;

	assert_true(w.out >= 0);
	w.images = strlen(images);
	w.text = strlen(text);
	w.meta = strlen(meta);
	assert_int_equal(write(w.out, images, w.images), w.images);
	assert_int_equal(write(w.out, text, w.text), w.text);
	assert_int_equal(write(w.out, meta, w.meta), w.meta);
	w.text = (size_t)((long)w.text + more);
	read = answer_read(&w, a);
	close(w.out);
	return read;
}

static void
valid_answers_are_read(void **state)
{
	struct answer a;

	(void)state;
	assert_true(reads("abcde", "Text \xc3\xa9",
			  "{\"kind\":\"book\",\"title\":\"T\"," LISTS
			  ",\"pages\":2,\"truncated\":true,\"missing\":[\"text\",\"end notes\"],\"needs_ocr\":true,"
			  "\"needs_package\":\"lib-a+2.0\",\"images\":[" IMAGE
			  ",{\"name\":\"image2.jpg\",\"mime\":\"image/jpeg\",\"bytes\":2,\"alt\":\"A\"}]}",
			  0, &a));
	assert_string_equal(a.text.data, "Text \xc3\xa9");
	assert_int_equal(a.image_count, 2);
	assert_string_equal(a.images[1].name, "image2.jpg");
	assert_int_equal(a.images[1].from, 3);
	assert_int_equal(a.images[1].bytes, 2);
	answer_free(&a);
	/* what is no UTF-8 is mended */
	assert_true(reads("",
			  "a\xff"
			  "b",
			  "{\"kind\":\"text\"," LISTS ",\"images\":[]}", 0, &a));
	assert_string_equal(a.text.data, "a?b");
	answer_free(&a);
}

static void
invalid_answers_are_refused(void **state)
{
	static const char *const metas[] = {
		"",
		"[]",
		"{",
		"{}",
		"null",
		"{\"kind\":\"spell\"," LISTS ",\"images\":[]}",
		"{\"kind\":7," LISTS ",\"images\":[]}",
		"{\"kind\":\"text\"," LISTS "}",
		"{\"kind\":\"text\"," LISTS ",\"images\":[],\"path\":\"/etc/passwd\"}",
		"{\"kind\":\"text\"," LISTS ",\"images\":[],\"knowledge_item_id\":7}",
		"{\"kind\":\"text\"," LISTS ",\"images\":[],\"title\":7}",
		"{\"kind\":\"text\"," LISTS ",\"images\":[],\"missing\":\"text\"}",
		"{\"kind\":\"text\"," LISTS ",\"images\":[],\"missing\":[7]}",
		"{\"kind\":\"text\"," LISTS ",\"images\":[],\"missing\":[\"<b>\"]}",
		"{\"kind\":\"text\"," LISTS ",\"images\":[],\"needs_ocr\":1}",
		"{\"kind\":\"text\"," LISTS ",\"images\":[],\"needs_package\":\"a;b\"}",
		"{\"kind\":\"text\"," LISTS ",\"images\":[],\"pages\":\"many\"}",
		"{\"kind\":\"text\",\"metadata\":[],\"links\":[],\"media\":[],\"images\":[]}",
		"{\"kind\":\"text\",\"metadata\":{\"a\":{}},\"links\":[],\"media\":[],\"images\":[]}",
		"{\"kind\":\"text\",\"metadata\":{},\"links\":[{}],\"media\":[],\"images\":[]}",
		"{\"kind\":\"text\",\"metadata\":{},\"links\":[{\"url\":\"u\",\"x\":\"y\"}],\"media\":[],\"images\":[]"
		"}",
		"{\"kind\":\"text\",\"metadata\":{},\"links\":[],\"media\":[7],\"images\":[]}",
		"{\"kind\":\"text\"," LISTS
		",\"images\":[{\"name\":\"image1.png\",\"mime\":\"image/png\",\"bytes\":0}],\"images\":7}",
	};
	struct answer a;

	(void)state;
	for (size_t i = 0; i < sizeof(metas) / sizeof(metas[0]); i++) {
		assert_false(reads("", "text", metas[i], 0, &a));
		answer_free(&a);
	}
	for (long more = -1; more <= 1; more += 2) {
		assert_false(reads("", "text", "{\"kind\":\"text\"," LISTS ",\"images\":[]}", more, &a));
		answer_free(&a);
	}
}

static void
images_are_files_of_ours(void **state)
{
	static const char *const images[] = {
		"{\"name\":\"../image1.png\",\"mime\":\"image/png\",\"bytes\":3}",
		"{\"name\":\"image1.png/x\",\"mime\":\"image/png\",\"bytes\":3}",
		"{\"name\":\"image.png\",\"mime\":\"image/png\",\"bytes\":3}",
		"{\"name\":\"image1.\",\"mime\":\"image/png\",\"bytes\":3}",
		"{\"name\":\"image1.PNG\",\"mime\":\"image/png\",\"bytes\":3}",
		"{\"name\":\"image1.html\\n\",\"mime\":\"image/png\",\"bytes\":3}",
		"{\"name\":\"image1.html\",\"mime\":\"image/png\",\"bytes\":3}",
		"{\"name\":\"image1.svg\",\"mime\":\"image/svg+xml\",\"bytes\":3}",
		"{\"name\":\"image1.png\",\"mime\":\"image/png\",\"bytes\":2}",
		"{\"name\":\"image1.png\",\"mime\":\"image/png\",\"bytes\":4}",
		"{\"name\":\"image1.png\",\"mime\":\"image/png\",\"bytes\":-1}",
		"{\"name\":\"image1.png\",\"mime\":\"image/png\",\"bytes\":3,\"x\":1}",
		"{\"mime\":\"image/png\",\"bytes\":3}",
		"7",
		IMAGE ","
		      "{\"name\":\"image1.png\",\"mime\":\"image/png\",\"bytes\":0}",
		"",
	};
	struct answer a;

	(void)state;
	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
		char meta[400];

		snprintf(meta, sizeof(meta), "{\"kind\":\"book\"," LISTS ",\"images\":[%s]}", images[i]);
		assert_false(reads("abc", "text", meta, 0, &a));
		answer_free(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_answers_are_read),
		cmocka_unit_test(invalid_answers_are_refused),
		cmocka_unit_test(images_are_files_of_ours),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
