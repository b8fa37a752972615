# ID_review.html: one subject and its candidates.
include "page";

def fact_name:
	{"birth_date": "Born", "death_date": "Died", "first_names": "First names"}[.]
	// (split("_") | join(" ") | (.[:1] | ascii_upcase) + .[1:]);

def facts:
	if (.facts | length) == 0 then "" else
		"<dl class=\"facts\">\n"
		+ ([.facts[] | @html "<div class=\"\(if (.[1] | length) > 60 then "long" else "short" end)\"><dt>\(.[0] | fact_name)</dt><dd>\(.[1])</dd></div>\n"] | join(""))
		+ "</dl>\n"
	end;

# What is known of a candidate, a line each.
def details:
	[
		([
			(if .width then "\(.width) × \(.height)" else empty end),
			(.bytes | bytes),
			.mime
		] | join(", ") | @html "<li>\(.)</li>"),
		(if .license then @html "<li>Licence: \(.license)</li>" else empty end),
		(if .credit then @html "<li>Credit: \(.credit)</li>" else empty end),
		(if .page then "<li>" + (.page | outside("Source page")) + "</li>" else empty end),
		(if .url then "<li>" + (.url | outside("Where the file came from")) + "</li>" else empty end),
		(if .file then
			if .shows and (.vector | not) then @html "<li><a href=\"\(.file)\" target=\"_blank\" rel=\"noopener\">Full size</a></li>"
			else @html "<li><a href=\"\(.file)\" download>Download \(.file)</a></li>" end
		else empty end)
	] | join("\n");

def heading: .title // "Candidate \(.idx)";

def candidate($name):
	@html "<article class=\"candidate\" data-idx=\"\(.idx)\" aria-label=\"Candidate \(.idx)\">
<button type=\"button\" class=\"pick\" data-pick=\"\(.idx)\" aria-pressed=\"false\" aria-label=\"Pick candidate \(.idx) for \($name)\">"
	+ (if .thumb then
		@html "<img src=\"\(.thumb)\" width=\"\(.thumb_width)\" height=\"\(.thumb_height)\" alt=\"Candidate \(.idx): \(.title // $name)\">"
	else
		@html "<span class=\"blank\"><strong>\(.kind)</strong><span>\(.why // "")</span></span>"
	end)
	+ @html "<span class=\"number\" aria-hidden=\"true\">\(.idx)</span><span class=\"mark\" aria-hidden=\"true\">picked</span></button>
<div class=\"about\"><h2>\(heading)</h2>
<ul>
"
	+ details
	+ "\n</ul></div></article>\n";

def failures:
	[.candidates[] | select(.failed)] as $failed
	| if ($failed | length) == 0 then "" else
		@html "<section class=\"failures\"><h2>\(plural($failed | length; "item"; "items")) failed</h2>\n<ul>\n"
		+ ([$failed[] | @html "<li><strong>\(.idx)</strong> " + (.url // .from // "" | if test("^https?://"; "i") then outside(.) else @html "\(.)" end)
			+ @html " <span class=\"why\">\(.failed)</span></li>\n"] | join(""))
		+ "</ul></section>\n"
	end;

def step_link($to; $rel; $text):
	if $to then @html "<a class=\"button\" rel=\"\($rel)\" id=\"\($rel)\" href=\"\($to)_review.html\">\($text)</a>"
	else @html "<span class=\"button off\">\($text)</span>" end;

def subject_page($batch):
	. as $s
	| ([.candidates[] | select(.failed | not)]) as $shown
	| {name: "\(.id)_review.html", text: (
		($batch | page_head("\($s.name) · \(batch_title)"; "subject"; @html " data-subject=\"\($s.id)\" data-next=\"\(if $s.next then "\($s.next)_review.html" else "submit.html" end)\""))
		+ @html "<header class=\"bar\">
<div class=\"where\"><p class=\"kicker\"><a href=\"index.html\">\($batch | batch_title)</a> · \(.position) of \($batch.subjects)</p><h1>\(.name)</h1></div>
<nav aria-label=\"Subjects\">"
		+ step_link(.prev; "prev"; "← Back")
		+ step_link(.next; "next"; "Next →")
		+ "<a class=\"button\" href=\"submit.html\">Your picks</a></nav>
</header>
<main>
"
		+ notice
		+ facts
		+ "<div class=\"choose\"><p id=\"state\" role=\"status\">undecided</p>
<p class=\"quiet keys\">Click a candidate or press its number (1-9); <kbd>0</kbd> for none, <kbd>←</kbd> <kbd>→</kbd> to move.</p>
<button type=\"button\" class=\"button\" data-pick=\"0\" aria-pressed=\"false\">None of these</button></div>
"
		+ (if .waiting > 0 then @html "<p class=\"quiet\">Not there yet: \(.waiting). Run bi-render again once they are.</p>\n" else "" end)
		+ (if ($shown | length) == 0 then "<p class=\"empty\">There are no candidates for this subject.</p>\n" else "" end)
		+ (if ($shown | length) > 0 then
			"<div class=\"candidates\">\n" + ([$shown[] | candidate($s.name)] | join("")) + "</div>\n"
		else "" end)
		+ failures
		+ "</main>\n" + page_tail)};
