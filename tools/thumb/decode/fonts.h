/*
 * fonts: the fonts of drawings, which are opened before the process is confined.
 */
#ifndef BI_THUMB_FONTS_H
#define BI_THUMB_FONTS_H

#include "base/buf.h"

/*
 * Opens the usual fonts for good, and has Fontconfig know no others: Pango and Cairo open fonts as a drawing asks for
 * them, which is not allowed later. A text in another font is drawn in the nearest of these. Where there are no
 * fonts at all, texts become boxes. Adds a text in each to SVG: Pango opens what it meets in that, once a thread.
 */
void fonts_open(struct buf *svg);

#endif
