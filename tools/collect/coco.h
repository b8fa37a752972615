/*
 * coco: labels of the chosen pictures as a COCO document (https://cocodataset.org/#format-data). Each subject is a
 * category, each picture an image with one annotation, whose box is the whole picture.
 */
#ifndef BI_COCO_H
#define BI_COCO_H

struct coco;
struct document_file;

/* Begins a document with parts in the directory TEMP. Returns NULL with errno. coco_drop() frees it. */
struct coco *coco_begin(int temp);

/* Adds a file. One that is not a picture is named in a message and left out. Returns 0, or -1 with errno. */
int coco_add(struct coco *c, const struct document_file *f);

/* Writes the document to OUT. Returns its length, or -1 with errno. */
long long coco_end(struct coco *c, int out);
void coco_drop(struct coco *c); /* NULL is allowed */

#endif
