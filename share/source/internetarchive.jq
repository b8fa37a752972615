# internetarchive.jq: searches the Internet Archive for items with pictures of a subject; bi-sources(5).
#
# The first reply to a request is that of the search. Those behind it are the metadata of its first items, one each.
include "rank";

def words($most): tostring | gsub("[\"\\\\:*?~|!\\[\\](){}<>^+/]"; " ") | gsub("[[:space:]]+"; " ") | ltrimstr(" ") | rtrimstr(" ") | .[:$most];

def requests($conf):
	(.subject.name | words($conf.name_most)) as $name
	| select($name != "")
	| (
		{name: "title", q: "title:(\"\($name)\")", points: 15, why: "the name is in its title"},
		{name: "subject", q: "subject:(\"\($name)\")", points: 15, why: "the name is its subject"},
		{name: "phrase", q: "\"\($name)\"", points: 8, why: "the name is in its description"}
	)
	| . + {url: ("\($conf.api)?q=\("mediatype:(image) AND \(.q)" | @uri)&\(["identifier", "title"] | map("fl%5B%5D=\(.)") | join("&"))"
		+ "&rows=\($conf.page_size)&page=1&output=json")}
	| del(.q);

# A member of metadata may be one value or several.
def texts: if type == "array" then map(strings) | join(", ") elif type == "string" then . else null end;

def path: split("/") | map(@uri) | join("/");

# The name of a licence by its URL.
def licence_name:
	(. // "" | ascii_downcase) as $u
	| if $u | test("creativecommons\\.org/publicdomain/zero") then "CC0"
	elif $u | test("creativecommons\\.org/publicdomain/mark") then "Public Domain Mark 1.0"
	elif $u | test("creativecommons\\.org/licenses/publicdomain") then "Public domain"
	else ($u | capture("creativecommons\\.org/licenses/(?<l>[a-z-]+)/(?<v>[0-9.]+)") // null)
		| if . then "CC \(.l | ascii_upcase) \(.v)" else null end
	end;

def is_picture: (.format // "" | tostring) | test("jpe?g|png|gif|webp|tiff|avif|jp2|jpeg 2000|bitmap"; "i");
def is_shown: (.name // "" | ascii_downcase) | test("\\.(jpe?g|png|gif|webp)$");
def number: if type == "number" then . else (tostring | if test("^[0-9]+$") then tonumber else null end) end;

# The metadata of an item that was taken away are an empty object or array.
def metadata: if type == "object" then .metadata | objects else empty end;

# The pictures of an item that anybody may fetch, as files: {file, shown}, where SHOWN is the file itself or the best smaller copy.
def pictures($conf):
	[.files // [] | arrays | .[] | objects | select((.name | type) == "string" and (.private // false | tostring) != "true")] as $all
	| [$all[] | select(.source == "original" and is_picture and (.name | startswith("__ia_") | not))][:$conf.files][]
	| . as $file
	| [$all[] | select(.original == $file.name and is_shown and (.format // "" | tostring | test("thumb"; "i") | not))] as $copies
	| {
		file: $file,
		shown: (if ($file | is_shown) and (($file.size | number) // infinite) <= $conf.original_most then $file
			else [$copies[] | select((.size | number // infinite) <= $conf.original_most)][0] end)
	};

def candidate($conf; $request; $place):
	.metadata as $m | ($m.identifier | tostring) as $id
	| pictures($conf)
	| .file as $f | .shown as $s
	| "\($conf.site)/download/\($id | @uri)/" as $base
	| {
		title: ($m.title | texts), author: ($m.creator | texts), description: ($m.description | texts), date: ($m.date | texts),
		license: ($m.licenseurl | texts | licence_name), license_url: ($m.licenseurl | texts), usage_terms: ($m.rights | texts),
		credit: "Internet Archive", page: "\($conf.site)/details/\($id | @uri)",
		url: (if $s then $base + ($s.name | path) else "\($conf.site)/services/img/\($id | @uri)" end),
		original_url: ($base + ($f.name | path)), original_sha1: $f.sha1, original_bytes: ($f.size | number),
		original_width: ($f.width | number), original_height: ($f.height | number)
	}
	+ (if $s == $f then {sha1: $f.sha1, bytes: ($f.size | number)} else {} end)
	| scored($conf; {place: $place, of: $conf.items, points: $request.points, why: $request.why})
	| with_entries(select(.value != null));

def candidates($conf):
	.request as $request | .replies as $replies | $replies[0] as $found
	| if ($found | type) != "object" or ($found.response.docs? | type) != "array" then
		{error: {code: "api_error", message: "the API answers: \($found | objects | .error // .message // "no results in it" | tostring | .[:200])"}}
	elif $replies[-1] | type | IN("object", "array") | not then {error: {code: "api_no_object", message: "the reply is not a JSON object"}}
	else
		[$found.response.docs[] | objects | .identifier | strings][:$conf.items] as $ids
		| ($replies | length) as $n
		| {
			whole: ($n > ($ids | length)),
			more: (if $n <= ($ids | length) then "\($conf.site)/metadata/\($ids[$n - 1] | @uri)" else null end),
			candidates: [$replies[1:] | to_entries[] | .key as $k | .value | select([metadata] != []) | candidate($conf; $request; $k + 1)],
			passed_over: {"items without pictures": [$replies[1:][] | select([metadata] == [] or [pictures($conf)] == [])] | length}
		}
	end;
