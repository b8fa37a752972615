# The pages of one batch, from the lines that bi-render writes: {"head":...}, a {"batch":...,"subject":...} each, {"tail":...}.
# The output of each is one array of {"name": FILE, "text": TEXT}; the texts of one name are joined in order, also with those
# that were made of unchanged subjects before. Nothing is kept between lines, so memory does not grow with the batch.
# Every value goes through @html.
include "page";
include "index";
include "subject";
include "submit";

[
	if has("head") then
		.head | index_head, submit_head
	elif has("subject") then
		.batch as $batch | .subject | subject_page($batch), index_card($batch), submit_row
	else
		.tail | index_tail, submit_tail
	end
]
