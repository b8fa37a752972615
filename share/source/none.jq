# none.jq: takes the candidates from the "urls" of the subject, without requests; bi-sources(5).
include "rank";

def requests($conf): empty;

# The candidates: an array of URLs or of objects with "url", or one text of URLs separated by white space or |.
def brought:
	[.urls, .url]
	| map(if type == "array" then .[] elif type == "string" then splits("[[:space:]|]+") else . end)
	| map(if type == "string" then {url: .} else . end)
	| map(select(type == "object" and (.url | type) == "string" and .url != ""));

def candidates($conf):
	(.subject | brought) as $all
	| {whole: true, candidates: [$all | to_entries[] | .key as $k | .value | scored($conf; {place: ($k + 1), of: ($all | length)})
		# Keep the order in which the subject has them.
		| .score = ([100 - $k, 0] | max) | .score_why = ["brought as number \($k + 1)"]]};
