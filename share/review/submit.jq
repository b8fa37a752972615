# submit.html: the decisions, those that are not saved, the disagreements, and what can be downloaded.
include "page";

def download($format; $text; $title):
	@html "<a class=\"button\" data-format=\"\($format)\" href=\"../api/v1/batches/\(.batch)/export/?format=\($format)\" title=\"\($title)\" download>\($text)</a>\n";

def submit_head:
	{name: "submit.html", text: (
		page_head("Picks · \(batch_title)"; "submit"; ["submit.css", "print.css", "lists.js", "decisions.js", "handover.js", "submit.js"]; "")
		+ bar("submit"; "index.html")
		+ "<main id=\"main\">\n"
		+ notice
		+ @html "<div class=\"top\">
<div class=\"title\"><h1>Picks</h1>
<p class=\"quiet\"><bdi>\(batch_title)</bdi></p></div>\n"
		+ progress
		+ "</div>
<div class=\"pair\">
<section class=\"take\" id=\"take\" aria-labelledby=\"take-title\" hidden>
<div><h2 id=\"take-title\">Saved?</h2>
<p id=\"where\" role=\"status\"></p>
<p class=\"quiet\" id=\"collect\" hidden>Collect the picks with <code>bi-collect \(.batch)</code></p>
<ul id=\"refused\"></ul></div>
<p class=\"buttons\" id=\"take-away\"><button type=\"button\" class=\"button\" id=\"save\" hidden>Save now</button>
<button type=\"button\" class=\"button\" id=\"download\">Download the file</button>
<button type=\"button\" class=\"button\" id=\"copy\">Copy the text</button>
<span id=\"copied\" role=\"status\"></span></p>
<details id=\"as-text\"><summary>As text: one line for each subject, with its id, the candidate (0: none) and its name</summary>
<textarea id=\"text\" rows=\"6\" readonly spellcheck=\"false\" aria-label=\"One line for each subject, with its id, the candidate (0: none) and its name\"></textarea></details>
</section>
<section class=\"hand\" id=\"hand\" aria-labelledby=\"hand-title\" hidden>
<h2 id=\"hand-title\">Download what was picked</h2>
<ul class=\"warnings\" id=\"warnings\" aria-label=\"To check before\" hidden></ul>
<div id=\"downloads\" hidden>
<p class=\"buttons\">"
		+ download("zip"; "ZIP"; "Files, metadata and credits") + download("csv"; "CSV"; "A table of the choices")
		+ download("json"; "JSON"; "All that is known of each choice") + download("coco"; "COCO"; "Labels for machine learning")
		+ download("md"; "Attribution"; "Credits as text (Markdown)")
		+ @html "</p>
<p><label><input type=\"checkbox\" id=\"strict\"> Only files with a free licence</label></p>
</div>
<div id=\"none-picked\" hidden><p>Nothing is picked yet, so there is nothing to download.</p>
<p class=\"buttons\"><a class=\"button primary\" id=\"begin\" href=\"index.html\">Start picking</a></p></div>
<p class=\"quiet\" id=\"by-command\" hidden>Opened as a file, this page cannot make archives. This command does it, with the picks file: <code>bi-collect --picks \(.batch)_selections.json -o \(.batch).zip \(.batch)</code></p>
<div id=\"handed\" role=\"status\"></div>
</section>
</div>
<section class=\"differ\" id=\"differ\" aria-labelledby=\"differ-title\" hidden>
<h2 id=\"differ-title\">Reviewers differ</h2>
<ul id=\"differing\"></ul>
</section>
<h2 class=\"unseen\">All subjects</h2>
"
		+ filters
		+ "<div id=\"list\">
<ul class=\"picks\">
")};

# What a row says of a candidate that is picked: its number, title, licence, author, source and page, and t for a tiny
# picture, b for a blurred one, r for one that is not free for any use.
def handed:
	def short: tostring | .[:160];
	[
		.idx, (.title // "" | short), (.license // "" | short), (.author // "" | short),
		(.credit // "" | short), ([.page, .url | strings | select(test("^https?://"; "i"))][0] // ""),
		(if is_tiny then "t" else "" end) + (if .blurred then "b" else "" end) + (if .rights then "r" else "" end)
			+ (if .stated then "c" else "" end),
		(if .also then [.also[:9][] | [.subject, .name // .subject, .href // "", .idx]] else empty end)
	];

def submit_row($batch):
	{name: "submit.html", text: (
		part("picks"; .position)
		+ @html "<li class=\"row\" data-subject=\"\(.id)\" data-thumbs=\"\([.candidates[] | select(.thumb) | .idx] | join(" "))\"" + row_counts + @html " data-files=\"\([.candidates[] | select(.failed | not) | handed] | tojson)\"><span class=\"shot\"></span><div class=\"told\"><a href=\"\(address($batch))\"><bdi class=\"name\">\(.name)</bdi></a>
<span class=\"state\"></span></div></li>
")};

def submit_tail:
	{name: "submit.html", text: ("</ul>\n</div>\n</main>\n" + page_tail)};
