# What all pages share.

# What the title of the batch is for people.
def batch_title: if .label then .label else .batch end;

# The beginning of a page; the input has "batch". $kind tells review.js what page it is.
def page_head($title; $kind; $data):
	@html "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<meta name=\"referrer\" content=\"no-referrer\">
<title>\($title)</title>
<link rel=\"icon\" href=\"data:,\">
<link rel=\"stylesheet\" href=\"review.css\">
<script src=\"review.js\" defer></script>
</head>
<body data-page=\"\($kind)\" data-batch=\"\(.batch)\"" + $data + ">
";

def page_tail: "</body>\n</html>\n";

def notice:
	"<p class=\"notice\" id=\"notice\" role=\"alert\" hidden></p>
<noscript><p class=\"notice\">Picking needs JavaScript, which this browser has switched off.</p></noscript>
";

def plural($n; $one; $many): if $n == 1 then "1 \($one)" else "\($n) \($many)" end;

# Bytes for people.
def bytes:
	tonumber? // 0
	| if . < 1000 then "\(.) bytes"
	elif . < 1000000 then "\(. / 1000 | round) KB"
	elif . < 1000000000 then "\(. / 100000 | round / 10) MB"
	else "\(. / 100000000 | round / 10) GB" end;

# A link to elsewhere; only http and https, anything else is text.
def outside($text):
	if test("^https?://"; "i") then
		@html "<a href=\"\(.)\" target=\"_blank\" rel=\"noopener noreferrer\">\($text)</a>"
	else
		@html "\($text): \(.)"
	end;
