# index.html: all subjects.
include "page";

def index_head:
	batch_title as $title
	| {name: "index.html", text: (
		page_head($title; "index"; ["lists.js", "index.js"]; "")
		+ bar("index")
		+ "<main id=\"main\">\n"
		+ notice
		+ @html "<div class=\"top\">
<div><h1>\($title)</h1>
<p class=\"quiet\">\(plural(.subjects; "subject"; "subjects")), \(plural(.candidates; "candidate"; "candidates"))"
		+ (if .failed > 0 then @html ", \(plural(.failed; "item"; "items")) failed" else "" end)
		+ (if .waiting > 0 then @html ", \(.waiting) not fetched yet" else "" end)
		+ "</p>\n<p><a class=\"button primary\" id=\"go-on\" href=\"#\" hidden></a></p></div>\n"
		+ progress
		+ "</div>\n"
		+ filters
		+ (if .subjects == 0 then "<p class=\"empty\">This batch has no items yet.</p>\n" else "" end)
		+ "<div id=\"list\">\n<ul class=\"subjects\">\n")};

def index_thumb:
	@html "<img src=\"\(.thumb)\" width=\"\(.thumb_width)\" height=\"\(.thumb_height)\" alt=\"\" loading=\"lazy\">";

# Four pictures for each subject, or one in a large batch, to keep the page small.
def index_card($batch):
	([.candidates[] | select(.thumb)]) as $pictures
	| ($pictures[:(if $batch.subjects > 1000 then 1 else 4 end)]) as $few
	| {name: "index.html", text: (
		part("subjects")
		+ @html "<li class=\"subject\" data-subject=\"\(.id)\" data-thumbs=\"\([$pictures[] | .idx] | join(" "))\"><a href=\"\(.id)_review.html\">
<div class=\"strip strip\($few | length)\">"
		+ ([$few[] | index_thumb] | concat)
		+ (if ($pictures | length) == 0 then "<span class=\"none\">no pictures</span>" else "" end)
		+ @html "</div>
<h2>\(.name)</h2>
<p class=\"quiet\">\(plural([.candidates[] | select(.failed | not)] | length; "candidate"; "candidates"))"
		+ (if .waiting > 0 then @html ", \(.waiting) not fetched yet" else "" end)
		+ "</p>
<p class=\"state\"></p></a></li>
")};

def index_tail:
	{name: "index.html", text: ("</ul>\n</div>\n</main>\n" + page_tail)};
