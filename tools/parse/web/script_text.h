/*
 * script_text: superscripts and subscripts as text that stays apart from what stands before them.
 */
#ifndef BI_PARSE_SCRIPT_TEXT_H
#define BI_PARSE_SCRIPT_TEXT_H

#include <stdbool.h>

#include "markdown/md.h"

/* How a text is set, relative to its line. */
enum script_kind { SCRIPT_NONE, SCRIPT_SUPER, SCRIPT_SUB, SCRIPT_NOTE };

/*
 * Writes TEXT. Digits become the characters that Unicode has for them: 10⁶, H₂O. Ordinals stay as they are behind a
 * digit or a capital letter: 21st. Other letters get a caret or a low line: x^ab, x_(i+1). The mark of a note gets
 * brackets if it has none: 1,234[12].
 */
void script_text_put(struct md *m, enum script_kind kind, const char *text);

#endif
