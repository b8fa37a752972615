# export document .csv
# A row for each choice of each file; bi-exports(5).
include "rows";

(["subject", "name", "category", "candidate", "batch", "file", "sha256", "bytes", "mime", "title", "author", "license",
  "license_url", "source", "page", "url", "how", "reviewers", "rank", "unsure", "stars", "note"] | join(",") + "\r\n"),
(inputs
 | . as $of
 | .choices[]
 | [$of.id, .name, .category, .idx, .batch, $of.path, .sha256, .bytes, .mime, .credit.title, .credit.author, licences,
    licence_urls, .credit.source, .credit.page, .item.url, .how, ([.reviewers[]?.reviewer] | words), .rank,
    remarks("unsure"), remarks("stars"), remarks("note")]
 | row)
