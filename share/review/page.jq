# Parts that all pages share.
import "failures" as $failures;

# The texts of an array as one. join copies all that it has for each text, and a page can have many thousands.
def concat: add // "";

# The numbers of an array, with commas between.
def listed: [.[] | ", \(.)"] | concat | .[2:];

# The title of the batch for people.
def batch_title: if .label then .label else .batch end;

# How the batch is reviewed, as attributes of the body: picks, stars, blind, reasons (JSON). The input is the batch.
def settings:
	.review // {}
	| (if .picks == "many" then " data-picks=\"many\"" else "" end)
	+ (if .stars == true then " data-stars=\"yes\"" else "" end)
	+ (if .blind == true then " data-blind=\"yes\"" else "" end)
	+ (if (.reasons | type) == "array" then @html " data-reasons=\"\(.reasons | tojson)\"" else "" end);

# The beginning of a page; the input is the batch. $kind tells review.js which page it is, $files are the style sheets and
# scripts of the page, and $data has more attributes of the body. print.css is only for paper.
def page_head($title; $kind; $files; $data):
	.assets as $assets
	| def file: $assets[.] // .;
	def asset:
		if . == "print.css" then @html "<link rel=\"stylesheet\" href=\"\(file)\" media=\"print\">\n"
		elif endswith(".css") then @html "<link rel=\"stylesheet\" href=\"\(file)\">\n"
		else @html "<script src=\"\(file)\" defer></script>\n" end;
	@html "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<meta name=\"referrer\" content=\"no-referrer\">
<title>\($title)</title>
<link rel=\"icon\" href=\"data:,\">
<link rel=\"stylesheet\" href=\"\("review.css" | file)\">
"
	+ ([("decision.js", "picks.js", "review.js", $files[]) | asset] | concat)
	+ @html "</head>
<body data-page=\"\($kind)\" data-batch=\"\(.batch)\" data-subjects=\"\(.subjects)\"" + settings + (if .sheet then " data-sheet=\"yes\"" else "" end) + $data + ">
<a class=\"skip\" href=\"#main\">Skip to the content</a>
";

def tab($to; $here; $text):
	@html "<a href=\"\($to)\"" + (if $here then " aria-current=\"page\"" else "" end) + @html ">\($text)</a>";

# The bar at the top: the batch, the state of the picks, and links to the other pages. The input is the batch; $index is the page of
# the index that the subject is on.
def bar($kind; $index):
	@html "<header class=\"bar\">
<p class=\"batch\"><a class=\"home\" id=\"home\" href=\"../\" hidden>Batches</a><a href=\"index.html\" title=\"\(.batch)\"><bdi>\(.batch)</bdi></a>"
	+ (if .label and .label != .batch then @html "<bdi class=\"label\">\(.label)</bdi>" else "" end)
	+ "</p>
<p class=\"saved\" id=\"saved\" role=\"status\"></p>
<nav aria-label=\"Pages\">"
	+ tab($index; $kind == "index"; if .sheet then "Items" else "Subjects" end)
	+ tab("submit.html"; $kind == "submit"; "Picks")
	+ "<button type=\"button\" class=\"ask who-is\" id=\"reviewer\" title=\"Change your name\" hidden></button><button type=\"button\" class=\"ask\" id=\"help\" aria-haspopup=\"dialog\" hidden><span aria-hidden=\"true\">?</span><span class=\"unseen\">Help and keys</span></button></nav>
</header>
";

def notice:
	"<p class=\"notice\" id=\"notice\" role=\"alert\" hidden></p>
<noscript><p class=\"notice\">You can view these pages without JavaScript, but picking needs it, and it is off in this browser.</p></noscript>
";

def page_tail: "<div class=\"toast\" id=\"toast\"><p id=\"say\" role=\"status\"></p></div>\n</body>\n</html>\n";

# The progress of the batch, on index.html and submit.html. The input is the batch.
def progress:
	@html "<div class=\"progress\">
<p><strong id=\"progress\">0 of \(.subjects) decided</strong><span class=\"quiet\" id=\"left\"></span></p>
<progress id=\"bar\" max=\"\([.subjects, 1] | max)\" value=\"0\" aria-labelledby=\"progress\"></progress>
</div>
";

# The filter by state and the search; lists.js shows them and does the work.
def filter_choice($value; $text):
	@html "<label><input type=\"radio\" name=\"show\" value=\"\($value)\"" + (if $value == "all" then " checked" else "" end)
	+ @html "><span>\($text) <b data-count=\"\($value)\"></b></span></label>";

def filters:
	(if .sheet then ["Open", "Kept", "Rejected"] else ["Undecided", "Picked", "None"] end) as [$undecided, $picked, $none]
	| "<form class=\"find\" id=\"find\" role=\"search\" hidden>
<fieldset><legend class=\"unseen\">Show</legend>"
	+ filter_choice("all"; "All") + filter_choice("undecided"; $undecided) + filter_choice("picked"; $picked)
	+ filter_choice("none"; $none) + filter_choice("differ"; "Differ") + filter_choice("unsaved"; "Unsaved") + filter_choice("failed"; "Failed")
	+ filter_choice("unsure"; "Unsure") + filter_choice("noted"; "With a note") + filter_choice("reasoned"; "With a reason") + filter_choice("starred"; "With stars")
	+ "</fieldset>
<label class=\"search\"><span class=\"unseen\">Search by name or id</span><input type=\"search\" id=\"search\" placeholder=\"Name or id\" autocomplete=\"off\" spellcheck=\"false\"></label>
</form>
<p class=\"quiet\" id=\"known\" hidden></p>
<p class=\"empty\" id=\"nothing\" hidden>Nothing matches.</p>
";

# Where the subject is reviewed: its page, or its place on the sheet.
def address($batch): if $batch.sheet then "\(.index)#\(.id)" else "\(.id)_review.html" end;

# Links to the other pages of a list: the first, the last, and those around this one. name makes the file of a number.
def page_links($page; $last; $title; name):
	if $last == 1 then "" else
		[1, $last, (range(-2; 3) + $page) | select(. >= 1 and . <= $last)] | unique
		| . as $shown
		| @html "<nav class=\"pages\" aria-label=\"\($title)\">"
		+ (if $page > 1 then @html "<a rel=\"prev\" href=\"\($page - 1 | name)\">Previous</a>" else "" end)
		+ ([range(length) as $i | $shown[$i]
			| (if $i > 0 and $shown[$i - 1] < . - 1 then "<span>…</span>" else "" end)
			+ (if . == $page then @html "<b aria-current=\"page\">\(.)</b>" else @html "<a href=\"\(name)\">\(.)</a>" end)] | concat)
		+ (if $page < $last then @html "<a rel=\"next\" href=\"\($page + 1 | name)\">Next</a>" else "" end)
		+ "</nav>\n"
	end;

# Long lists are split into parts, so that a browser can skip invisible ones; $place is that of the subject in the list.
def part($class; $place):
	if $place > 1 and $place % 120 == 1 then "</ul>\n<ul class=\"\($class)\">\n" else "" end;

# Behind the name of the file of a candidate or its thumbnail, which browsers keep for ever.
def version: if .version then "?v=" + .version else "" end;

# How many items of a subject can be chosen, and how many failed.
def counts: [.candidates[] | has("failed")] | [([.[] | select(not)] | length), ([.[] | select(.)] | length)];
def row_counts: counts as [$candidates, $failed]
	| @html " data-candidates=\"\($candidates)\"" + (if $failed > 0 then @html " data-failed=\"\($failed)\"" else "" end);

def plural($n; $one; $many): if $n == 1 then "1 \($one)" else "\($n) \($many)" end;

# A text from elsewhere without control characters.
def printable: gsub("\\p{Cc}+"; " ");

# The host of a failed item; null if it has none.
def host: (.url // .from // "") | [match("^https?://(?:[^/?#@]*@)?([^/?#]+)"; "i")] | if length > 0 then .[0].captures[0].string | ascii_downcase else null end;

# The reason of a failed item in plain words, as failure-words.js has them.
def plain:
	(.code // "") as $code
	| ($failures[0][$code] | if . then (.[:1] | ascii_upcase) + .[1:] else . end)
	// (if $code | test("^http_5[0-9][0-9]$") then "Server error (\($code[5:]))"
	elif $code | test("^http_[0-9]+$") then "Refused (\($code[5:]))"
	else .failed | printable end);

# Whether a picture is small, and its original is too.
def is_tiny: .tiny and ([.original_width, .original_height | tonumber? // 0] | min) < 200;

# A date for people, as "10 December 1815"; any other text as it is.
def date:
	tostring
	| if test("^[0-9]{1,4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$") then
		(split("-") | map(tonumber)) as [$year, $month, $day]
		| @html "<time datetime=\"\(.)\">\($day) \(["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"][$month - 1]) \($year)</time>"
	else @html "<bdi>\(.)</bdi>" end;

# Bytes for people.
def bytes:
	tonumber? // 0
	| if . < 1000 then "\(.) bytes"
	elif . < 1000000 then "\(. / 1000 | round) KB"
	elif . < 1000000000 then "\(. / 100000 | round / 10) MB"
	else "\(. / 100000000 | round / 10) GB" end;

# A link to another site; only http and https URLs are links, anything else is text.
def outside($text):
	if test("^https?://"; "i") then
		@html "<a href=\"\(.)\" target=\"_blank\" rel=\"noopener noreferrer\">\($text)</a>"
	else
		@html "\($text): \(.)"
	end;
