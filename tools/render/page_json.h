/*
 * page_json: the JSON that jq reads, a line each. Of each line it makes an array of {"name":FILE,"text":TEXT}.
 */
#ifndef BI_PAGE_JSON_H
#define BI_PAGE_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "render_state.h"

/* What the pages say of the whole batch; once the items are counted. BRIEF: what the page of one subject may say of it,
 * which does not change as items complete. For json_object_put(); NULL with errno. */
struct json_object *page_json_about(const struct render *r, bool brief);

/* {"head":...}: the batch. */
void page_json_head(const struct render *r, struct buf *out);
/*
 * {"batch":...,"subject":...}: subject number I of the plan. 0, or -1 with errno. What is not there has no member.
 *
 * batch: batch, label, category, review (the settings in review.json, if there are any), subjects (how many),
 * unlicensed (no candidate has a licence). subject: id, name, facts ([[key,value]...]), candidates, waiting, position,
 * index (the name of its page of the index) and place there, prev and next (ids), onward (the id of the next one with a
 * candidate), next_files (up to 9 thumbnails of that). A candidate: idx; title, license, credit, page, url; where it
 * failed: item (its number), code, failed, from; else mime, bytes, kind, file, version, file_changed_at, why there is
 * nothing to see; of a document as excerpt_add() adds it; player ("video" or "audio"); and of a picture: pages and
 * drawn (of these have a picture) of a PDF, thumb, thumb_width, thumb_height, width, height, aspect ("3:2", "1.45:1"),
 * shows (browsers show the file itself as a picture), tiny, blurred, animated, vector, same_as (the number of the
 * candidate that it is a copy of), near and distance (of the candidate that it is nearly the same as); also, stated
 * and authors as same_marks_add() adds them. Candidates are in the order of near_duplicates_sort().
 */
int page_json_subject(struct render *r, uint32_t i, struct buf *out);
/* {"index_head":...} and {"index_tail":...}: page number PAGE of the index, from 0. batch; page, from 1, and pages. */
void page_json_index(const struct render *r, const char *key, uint32_t page, struct buf *out);
/* {"tail":...} */
void page_json_tail(struct buf *out);

#endif
