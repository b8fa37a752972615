# none.jq: subjects that bring their candidates themselves, as "urls"; bi-sources(5). Nobody is asked.
include "rank";

def requests($conf): empty;

# An array of URLs or objects with "url", or one text with white space or | between.
def brought:
	[.urls, .url]
	| map(if type == "array" then .[] elif type == "string" then splits("[[:space:]|]+") else . end)
	| map(if type == "string" then {url: .} else . end)
	| map(select(type == "object" and (.url | type) == "string" and .url != ""));

def candidates($conf):
	(.subject | brought) as $all
	| {whole: true, candidates: [$all | to_entries[] | .key as $k | .value | scored($conf; {place: ($k + 1), of: ($all | length)})
		# As they are brought is the order that is wanted.
		| .score = ([100 - $k, 0] | max) | .score_why = ["brought as number \($k + 1)"]]};
