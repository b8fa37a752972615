#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/opt.h"
#include "export_form.h"
#include "names.h"

/* The formats, with the suffixes of documents; a NULL suffix: --format must name it, or it is an archive. */
static const struct {
	const char *word;
	enum export_format format;
	const char *suffix;
} formats[] = {
	{"tar", EXPORT_TAR, NULL},   {"zip", EXPORT_ZIP, NULL},      {"webdataset", EXPORT_WEBDATASET, NULL},
	{"csv", EXPORT_CSV, ".csv"}, {"json", EXPORT_JSON, ".json"}, {"md", EXPORT_MD, ".md"},
	{"coco", EXPORT_COCO, NULL},
};

enum { FORMATS = sizeof(formats) / sizeof(*formats) };

enum export_format
export_format_parse(const char *word)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(word, formats[i].word) == 0)
			return formats[i].format;
	opt_die("--format takes tar, zip, webdataset, csv, json, md or coco, not '%s'", word);
}

bool
export_is_stdout(const struct settings *set)
{
	return strcmp(set->output, "-") == 0;
}

bool
export_is_document(const struct settings *set)
{
	return set->format >= EXPORT_CSV;
}

/* The document that the suffix of NAME means; EXPORT_BY_NAME: none. */
static enum export_format
document_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < FORMATS; i++)
		if (formats[i].suffix && strcmp(dot, formats[i].suffix) == 0)
			return formats[i].format;
	return EXPORT_BY_NAME;
}

/* Whether --output and --format go together. */
static bool
is_known(const struct settings *set)
{
	enum export_format named = document_of(set->output);

	if (!export_is_document(set))
		return export_kind(set) != NULL;
	if (export_is_stdout(set) || (set->format == EXPORT_COCO && named == EXPORT_JSON))
		return true;
	return named == EXPORT_BY_NAME ? !pack_kind_of(set->output) : named == set->format;
}

const struct pack_kind *
export_kind(const struct settings *set)
{
	const struct pack_kind *kind = export_is_stdout(set) ? NULL : pack_kind_of(set->output);

	if (export_is_document(set))
		return NULL;
	if (!kind && set->format == EXPORT_ZIP)
		return pack_zip;
	if (!kind && (export_is_stdout(set) || set->format != EXPORT_BY_NAME))
		return pack_tar;
	if (kind && set->format != EXPORT_BY_NAME && kind->is_zip != (set->format == EXPORT_ZIP))
		return NULL;
	return kind;
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
	if (!*set->output || set->output[strlen(set->output) - 1] == '/')
		opt_die("--output '%s' is not a file name", set->output);
	for (const char *p = strrchr(set->output, '/') ? strrchr(set->output, '/') : set->output; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f || *p == '\\')
			opt_die("--output '%s': control characters and \\ cannot be in the name, since the list of "
				"digests beside it has it",
				set->output);
	if (set->format == EXPORT_BY_NAME && !export_is_stdout(set))
		set->format = document_of(set->output);
	if (!is_known(set))
		opt_die("--output '%s': its suffix does not name a format, or not that of --format; .tar, .tar.gz, "
			".tar.xz, .tar.zst, .zip, .csv, .json and .md are known",
			set->output);
	if (!export_is_stdout(set))
		return;
	if (set->format == EXPORT_WEBDATASET)
		opt_die("a webdataset is several files: --output - cannot take it");
	if (isatty(STDOUT_FILENO))
		opt_die("an export cannot be written to a terminal: give --output a file, or use a pipe");
	set->json = false;
}
