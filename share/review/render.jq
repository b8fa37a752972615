# Makes the pages of one batch from the lines that bi-render writes: {"head":...}; for each page of the index
# {"index_head":...}, a {"batch":...,"subject":...} for each subject on it, and {"index_tail":...}; {"tail":...}. The output for each line is one array of {"name": FILE, "text": TEXT}. bi-render joins the texts of
# one name in order, with the texts of unchanged subjects from before. Nothing is kept between lines, so memory does not
# grow with the batch. $assets has the file name of each style sheet and script. Every value goes through @html.
include "page";
include "index";
include "subject";
include "sheet";
include "submit";

[
	if has("head") then
		.head + {$assets} | subjects_head, submit_head
	elif has("index_head") then
		.index_head | .batch += {$assets} | index_head
	elif has("index_tail") then
		.index_tail | index_tail
	elif has("subject") then
		(.batch + {$assets}) as $batch | .subject
		| if $batch.sheet then sheet_card($batch) else subject_page($batch), index_card end, subjects_line, submit_row($batch)
	else
		.tail | subjects_tail, submit_tail
	end
]
