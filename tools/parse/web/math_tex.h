/*
 * math_tex: formulas of a page as TeX.
 */
#ifndef BI_PARSE_MATH_TEX_H
#define BI_PARSE_MATH_TEX_H

#include "markdown/md.h"
#include "web/dom.h"

/*
 * Appends the formula of the <math> element I, or of a script element with TeX, to OUT as TeX: the TeX that it was made
 * from, if an annotation or alttext has it, else its MathML written as TeX: E=mc^2, \frac{a}{b}, \sqrt{x}. The elements
 * of MathML that TeX has no equivalent for are written as their text. Nothing is appended if there is no text.
 */
void math_tex_add(const struct dom *d, uint32_t i, struct buf *out);

/* Appends PART of a formula, in braces unless it is one character. */
void math_tex_add_braced(struct buf *out, const char *part);

/* Whether the picture I is one of a formula, with TeX as its alternative text. */
bool math_tex_is_picture(const struct dom *d, uint32_t i);

/* Writes a formula, as GitHub and GitLab have it in Markdown: code between dollar signs. TEX may be NULL. */
void math_tex_put(struct md *m, const char *tex);

#endif
