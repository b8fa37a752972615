# index.html, index-2.html and so on: the subjects, and subjects.json, by which lists.js finds those of all pages.
include "page";

def index_name: if . == 1 then "index.html" else "index-\(.).html" end;

# What decides on the items of a sheet that are selected, or on the one with the focus.
def sheet_tools:
	"<div class=\"sheet-tools\" id=\"tools\" role=\"toolbar\" aria-label=\"Decide\" hidden>
<button type=\"button\" class=\"button\" id=\"keep\">Keep <kbd>Enter</kbd></button>
<button type=\"button\" class=\"button\" id=\"reject\">Reject <kbd>x</kbd></button>
<button type=\"button\" class=\"button\" id=\"undo\">Undo <kbd>u</kbd></button>
<button type=\"button\" class=\"button\" id=\"look\">Loupe <kbd>Space</kbd></button>
<label class=\"size\">Size <input type=\"range\" id=\"size\" min=\"0\" max=\"10\" step=\"1\"></label>
<p class=\"quiet\" id=\"selected\" role=\"status\"></p>
</div>
";

def index_head:
	. as $index
	| .batch
	| batch_title as $title
	| {name: "index.html", text: (
		page_head($title; "index"; (if .sheet then ["sheet.css", "print.css", "lists.js", "failed.js", "loupe.js", "rows.js", "kinds.js", "decisions.js", "which.js", "remarks.js", "sheet.js"] else ["print.css", "lists.js", "failed.js", "index.js"] end); @html " data-pages=\"\($index.pages)\" data-index=\"\($index.page | index_name)\"")
		+ bar("index"; $index.page | index_name)
		+ "<main id=\"main\">\n"
		+ notice
		+ @html "<div class=\"top\">
<div class=\"title\"><h1><bdi>\($title)</bdi></h1>
<p class=\"quiet\">\(if .sheet then plural(.subjects; "item"; "items") else "\(plural(.subjects; "subject"; "subjects")), \(plural(.candidates; "candidate"; "candidates"))" end)"
		+ (if .failed > 0 then @html ", \(plural(.failed; "item"; "items")) failed" else "" end)
		+ (if .waiting > 0 then @html ", \(.waiting) not fetched yet" else "" end)
		+ (if .unlicensed then ", no licences stated" else "" end)
		+ "</p></div>\n"
		+ progress
		+ "<p class=\"buttons\"><a class=\"button primary\" id=\"go-on\" href=\"#\" hidden></a>"
		+ (if .failed > 0 then "<button type=\"button\" class=\"button\" id=\"again\" hidden>Try failed again</button>" else "" end)
		+ "</p>\n</div>\n<p class=\"quiet\" id=\"again-said\" role=\"status\" hidden></p>\n"
		+ filters
		+ (if .sheet then sheet_tools else "" end)
		+ (if .subjects == 0 then "<p class=\"empty\">This batch has no items yet.</p>\n" else "" end)
		+ "<div id=\"list\">\n<ul class=\"\(if .sheet then "candidates" else "subjects" end)\">\n")};

def index_thumb:
	@html "<img src=\"\(.thumb)\(version)\" width=\"\(.thumb_width)\" height=\"\(.thumb_height)\" alt=\"\" loading=\"lazy\">";

# Why there is nothing to choose: the first reason.
def index_reason:
	if counts[0] > 0 then "" else
		[.candidates[] | select(.failed)][0]
		| if . then @html "<p class=\"why\">\(plain)" + (host | if . then @html " <bdi>\(.)</bdi>" else "" end) + "</p>\n" else "" end
	end;

# Up to four pictures for each subject.
def index_card:
	([.candidates[] | select(.thumb)]) as $pictures
	| ($pictures[:4]) as $few
	| {name: "index.html", text: (
		part("subjects"; .place)
		+ @html "<li class=\"subject\" data-subject=\"\(.id)\" data-thumbs=\"\([$pictures[] | .idx] | join(" "))\"" + row_counts + @html "><a href=\"\(.id)_review.html\">
<div class=\"strip strip\($few | length)\">"
		+ ([$few[] | index_thumb] | concat)
		+ (if ($pictures | length) == 0 then @html "<span class=\"none\">\([.candidates[].kind | values] | unique | .[:3] | join(", ") | if . == "" then "no files" else . end)</span>" else "" end)
		+ @html "</div>
<h2><bdi>\(.name)</bdi></h2>
<p class=\"quiet\">\(plural([.candidates[] | select(.failed | not)] | length; "candidate"; "candidates"))"
		+ (if .waiting > 0 then @html ", \(.waiting) not fetched yet" else "" end)
		+ (counts[1] | if . > 0 then ", \(.) failed" else "" end)
		+ "</p>
" + index_reason + "<p class=\"state\"></p></a></li>
")};

def index_tail:
	{name: "index.html", text: ("</ul>\n</div>\n" + page_links(.page; .pages; "Pages of the index"; index_name) + "</main>\n" + page_tail)};

# subjects.json: [id, name, candidates], and if there are any, failed items, of each subject, in order. It is small, so that a page can find each of many thousands.
def subjects_head: {name: "subjects.json", text: "["};

def subjects_line:
	{name: "subjects.json", text: ((if .position > 1 then ",\n" else "\n" end)
		+ (counts as [$candidates, $failed] | [.id, .name, $candidates, (if $failed > 0 then $failed else empty end)] | tojson))};

def subjects_tail: {name: "subjects.json", text: "\n]\n"};
