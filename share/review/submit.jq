# submit.html: the decisions, those that are not saved, the disagreements, and the picks file to download.
include "page";

def submit_head:
	{name: "submit.html", text: (
		page_head("Picks · \(batch_title)"; "submit"; ["lists.js", "decisions.js", "submit.js"]; "")
		+ bar("submit"; "index.html")
		+ "<main id=\"main\">\n"
		+ notice
		+ @html "<div class=\"top\">
<div><h1>Picks</h1>
<p class=\"quiet\">\(batch_title)</p></div>\n"
		+ progress
		+ "</div>
<section class=\"take\" id=\"take\" aria-labelledby=\"take-title\" hidden>
<div><h2 id=\"take-title\">Saved?</h2>
<p id=\"where\" role=\"status\"></p>
<p class=\"quiet\" id=\"collect\" hidden>Collect the picks with <code>bi-collect \(.batch)</code></p>
<ul id=\"refused\"></ul></div>
<p class=\"buttons\"><button type=\"button\" class=\"button\" id=\"save\" hidden>Save now</button>
<button type=\"button\" class=\"button\" id=\"download\">Download the file</button>
<button type=\"button\" class=\"button\" id=\"copy\">Copy the text</button>
<span id=\"copied\" role=\"status\"></span></p>
<details><summary>As text: one line for each subject, with its id, the candidate (0: none) and its name</summary>
<textarea id=\"text\" rows=\"6\" readonly spellcheck=\"false\" aria-label=\"One line for each subject, with its id, the candidate (0: none) and its name\"></textarea></details>
</section>
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

def submit_row($batch):
	{name: "submit.html", text: (
		part("picks"; .position)
		+ @html "<li class=\"row\" data-subject=\"\(.id)\" data-thumbs=\"\([.candidates[] | select(.thumb) | .idx] | join(" "))\"" + row_counts + @html "><a href=\"\(address($batch))\"><span class=\"shot\"></span>
<span class=\"name\">\(.name)</span><span class=\"state\"></span></a></li>
")};

def submit_tail:
	{name: "submit.html", text: ("</ul>\n</div>\n</main>\n" + page_tail)};
