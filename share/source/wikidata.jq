# wikidata.jq: takes the images that an item of Wikidata names, and searches Commons for files that depict it; bi-sources(5).
import "wikimedia" as wiki;

# The settings of Commons.
def commons($conf): $conf + {api: $conf.commons};

def opening($conf): wiki::opening(commons($conf)) | if .error then {error} else {} end;

def properties($conf): $conf.properties | tostring | split("[, ]+"; null) | map(select(. != ""));

def requests($conf):
	(.subject | wiki::wikidata) as $id
	| (if $id then {
		name: "image", points: 30, why: "it is an image of \($id) in Wikidata",
		url: "\($conf.api)?\([["action", "wbgetentities"], ["format", "json"], ["formatversion", "2"], ["maxlag", $conf.maxlag], ["ids", $id], ["props", "claims"]] | wiki::encoded)"
	} else empty end),
	wiki::requests(commons($conf));

# The files that an item names by its properties: preferred ones first, and none that is deprecated.
def files($conf):
	[.entities // {} | objects | .[] | objects | .claims // {} | objects | .[properties($conf)[]] // [] | arrays | .[]
		| select(.rank != "deprecated" and .mainsnak.snaktype == "value" and (.mainsnak.datavalue.value | type) == "string")
		| {preferred: (.rank == "preferred"), file: .mainsnak.datavalue.value}]
	| sort_by(.preferred | not) | map(.file) | reduce .[] as $f ([]; if index($f) then . else . + [$f] end);

def files_url($conf; $files):
	[wiki::parameters(commons($conf); ""; null)[] | select(.[0] | test("^(generator|gsr)") | not)]
		+ [["titles", ([$files[:50][] | "File:\(.)"] | join("|"))]]
	| "\($conf.commons)?\(wiki::encoded)";

def candidates($conf):
	if .request.name != "image" then wiki::candidates(commons($conf))
	else
		(.replies[0] | first(wiki::failure($conf)) // null) as $failure
		| if $failure and $failure.code == "api_no-such-entity" then {candidates: [], passed_over: {}}
		elif $failure then {error: $failure}
		else
			(.replies[0] | files($conf)) as $files
			| if $files == [] then {candidates: []}
			elif (.replies | length) == 1 then {candidates: [], whole: false, more: files_url($conf; $files)}
			else {request: (.request + {url: files_url($conf; $files)}), replies: .replies[1:]} | wiki::candidates(commons($conf)) end
		end
	end;
