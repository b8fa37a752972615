#include "fonts.h"

#include <cairo-ft.h>
#include <fontconfig/fontconfig.h>
#include <stdbool.h>

#include "base/buf.h"

/* At most 9: Cairo keeps 10 open, and would close one of these for an eleventh. */
static const struct font {
	const char *family, *weight, *style, *lang, *text;
} usual[] = {
	{"sans-serif", "normal", "normal", "en", "Aa"}, {"sans-serif", "bold", "normal", "en", "Aa"},
	{"sans-serif", "normal", "italic", "en", "Aa"}, {"serif", "normal", "normal", "en", "Aa"},
	{"serif", "bold", "normal", "en", "Aa"},        {"serif", "normal", "italic", "en", "Aa"},
	{"monospace", "normal", "normal", "en", "Aa"},  {"monospace", "bold", "normal", "en", "Aa"},
	{"sans-serif", "normal", "normal", "zh", "中"},
};

/* Opens the font of PATTERN and never closes it: Cairo finds it by its file. */
static bool
hold(FcPattern *pattern)
{
	cairo_font_face_t *face = cairo_ft_font_face_create_for_pattern(pattern);
	cairo_font_options_t *options = cairo_font_options_create();
	cairo_matrix_t size, plain;
	cairo_scaled_font_t *font;
	bool held;

	cairo_matrix_init_scale(&size, 16, 16);
	cairo_matrix_init_identity(&plain);
	font = cairo_scaled_font_create(face, &size, &plain, options);
	held = cairo_scaled_font_status(font) == CAIRO_STATUS_SUCCESS && cairo_ft_scaled_font_lock_face(font);
	if (held)
		cairo_ft_scaled_font_unlock_face(font);
	cairo_font_options_destroy(options);
	return held;
}

/* Adds a rule to XML that accepts the font's file. */
static void
let_in(struct buf *xml, FcPattern *font)
{
	FcChar8 *file;

	if (FcPatternGetString(font, FC_FILE, 0, &file) != FcResultMatch)
		return;
	buf_str(xml, "<acceptfont><pattern><patelt name=\"file\"><string>");
	for (const char *c = (const char *)file; *c; c++)
		buf_str(xml, *c == '&' ? "&amp;" : *c == '<' ? "&lt;" : (char[]){*c, '\0'});
	buf_str(xml, "</string></patelt></pattern></acceptfont>");
}

void
fonts_open(struct buf *svg)
{
	FcConfig *config = FcInitLoadConfig();
	struct buf xml = {0};

	buf_str(&xml, "<fontconfig><selectfont><rejectfont><pattern/></rejectfont>");
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		const struct font *f = &usual[i];
		FcPattern *asked = FcPatternBuild(NULL, FC_FAMILY, FcTypeString, f->family, FC_WEIGHT, FcTypeInteger,
						  *f->weight == 'b' ? FC_WEIGHT_BOLD : FC_WEIGHT_NORMAL, FC_SLANT,
						  FcTypeInteger, *f->style == 'i' ? FC_SLANT_ITALIC : FC_SLANT_ROMAN,
						  FC_LANG, FcTypeString, f->lang, (char *)NULL);
		FcPattern *font;
		FcResult result;

		buf_printf(svg,
			   "<text y='50' xml:lang='%s' font-family='%s' font-weight='%s' font-style='%s'>%s</text>",
			   f->lang, f->family, f->weight, f->style, f->text);
		FcConfigSubstitute(NULL, asked, FcMatchPattern);
		FcDefaultSubstitute(asked);
		font = FcFontMatch(NULL, asked, &result);
		if (font && hold(font))
			let_in(&xml, font);
		if (font)
			FcPatternDestroy(font);
		FcPatternDestroy(asked);
	}
	buf_str(&xml, "</selectfont></fontconfig>");
	if (config && FcConfigParseAndLoadFromMemory(config, (const FcChar8 *)xml.data, FcTrue) &&
	    FcConfigBuildFonts(config))
		FcConfigSetCurrent(config);
	buf_free(&xml);
}
