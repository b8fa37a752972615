# export document .csv decisions
# A row for each candidate and each reviewer who decided on its subject; bi-exports(5).
include "rows";
include "decisions";

(["subject", "name", "category", "batch", "candidate", "decision", "reviewer", "at", "rank", "stars", "unsure", "reason",
  "note", "disputed", "title", "author", "license", "license_url", "source", "page", "url", "status", "sha256", "bytes",
  "mime", "width", "height", "path"] | . as $keys | (join(",") + "\r\n"), (decisions | [.[$keys[]]] | row))
