# Parts that all pages share.

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

# The beginning of a page; the input is the batch. $kind tells review.js which page it is, $scripts are the scripts and
# style sheets of the page, and $data has more attributes of the body.
def page_head($title; $kind; $scripts; $data):
	.assets as $assets
	| def file: $assets[.] // .;
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
	+ ([("picks.js", "review.js", $scripts[]) 
		| if endswith(".css") then @html "<link rel=\"stylesheet\" href=\"\(file)\">\n"
		else @html "<script src=\"\(file)\" defer></script>\n" end] | concat)
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
<p class=\"batch\"><a class=\"home\" id=\"home\" href=\"../\" hidden>Batches</a><a href=\"index.html\" title=\"\(.batch)\">\(.batch)</a>"
	+ (if .label and .label != .batch then @html "<span class=\"label\">\(.label)</span>" else "" end)
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
	+ filter_choice("none"; $none) + filter_choice("differ"; "Differ") + filter_choice("unsaved"; "Unsaved")
	+ "</fieldset>
<label class=\"search\"><span class=\"unseen\">Search by name or id</span><input type=\"search\" id=\"search\" placeholder=\"Name or id\" autocomplete=\"off\" spellcheck=\"false\"></label>
</form>
<p class=\"quiet\" id=\"known\" hidden></p>
<p class=\"empty\" id=\"nothing\" hidden>Nothing matches.</p>
";

# Where the subject is reviewed: its page, or its place on the sheet.
def address($batch): if $batch.sheet then "\(.index)#\(.id)" else "\(.id)_review.html" end;

# Long lists are split into parts, so that a browser can skip invisible ones; $place is that of the subject in the list.
def part($class; $place):
	if $place > 1 and $place % 120 == 1 then "</ul>\n<ul class=\"\($class)\">\n" else "" end;

# Behind the name of the file of a candidate or its thumbnail, which browsers keep for ever.
def version: if .version then "?v=" + .version else "" end;

def plural($n; $one; $many): if $n == 1 then "1 \($one)" else "\($n) \($many)" end;

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
