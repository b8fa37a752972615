# wikimedia.jq: searches Wikimedia Commons, or another MediaWiki, for pictures of a subject; bi-sources(5).
#
# opening, opened: ask the wiki what it is and which search it has. requests: makes requests from a subject, the most promising first. candidates: makes candidates from the replies to one
# request.
include "rank";

def trimmed: gsub("[[:space:]]+"; " ") | ltrimstr(" ") | rtrimstr(" ");

# A text without search operators, which may be used in a search with or without quotes.
def words($most): tostring | gsub("[\"\\\\:*?~|!\\[\\](){}<>]"; " ") | gsub("(^|[[:space:]])-+"; " ") | trimmed | .[:$most] | trimmed;

def numbers_of: if . == null then [] else tostring | [scan("[0-9]+") | tonumber] end;

# The digits of the year, if a date has them.
def year: if . == null then empty else tostring | (capture("^(?<y>[0-9]{3,4})(-|$)") // empty) | .y end;

def wikidata: [.wikidata, .wikidata_id, .qid | select(type == "string") | (capture("(?<q>Q[1-9][0-9]*)$") // empty) | .q][0];

def ways_of($conf): $conf.ways | tostring | split("[, ]+"; null) | map(select(. != ""));

# --- what the wiki is ---

def known_ways: ["depicts", "title", "dated", "kind", "phrase", "words", "drawings"];

def opening($conf):
	[ways_of($conf)[] | select(IN(known_ways[]) | not)] as $unknown
	| if $unknown != [] then {error: {message: "there is no search called '\($unknown[0])': ways are \(known_ways | join(", "))"}}
	elif ways_of($conf) == [] then {error: {message: "the setting ways is empty: ways are \(known_ways | join(", "))"}}
	elif $conf.search // "" | IN("", "cirrus", "database") | not then {error: {message: "the setting search is cirrus or database, not '\($conf.search)'"}}
	elif $conf.licences // "" | IN("", "metadata", "templates") | not then {error: {message: "the setting licences is metadata or templates, not '\($conf.licences)'"}}
	elif $conf.structured // "" | IN("", "yes", "no") | not then {error: {message: "the setting structured is yes or no, not '\($conf.structured)'"}}
	elif $conf.api | test("[?#]") then {error: {message: "the setting api is a URL without '?' and '#', such as https://wiki.example.org/w/api.php"}}
	else {url: "\($conf.api)?action=query&format=json&formatversion=2&maxlag=\($conf.maxlag)&meta=siteinfo&siprop=general%7Cextensions"} end;

# Whether a URL is one of Wikimedia's servers, which have what Commons has.
def is_wikimedia: test("^(https?:)?//([a-z0-9-]+[.])*(wikimedia|wikipedia|wiktionary|wikibooks|wikinews|wikiquote|wikisource|wikiversity|wikivoyage|wikidata|mediawiki)[.]org(/|$)"; "i");

# The URL of the API that a page of a wiki names (Really Simple Discovery).
def api_of_page($url):
	[match("<link\\b[^>]*>"; "gi").string | select(test("rel=[\"']?EditURI\\b"; "i"))
		| capture("href=(?:\"(?<a>[^\"]*)\"|'(?<b>[^']*)')"; "i") | .a // .b
		| gsub("&amp;"; "&") | sub("[?#].*$"; "")][0]
	| if . == null or . == "" then null
	elif startswith("//") then ($url | sub("//.*$"; "")) + .
	elif startswith("/") then ($url | capture("^(?<o>[a-z]+://[^/?#]*)"; "i").o) + .
	elif test("^https?://"; "i") then . else null end;

def is_page: test("^[[:space:]]*<(!doctype[[:space:]]+html|html|head|[?]xml|!--)"; "i");

# Why the answer is none of a MediaWiki's API, in words.
def not_an_api($conf):
	(.text // "") as $text
	| (if $text | is_page then $text | api_of_page($conf.api) else null end) as $api
	| if .failure then .failure.message | sub("^\($conf.title)(?= )"; $conf.api) | if startswith($conf.api) then . else "\($conf.api): \(.)" end
	elif $text | is_page then "\($conf.api) is a web page, not the API of a MediaWiki"
	elif .reply then "\($conf.api) answers JSON, but not as the API of a MediaWiki does"
	elif $text == "" then "\($conf.api) answers nothing, which is not what the API of a MediaWiki does"
	else "\($conf.api) answers text that is not JSON, which is not what the API of a MediaWiki does" end
	| . + (if $api and $api != $conf.api then "; that page says that its API is \($api): use --set api=\($api)"
		elif $text | is_page then "; it is often at /w/api.php or /api.php"
		else "" end);

# A wiki that does not say what it is: Wikimedia's have what Commons has, and every wiki finds words and phrases.
def unknown_wiki($conf; $why):
	($conf.api | is_wikimedia) as $ours
	| {
		settings: (if $ours then {search: "cirrus", structured: "yes"} else {search: "database", structured: "no", licences: "templates", widths: "any", title: ($conf.api | sub("^https?://"; "") | sub("/.*$"; ""))} end),
		note: "\($conf.api) does not say what it is: \($why); it is searched \(if $ours then "as Wikimedia Commons" else "for plain words and phrases" end)"
	};

def described($conf):
	.reply.query as $q
	| $q.general as $g
	| [$q.extensions // [] | if type == "array" then .[] else empty end | .name? // empty | tostring] as $extensions
	| ($extensions | index("CirrusSearch") != null) as $cirrus
	| ([$g.server, $conf.api | strings | select(is_wikimedia)] | length > 0) as $ours
	| {
		settings: ({
			title: ($g.sitename // "" | tostring | gsub("[[:cntrl:]]"; "") | .[:100]),
			search: (if $cirrus then "cirrus" else "database" end),
			structured: (if $cirrus and ($extensions | index("WikibaseMediaInfo")) then "yes" else "no" end)
		} + (if $ours then {} else {widths: "any", licences: (if $extensions | index("CommonsMetadata") then "metadata" else "templates" end)} end) | with_entries(select(.value != ""))),
		version: ($g.generator // "" | tostring | gsub("[[:cntrl:]]"; "") | .[:60])
	};

# The ways that the wiki's search has.
def usable_ways($conf): ways_of($conf) | map(select((. == "depicts" and $conf.structured != "yes" or . == "drawings" and $conf.search == "database") | not));

def opened($conf):
	(.reply | if type == "object" then .error // (.errors // [] | arrays | .[0]) else null end) as $error
	| if .failure.again then unknown_wiki($conf; .failure.message)
	elif (.reply | type) == "object" and (.reply.query | type) == "object" and (.reply.query.general | type) == "object" then described($conf)
	elif ($error | type) == "object" then
		($error.code // "error" | tostring | .[:40]) as $code
		| "the API answers \($code): \($error.info // $error.text // "" | tostring | .[:200])" as $message
		| if $conf.passing | split("[, ]+"; null) | index($code) then unknown_wiki($conf; $message) + {error: {code: "api_\($code)", message: "\($conf.api): \($message)", again: true, wait: $conf.maxlag_wait}}
		elif $conf.api | is_wikimedia then unknown_wiki($conf; $message)
		else {error: {code: "api_error", message: "\($conf.api): \($message)"}} end
	elif ($conf.api | is_wikimedia) or (.reply | type == "object" and has("batchcomplete")) then
		unknown_wiki($conf; .failure.message // "it answers without a description")
	else {error: {code: "no_api", message: not_an_api($conf)}} end
	| if .settings == null then . else
		($conf + .settings) as $merged
		| usable_ways($merged) as $usable
		| if $usable == [] then {error: {code: "no_way", message: "\($conf.api) cannot be searched by \(ways_of($conf) | join(", ")): it has no search for that"}} else . end
	end;

# --- requests ---

# The searches, by name: each returns a query, the points for a result, and the reason; nothing if the subject lacks the
# data for it.
def query($way; $conf):
	(.name | words($conf.name_most // 120)) as $name
	| ($conf["category." + ((.category // "") | tostring)] // null) as $kind
	| wikidata as $id
	| ($conf.search == "database") as $database
	| if $way == "depicts" then
		if $id then {query: "haswbstatement:P180=\($id)", points: 25, why: "depicts \($id), according to Wikimedia"} else empty end
	# A subject of a list of ids has its id for a name.
	elif $name == "" or $name == $id then empty
	elif $way == "title" and $database then {query: "\"\($name)\"", what: "title", points: 18, why: "the name is in its title"}
	elif $way == "title" then {query: "intitle:\"\($name)\"", points: 18, why: "the name is in its title"}
	elif $way == "dated" then
		([.birth_date, .death_date | year] | first // empty) as $year
		| {query: "\"\($name)\" \($year)", points: 16, why: "the name and \($year) are in its page"}
	elif $way == "kind" then
		if $kind then {query: "\"\($name)\" \($kind | words(60))", points: 14, why: "the name and \($kind) are in its page"} else empty end
	elif $way == "phrase" then {query: "\"\($name)\"", points: 12, why: "the name is in its page"}
	elif $way == "words" then {query: ([$name, $kind // empty] | join(" ") | gsub("\\b(?<o>OR|AND|NOT)\\b"; .o | ascii_downcase)), points: 5, why: "the words of the name are in its page"}
	elif $way == "drawings" then {query: "\"\($name)\"", points: 8, why: "a drawing with the name in its page"}
	else empty end;

# A database search has no filters: what is too narrow or no picture is passed over when it is found.
def filtered($conf; $way; $query):
	if $conf.search == "database" then $query
	elif $way == "drawings" then "filetype:drawing \($query)"
	else "filetype:bitmap filew:>\($conf.least_width) \($query)" end;

def parameters($conf; $query; $what):
	[
		["action", "query"], ["format", "json"], ["formatversion", "2"], ["maxlag", $conf.maxlag],
		["generator", "search"], ["gsrnamespace", "6"], ["gsrlimit", $conf.page_size],
		["gsrsearch", $query], (if $what then ["gsrwhat", $what] else empty end),
		["prop", "imageinfo"], ["iiprop", "url|size|mime|mediatype|sha1|timestamp|extmetadata"],
		["iiurlwidth", $conf.thumb_width], ["iiextmetadatalanguage", $conf.language],
		["iiextmetadatafilter", $conf.extmetadata]
	]
	| if $conf.licences == "templates" then map(if .[0] == "prop" then ["prop", "imageinfo|templates"] else . end) + [["tlnamespace", "10"], ["tllimit", "max"]] else . end;

def encoded: map("\(.[0])=\(.[1] | tostring | @uri)") | join("&");

def requests($conf):
	.subject as $s
	| usable_ways($conf)[] as $way
	| $s | query($way; $conf)
	| {name: $way, points, why, url: "\($conf.api)?\(parameters($conf; filtered($conf; $way; .query); .what) | encoded)"};

# --- replies ---

# The error of the API, by its code and not by the status.
def failure($conf):
	(if type == "object" then .error // (.errors // [])[0] else {code: "no_object", info: "the reply is not a JSON object"} end)
	| if . == null then empty else
		((.code // "error") | tostring | gsub("[^A-Za-z0-9_-]"; "_") | .[:30]) as $code
		| ($conf.passing | split("[, ]+"; null)) as $passing
		| {
			code: (if $code == "maxlag" then "maxlag" else "api_" + $code end),
			message: "the API answers \($code): \((.info // .text // "") | tostring | .[:200])",
			again: ($passing | index($code) != null),
			wait: (if $passing | index($code) then $conf.maxlag_wait else 0 end)
		}
	end;

# Version 1 of the format has an object where version 2 has an array.
def pages: (.query // {} | if type == "object" then .pages // [] else [] end) | if type == "object" or type == "array" then .[] else empty end | select(type == "object");

def info: (.imageinfo // []) | if type == "array" then .[0] // {} else {} end | if type == "object" then . else {} end;

def templates: (.templates // []) | if type == "array" then . else [] end;

# Pages come in parts until the API's batch is complete: this merges what the replies say about each page.
def merged:
	reduce (.[] | pages) as $p ({};
		"\($p.pageid // $p.title)" as $key
		| (.[$key] // {}) as $before
		| .[$key] = $before + $p + {imageinfo: [($before | info) * ($p | info)], templates: (($before | templates) + ($p | templates))})
	| [.[]] | sort_by(.index // infinite);

# A flag is true in version 2, and an empty text in version 1.
def flag($key): has($key) and .[$key] != false and .[$key] != null;

# A value of extmetadata: text, a number, or an object of languages.
def plain($language):
	if type == "string" then .
	elif type == "number" or type == "boolean" then tostring
	elif type == "object" then .[$language] // .en // ([to_entries[] | select(.key | startswith("_") | not) | .value | select(type == "string")][0])
	else null end
	| if . == "" then null else . end;

def meta($language): (.extmetadata // {}) | if type == "object" then with_entries(.value |= (if type == "object" then .value | plain($language) else null end)) else {} end;

# The width in the URL of a thumbnail.
def width_in_url: (capture("/(?:[a-z-]*-)?(?<w>[0-9]+)px-[^/]*$") // {w: null}) | .w | if . then tonumber else null end;

# The file to show: a thumbnail with a width that the servers make, smaller than the original; else the original, if it is
# no wider than a thumbnail, or small. null if only another width is offered, since the servers refuse it.
def file_to_show($conf):
	($conf.widths | numbers_of) as $steps
	| (.thumburl // "" | width_in_url) as $w
	| (.mediatype == "DRAWING") as $drawing
	# Servers that make every width may name it otherwise than in the URL; thumbnails of Commons keep its steps.
	| (if $steps == [] and (.thumburl // "" | test("//upload[.]wikimedia[.]org/") | not) then $w // .thumbwidth else $w end) as $w
	| if $w and ($steps == [] or ($steps | index($w))) and ($drawing or $w < (.width // 0)) then {url: .thumburl}
	elif .url and ($drawing | not) and ((.width // 0) <= $conf.thumb_width or ((.size // infinite) <= $conf.original_most)) then
		{url, sha1, bytes: .size}
	else null end;

def is_true: . != null and (ascii_downcase | IN("", "false", "0", "no") | not);

# Why a page's file cannot be a candidate; null if it can.
def unfit($conf):
	info as $i | ($i | meta($conf.language)) as $m
	| if flag("missing") or flag("invalid") or ($i | flag("filemissing")) or ($i | flag("filehidden")) or ($i | flag("suppressed")) or flag("filehidden") then "gone or hidden"
	elif ($i.url // null | type) != "string" then "gone or hidden"
	elif ($i.mediatype // "BITMAP") | IN("BITMAP", "DRAWING") | not then "not pictures"
	elif $conf.search == "database" and ($i.mediatype // "BITMAP") == "BITMAP" and ($i.width // $conf.least_width | type == "number" and . < $conf.least_width) then "narrower than \($conf.least_width) pixels"
	elif $m.NonFree | is_true then "not free"
	elif $i | file_to_show($conf) == null then "without a thumbnail of a usual width"
	else null end;

# The licences that a page's templates name, "Cc-by-sa-4.0 or PD-old", for a wiki without CommonsMetadata; null: none does.
def licences_of_templates:
	[templates[] | objects | .title | strings | sub("^[^:]*:"; "")
		| select(test("^(cc[- ]|cc0|pd([- ]|$)|public[- ]?domain|gfdl|l?gpl|agpl|fal$|mit$|bsd|apache|attribution$|copyrighted free use$)"; "i"))
		| select(test("/|layout|warning|review"; "i") | not)]
	| unique | if . == [] then null else join(" or ") end;

def candidate($conf; $request; $of):
	. as $page | info as $i | ($i | meta($conf.language)) as $m
	| {
		title: ($m.ObjectName // ($page.title // "" | tostring | sub("^[^:]*:"; "") | sub("\\.[A-Za-z0-9]{2,5}$"; ""))),
		author: $m.Artist, attribution: $m.Attribution, credit: $m.Credit,
		license: ($m.LicenseShortName // ($page | licences_of_templates)), license_id: $m.License, license_url: $m.LicenseUrl,
		usage_terms: $m.UsageTerms, attribution_required: $m.AttributionRequired, copyrighted: $m.Copyrighted,
		restrictions: $m.Restrictions, author_count: $m.AuthorCount, deletion_reason: $m.DeletionReason,
		description: $m.ImageDescription, date: $m.DateTimeOriginal,
		page: $i.descriptionurl,
		original_url: $i.url, original_sha1: $i.sha1, original_bytes: $i.size,
		original_width: $i.width, original_height: $i.height, original_mime: $i.mime,
		extmetadata: (if $i.extmetadata | type == "object" then $i.extmetadata else null end)
	}
	| scored($conf; {place: ($page.index // 1), of: $of, points: $request.points, why: $request.why})
	| ($i | file_to_show($conf)) + .
	| with_entries(select(.value != null));

# The URL of the rest of the reply. iistart leads to older versions of the file, and is not followed.
def more($request):
	(.continue // {}) as $c
	| if ($c | type) != "object" or ($c | length) == 0 or ($c | has("iistart")) then null
	else $request.url + "&" + ($c | to_entries | map([.key, .value]) | encoded) end;

def whole: flag("batchcomplete") or has("continue") == false or ((.continue // {}) | type == "object" and has("iistart"));

def candidates($conf):
	.request as $request
	| (.replies[-1] | first(failure($conf)) // null) as $failure
	# A search that the wiki has switched off finds nothing; the others go on.
	| if $failure and ($failure.code | IN("api_search-title-disabled", "api_search-text-disabled")) then {candidates: [], passed_over: {}}
	elif $failure then {error: $failure} else
		(.replies | merged) as $pages
		| {
			whole: (.replies[-1] | whole),
			more: (.replies[-1] | more($request)),
			candidates: [$pages[] | select(unfit($conf) == null) | candidate($conf; $request; $conf.page_size)],
			passed_over: ([$pages[] | unfit($conf) // empty] | group_by(.) | map({key: .[0], value: length}) | from_entries)
		}
	end;
