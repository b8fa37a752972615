# Makes the pages of one batch from the lines that bi-render writes: {"head":...}, a {"batch":...,"subject":...} for each
# subject, {"tail":...}. The output for each line is one array of {"name": FILE, "text": TEXT}. bi-render joins the texts of
# one name in order, with the texts of unchanged subjects from before. Nothing is kept between lines, so memory does not
# grow with the batch. Every value goes through @html.
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
