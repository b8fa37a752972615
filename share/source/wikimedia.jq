# wikimedia.jq: searches Wikimedia Commons for pictures of a subject, with the API of MediaWiki; bi-sources(5).
#
# requests: makes requests from a subject, the most promising first. candidates: makes candidates from the replies to one
# request.
include "rank";

def trimmed: gsub("[[:space:]]+"; " ") | ltrimstr(" ") | rtrimstr(" ");

# A text without search operators, which may be used in a search with or without quotes.
def words($most): tostring | gsub("[\"\\\\:*?~|!\\[\\](){}<>]"; " ") | gsub("(^|[[:space:]])-+"; " ") | trimmed | .[:$most] | trimmed;

def numbers_of: if . == null then [] else tostring | [scan("[0-9]+") | tonumber] end;

# The digits of the year, if a date has them.
def year: if . == null then empty else tostring | (capture("^(?<y>[0-9]{3,4})(-|$)") // empty) | .y end;

def wikidata: [.wikidata, .wikidata_id, .qid | select(type == "string") | (capture("(?<q>Q[1-9][0-9]*)$") // empty) | .q][0];

# The searches, by name: each returns a query, the points for a result, and the reason; nothing if the subject lacks the
# data for it.
def query($way; $conf):
	(.name | words($conf.name_most // 120)) as $name
	| ($conf["category." + ((.category // "") | tostring)] // null) as $kind
	| wikidata as $id
	| if $way == "depicts" then
		if $id then {query: "haswbstatement:P180=\($id)", points: 25, why: "depicts \($id), according to Wikimedia"} else empty end
	elif $name == "" then empty
	elif $way == "title" then {query: "intitle:\"\($name)\"", points: 18, why: "the name is in its title"}
	elif $way == "dated" then
		([.birth_date, .death_date | year] | first // empty) as $year
		| {query: "\"\($name)\" \($year)", points: 16, why: "the name and \($year) are in its page"}
	elif $way == "kind" then
		if $kind then {query: "\"\($name)\" \($kind | words(60))", points: 14, why: "the name and \($kind) are in its page"} else empty end
	elif $way == "phrase" then {query: "\"\($name)\"", points: 12, why: "the name is in its page"}
	elif $way == "words" then {query: ([$name, $kind // empty] | join(" ") | gsub("\\b(?<o>OR|AND|NOT)\\b"; .o | ascii_downcase)), points: 5, why: "the words of the name are in its page"}
	elif $way == "drawings" then {query: "\"\($name)\"", points: 8, why: "a drawing with the name in its page"}
	else error("there is no search called '\($way)': depicts, title, dated, kind, phrase, words, drawings") end;

def parameters($conf; $query; $drawing):
	[
		["action", "query"], ["format", "json"], ["formatversion", "2"], ["maxlag", $conf.maxlag],
		["generator", "search"], ["gsrnamespace", "6"], ["gsrlimit", $conf.page_size],
		["gsrsearch", (if $drawing then "filetype:drawing" else "filetype:bitmap filew:>\($conf.least_width)" end) + " " + $query],
		["prop", "imageinfo"], ["iiprop", "url|size|mime|mediatype|sha1|timestamp|extmetadata"],
		["iiurlwidth", $conf.thumb_width], ["iiextmetadatalanguage", $conf.language],
		["iiextmetadatafilter", $conf.extmetadata]
	];

def encoded: map("\(.[0])=\(.[1] | tostring | @uri)") | join("&");

def requests($conf):
	.subject as $s
	| $conf.ways | split("[, ]+"; null)[] | select(. != "") as $way
	| $s | query($way; $conf)
	| {name: $way, points, why, url: "\($conf.api)?\(parameters($conf; .query; $way == "drawings") | encoded)"};

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

# Pages come in parts until the API's batch is complete: this merges what the replies say about each page.
def merged:
	reduce (.[] | pages) as $p ({};
		"\($p.pageid // $p.title)" as $key
		| (.[$key] // {}) as $before
		| .[$key] = $before + $p + {imageinfo: [($before | info) * ($p | info)]})
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
	elif $m.NonFree | is_true then "not free"
	elif $i | file_to_show($conf) == null then "without a thumbnail of a usual width"
	else null end;

def candidate($conf; $request; $of):
	. as $page | info as $i | ($i | meta($conf.language)) as $m
	| {
		title: ($m.ObjectName // ($page.title // "" | tostring | sub("^[^:]*:"; "") | sub("\\.[A-Za-z0-9]{2,5}$"; ""))),
		author: $m.Artist, attribution: $m.Attribution, credit: $m.Credit,
		license: $m.LicenseShortName, license_id: $m.License, license_url: $m.LicenseUrl,
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
	| if $failure then {error: $failure} else
		(.replies | merged) as $pages
		| {
			whole: (.replies[-1] | whole),
			more: (.replies[-1] | more($request)),
			candidates: [$pages[] | select(unfit($conf) == null) | candidate($conf; $request; $conf.page_size)],
			passed_over: ([$pages[] | unfit($conf) // empty] | group_by(.) | map({key: .[0], value: length}) | from_entries)
		}
	end;
