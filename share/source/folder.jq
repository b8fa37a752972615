# folder.jq: finds pictures in a directory whose files, or directories, have the id or the name of a subject; bi-sources(5).
include "rank";

def opening($conf):
	if $conf.folder // "" | tostring == "" then {error: {message: "the source folder needs the directory: --set folder=DIR"}} else {} end;

# A text as a pattern of glob(7) that matches it.
def literal: gsub("(?<c>[*?\\[\\]\\\\{},~])"; "\\\(.c)");

# The same in upper or lower case (ASCII), where a blank, an underscore and a hyphen are the same.
def loosely:
	gsub("[ _-]+"; " ") | explode
	| map([.] | implode | if test("[A-Za-z]") then "[\(ascii_downcase)\(ascii_upcase)]" elif . == " " then "[ _-]" else literal end)
	| add // "";

# The file has the text for its name, up to its ending or a number; or it is in a directory of that name.
def found_as($folder): "\($folder | literal)/\(loosely){.*,[ _-][0-9]*,[ _-](*,(*,/*}";

def requests($conf):
	($conf.folder | tostring) as $folder
	| (.subject.id | tostring) as $id | (.subject.name | tostring | gsub("/"; "-")) as $name
	| {name: "id", glob: ($id | found_as($folder)), points: 30, why: "its file has the id"},
	(if ($name | loosely) != ($id | loosely) then {name: "name", glob: ($name | found_as($folder)), points: 20, why: "its file has the name"} else empty end);

def candidates($conf):
	.request as $request | .replies[-1].files as $files
	| ($conf.endings | split(" ")) as $endings
	| [$files[] | select(.file | ascii_downcase | split(".")[-1] | IN($endings[]))] as $pictures
	| {
		candidates: [$pictures | to_entries[] | .key as $k | .value
			| {file, bytes, title: (.file | split("/")[-1] | sub("\\.[^.]*$"; ""))}
			| scored($conf; {place: ($k + 1), of: ($pictures | length), points: $request.points, why: $request.why})],
		passed_over: (if ($files | length) > ($pictures | length) then {"not pictures": (($files | length) - ($pictures | length))} else {} end)
	};
