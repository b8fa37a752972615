#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/opt.h"
#include "base/words.h"
#include "export_filter.h"
#include "export_form.h"
#include "names.h"

/* The formats that are not filters, with the suffixes of documents; a NULL suffix: --format must name it, or it is an
 * archive. */
static const struct {
	const char *word;
	enum export_format format;
	const char *suffix;
} formats[] = {
	{"tar", EXPORT_TAR, NULL},      {"zip", EXPORT_ZIP, NULL}, {"webdataset", EXPORT_WEBDATASET, NULL},
	{"json", EXPORT_JSON, ".json"}, {"md", EXPORT_MD, ".md"},
};

enum { FORMATS = sizeof(formats) / sizeof(*formats) };

static struct export_filter filter;

/* Sets the format to the filter WORD. False: there is none. */
static bool
set_filter(struct settings *set, const char *word)
{
	if (!export_filter_find(word, &filter))
		return false;
	set->filter = &filter;
	set->format = filter.members ? EXPORT_LAYOUT : EXPORT_TEXT;
	return true;
}

void
export_format_set(struct settings *set, const char *word)
{
	set->filter = NULL;
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(word, formats[i].word) == 0) {
			set->format = formats[i].format;
			return;
		}
	if (!set_filter(set, word))
		opt_die("--format takes tar, zip, webdataset, json, md, the name of a filter in share/export (csv, "
			"decisions, decisions-ndjson, coco, imagefolder), or the path of one that ends in .jq, not "
			"'%s'",
			word);
}

bool
export_is_stdout(const struct settings *set)
{
	return strcmp(set->output, "-") == 0;
}

bool
export_is_document(const struct settings *set)
{
	return set->format >= EXPORT_JSON;
}

bool
export_is_tree(const struct settings *set)
{
	size_t n = strlen(set->output);

	return n > 0 && set->output[n - 1] == '/';
}

/* The end of NAME that is the suffix of a document, ".csv"; NULL: none. */
static const char *
document_suffix(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && !strchr(dot, '/') && word_is_one_of(dot, ".csv", ".json", ".md", ".ndjson") ? dot : NULL;
}

/* Sets the format that the suffix of the name means, if it is that of a document. */
static void
set_by_suffix(struct settings *set)
{
	const char *suffix = document_suffix(set->output);

	if (suffix && strcmp(suffix, ".ndjson") != 0)
		export_format_set(set, suffix + 1);
}

/* The suffix that the name of the document has, if it has one of a document; "": any. */
static const char *
wanted_suffix(const struct settings *set)
{
	return set->format == EXPORT_TEXT ? set->filter->suffix : set->format == EXPORT_JSON ? ".json" : ".md";
}

/* Whether --output and --format go together. */
static bool
is_known(const struct settings *set)
{
	const char *suffix = document_suffix(set->output);

	if (!export_is_document(set))
		return export_is_tree(set) || export_kind(set) != NULL;
	if (export_is_stdout(set))
		return true;
	if (export_is_tree(set) || pack_kind_of(set->output))
		return false;
	return !suffix || !*wanted_suffix(set) || strcmp(suffix, wanted_suffix(set)) == 0;
}

const struct pack_kind *
export_kind(const struct settings *set)
{
	const struct pack_kind *kind = export_is_stdout(set) ? NULL : pack_kind_of(set->output);
	bool any = set->format == EXPORT_BY_NAME || set->format == EXPORT_LAYOUT;

	if (export_is_document(set))
		return NULL;
	if (!kind && set->format == EXPORT_ZIP)
		return pack_zip;
	if (!kind && (export_is_stdout(set) || set->format != EXPORT_BY_NAME))
		return pack_tar;
	if (kind && !any && kind->is_zip != (set->format == EXPORT_ZIP))
		return NULL;
	return kind;
}

/* Checks the name of an export to a directory. */
static void
check_tree(const struct settings *set)
{
	if (strspn(set->output, "/.") == strlen(set->output))
		opt_die("--output '%s' is not a directory that can be made", set->output);
	if (set->format == EXPORT_WEBDATASET)
		opt_die("--output '%s': a webdataset is a series of tar files, and needs the name of a file",
			set->output);
	if (set->format == EXPORT_TAR || set->format == EXPORT_ZIP)
		opt_die("--output '%s' ends in '/', which means a directory, not an archive", set->output);
}

void
export_check(struct settings *set)
{
	if (!set->output) {
		if (set->format != EXPORT_BY_NAME)
			opt_die("--format needs --output");
		if (set->name)
			opt_die("--name names the files of an export, and needs --output");
		return;
	}
	if (set->name && names_check(set->name))
		opt_die("--name '%s': %s", set->name, names_check(set->name));
	if (!*set->output)
		opt_die("--output '' is not a file name");
	if (export_is_tree(set))
		check_tree(set);
	for (const char *p = strrchr(set->output, '/') ? strrchr(set->output, '/') : set->output; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f || *p == '\\')
			opt_die("--output '%s': control characters and \\ cannot be in the name, since the list of "
				"digests beside it has it",
				set->output);
	if (set->format == EXPORT_BY_NAME && !export_is_stdout(set))
		set_by_suffix(set);
	if (!is_known(set))
		opt_die("--output '%s': its suffix does not name a format, or not that of --format; .tar, .tar.gz, "
			".tar.xz, .tar.zst, .zip, .csv, .json and .md are known, and a name that ends in / is a "
			"directory",
			set->output);
	if (!export_is_stdout(set))
		return;
	if (set->format == EXPORT_WEBDATASET)
		opt_die("a webdataset is several files: --output - cannot take it");
	if (isatty(STDOUT_FILENO))
		opt_die("an export cannot be written to a terminal: give --output a file, or use a pipe");
	set->json = false;
}
