/*
 * docx_symbols: characters of the fonts Symbol, Wingdings and the like, whose codes are not those of Unicode.
 */
#ifndef BI_PARSE_DOCX_SYMBOLS_H
#define BI_PARSE_DOCX_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Whether the font has codes of its own. FONT may be NULL. */
bool symbol_font(const char *font);

/* The character of Unicode for CODE of the font: 0x20 to 0xff, or the same in the private area, 0xf020 to 0xf0ff. 0:
 * not known. Codes of other fonts are themselves, unless they are private. */
uint32_t symbol_unicode(const char *font, uint32_t code);

/* Appends a character as UTF-8. */
void symbol_add(struct buf *out, uint32_t c);

#endif
