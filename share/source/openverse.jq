# openverse.jq: searches Openverse for pictures of a subject; bi-sources(5).
include "rank";

def words($most): tostring | gsub("[\"\\\\:*?~|!\\[\\](){}<>]"; " ") | gsub("[[:space:]]+"; " ") | ltrimstr(" ") | rtrimstr(" ") | .[:$most];

def requests($conf):
	(.subject.name | words($conf.name_most // 120)) as $name
	| (.subject.category // "" | tostring) as $category
	| select($name != "")
	| (
		{name: "phrase", q: "\"\($name)\"", points: 15, why: "the name is in its description"},
		(if $conf["category." + $category] then {name: "kind", q: "\($name) \($conf["category." + $category])", points: 10, why: "the name and \($conf["category." + $category])"} else empty end),
		{name: "words", q: $name, points: 5, why: "the words of the name"}
	)
	| . + {url: "\($conf.api)?q=\(.q | @uri)&page_size=\($conf.page_size)&license_type=\($conf.license_type | tostring | @uri)&mature=false"}
	| del(.q);

# "by-sa" and "4.0" as Creative Commons writes them.
def license_name:
	(.license // "" | tostring | ascii_downcase) as $l | (.license_version // "" | tostring) as $v
	| if $l == "" then null
	elif $l == "cc0" then "CC0"
	elif $l == "pdm" then "Public Domain Mark 1.0"
	else "CC " + ($l | ascii_upcase) + (if $v != "" then " " + $v else "" end) end;

def candidate($conf; $request; $place):
	. as $r
	| {
		title: $r.title, author: $r.creator, attribution: $r.attribution,
		credit: ([$r.source // $r.provider // empty | tostring] | first),
		license: ($r | license_name), license_url: $r.license_url,
		page: $r.foreign_landing_url, author_page: $r.creator_url,
		url: (if $conf.thumbnails == "yes" then $r.thumbnail // $r.url else $r.url end),
		original_url: $r.url, original_width: $r.width, original_height: $r.height, original_bytes: $r.filesize
	}
	| scored($conf; {place: $place, of: $conf.page_size, points: $request.points, why: $request.why})
	| with_entries(select(.value != null));

def number: if type == "number" then . else (tostring | if test("^[0-9]+$") then tonumber else null end) end;

def candidates($conf):
	.request as $request | .replies[-1] as $last
	| if ($last | type) != "object" then {error: {code: "api_no_object", message: "the reply is not a JSON object"}}
	elif ($last.results | type) != "array" then
		{error: {code: "api_error", message: "the API answers: \(($last.detail // $last.error // "no results in it") | tostring | .[:200])"}}
	else
		(($last.page // 1) | number // 1) as $page
		| {
			whole: true,
			more: (if (($last.page_count // 1) | number // 1) > $page then "\($request.url)&page=\($page + 1)" else null end),
			candidates: [$last.results | to_entries[] | select((.value | type) == "object" and (.value.url | type) == "string")
				| (.key + 1 + ($page - 1) * $conf.page_size) as $place
				| .value | candidate($conf; $request; $place)]
		}
	end;
