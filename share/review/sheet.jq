# The items of a batch without subjects: the index is a sheet of them, on which each is kept or rejected. To keep an item is
# to pick the candidate 1 of the subject that it is by itself.
include "page";
include "subject";

# An item with nothing to see.
def sheet_blank($number):
	@html "<article class=\"candidate\" data-idx=\"\($number)\"><div class=\"shot\"><div class=\"pick\"><span class=\"blank\"><strong>\(if .failed then "Failed" else "Not fetched yet" end)</strong><span title=\"\(.failed // "" | printable)\">\(if .failed then plain else "" end)</span></span></div>
<span class=\"number\" aria-hidden=\"true\">\($number)</span></div>
<div class=\"caption\"><h2><bdi>\(.title)</bdi></h2></div></article>\n";

def sheet_card($batch):
	. as $s
	| (.id | ltrimstr("i") | tonumber) as $number
	| ((.candidates[0] // {}) | .idx = $number | .title = (.title // $s.name)) as $item
	| {name: "index.html", text: (
		@html "<li class=\"group item\" id=\"\(.id)\" data-subject=\"\(.id)\" data-thumbs=\"\([.candidates[] | select(.thumb) | 1] | join(" "))\"" + row_counts + ">\n"
		+ ($item | if (.failed or .kind == null) then sheet_blank($number) else candidate($s.name; $batch) end)
		+ "<p class=\"state unseen\"></p></li>\n")};
