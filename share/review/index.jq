# index.html: all subjects.
include "page";

def index_head:
	batch_title as $title
	| {name: "index.html", text: (
		page_head($title; "index"; "")
		+ @html "<header class=\"bar\">
<div class=\"where\"><p class=\"kicker\">\(if .label then .batch else "Batch" end)</p><h1>\($title)</h1></div>
<nav aria-label=\"Pages\"><a class=\"button primary\" href=\"submit.html\">Your picks</a></nav>
</header>
<main>
"
		+ notice
		+ @html "<section class=\"progress\" aria-label=\"Progress\">
<p><strong id=\"progress\" data-subjects=\"\(.subjects)\">0 of \(.subjects) decided</strong>
<span class=\"quiet\">\(plural(.candidates; "candidate"; "candidates"))"
		+ (if .failed > 0 then @html ", \(plural(.failed; "item"; "items")) failed" else "" end)
		+ (if .waiting > 0 then @html ", \(.waiting) not there yet" else "" end)
		+ @html "</span></p>
<progress id=\"bar\" max=\"\([.subjects, 1] | max)\" value=\"0\" aria-labelledby=\"progress\"></progress>
</section>
"
		+ (if .subjects == 0 then "<p class=\"empty\">This batch has no items yet.</p>\n" else "" end)
		+ "<ul class=\"subjects\">\n")};

def index_thumb:
	@html "<img src=\"\(.thumb)\" width=\"\(.thumb_width)\" height=\"\(.thumb_height)\" alt=\"\" loading=\"lazy\" data-idx=\"\(.idx)\">";

def index_card:
	([.candidates[] | select(.thumb)]) as $pictures
	| {name: "index.html", text: (
		@html "<li class=\"subject\" data-subject=\"\(.id)\"><a href=\"\(.id)_review.html\">
<div class=\"strip strip\([$pictures | length, 4] | min)\">"
		+ ([$pictures[:4][] | index_thumb] | join(""))
		+ (if ($pictures | length) == 0 then "<span class=\"none\">no pictures</span>" else "" end)
		+ @html "</div>
<h2>\(.name)</h2>
<p class=\"quiet\">\(plural([.candidates[] | select(.failed | not)] | length; "candidate"; "candidates"))"
		+ (if .waiting > 0 then @html ", \(.waiting) not there yet" else "" end)
		+ "</p>
<p class=\"state\">undecided</p></a></li>
")};

def index_tail:
	{name: "index.html", text: ("</ul>\n</main>\n" + page_tail)};
