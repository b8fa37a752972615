# submit.html: what was picked, to take away.
include "page";

def submit_head:
	{name: "submit.html", text: (
		page_head("Your picks · \(batch_title)"; "submit"; "")
		+ @html "<header class=\"bar\">
<div class=\"where\"><p class=\"kicker\"><a href=\"index.html\">\(batch_title)</a></p><h1>Your picks</h1></div>
<nav aria-label=\"Pages\"><a class=\"button\" href=\"index.html\">All subjects</a></nav>
</header>
<main>
"
		+ notice
		+ @html "<section class=\"progress\" aria-label=\"Progress\">
<p><strong id=\"progress\" data-subjects=\"\(.subjects)\">0 of \(.subjects) decided</strong> <span class=\"quiet\" id=\"undecided\"></span></p>
<progress id=\"bar\" max=\"\([.subjects, 1] | max)\" value=\"0\" aria-labelledby=\"progress\"></progress>
</section>
<section class=\"take\" aria-label=\"Take away\">
<p class=\"quiet\">The picks are kept by this browser, for the address that this page has now. Take them away as a file or as text.</p>
<p class=\"buttons\"><button type=\"button\" class=\"button primary\" id=\"download\">Download the file</button>
<button type=\"button\" class=\"button\" id=\"copy\">Copy the text</button> <span id=\"copied\" role=\"status\"></span></p>
<label for=\"text\">Subject, candidate (0: none) and name, a line each</label>
<textarea id=\"text\" rows=\"6\" readonly spellcheck=\"false\"></textarea>
</section>
<ul class=\"picks\">
")};

def submit_row:
	{name: "submit.html", text: (
		@html "<li class=\"row\" data-subject=\"\(.id)\" data-name=\"\(.name)\" data-thumbs=\"\([.candidates[] | select(.thumb) | .idx] | join(" "))\"><a href=\"\(.id)_review.html\"><span class=\"shot\"></span>
<span class=\"name\">\(.name)</span><span class=\"state\">undecided</span></a></li>
")};

def submit_tail:
	{name: "submit.html", text: ("</ul>\n</main>\n" + page_tail)};
