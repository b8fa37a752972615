# rank.jq: computes the score of a candidate, with the reasons; bi-sources(5). The filters of any source may include it.
#
# A candidate gets points for its place among the results, the search that found it, its size, its shape and its licence,
# each up to the weight in the source's settings. It loses points if it is proposed for deletion, or small.

def weight($conf; $key; $otherwise): $conf["weight." + $key] // $otherwise;

# The first place gets all points; they fall to 0 at the end of a page of results.
def place_points($conf; $place; $of):
	weight($conf; "place"; 30) as $most
	| {points: ($most * ([1 - ($place - 1) / ([$of, 1] | max), 0] | max)), why: "place \($place) of its results"};

# From 0 points at 100,000 pixels to all points at 4 million, on a logarithmic scale.
def size_points($conf; $width; $height):
	weight($conf; "size"; 20) as $most
	| (($width // 0) * ($height // 0)) as $pixels
	| if $pixels <= 0 then {points: 0, why: "unknown size"}
	else {points: ($most * ([[($pixels / 100000 | log2) / (40 | log2), 0] | max, 1] | min)), why: "\($width) x \($height) pixels"}
	end;

# All points for a picture that is at most twice as long as wide, in either direction; 0 points from four times on.
def shape_points($conf; $width; $height):
	weight($conf; "shape"; 10) as $most
	| if ($width // 0) <= 0 or ($height // 0) <= 0 then {points: 0, why: "unknown shape"}
	else
		([$width / $height, $height / $width] | max) as $ratio
		| {points: ($most * ([[(4 - $ratio) / 2, 0] | max, 1] | min)),
		   why: (if $ratio <= 2 then "usual shape" else "\($ratio * 10 | floor / 10) times as long as wide" end)}
	end;

# All points for works without conditions, fewer for those that need a name, have unknown or strict conditions, or have no
# licence.
def licence_points($conf; $name):
	weight($conf; "licence"; 15) as $most
	| ($name // "" | tostring | ascii_downcase) as $l
	| if $l == "" then {points: 0, why: "no licence is stated"}
	elif $l | test("cc0|cc-zero|public domain|^pd|pdm|no restrictions|no known") then {points: $most, why: "free of conditions: \($name)"}
	elif $l | test("^cc[ -]by|^by|gfdl|free art|attribution") and (test("nc|nd") | not) then {points: ($most * 0.9), why: "free with a name: \($name)"}
	elif $l | test("nc|nd") then {points: ($most * 0.3), why: "not free for every use: \($name)"}
	else {points: ($most * 0.5), why: "licence: \($name)"} end;

def taken($yes; $points; $why): if $yes then {points: -$points, why: $why} else empty end;

# Adds "score", an integer, and "score_why", its parts, to a candidate. $found describes how it was found: {place, of,
# points, why}, where points and why are those of the request.
def scored($conf; $found):
	. as $c
	| ($c.original_width // $c.width) as $w | ($c.original_height // $c.height) as $h
	| [
		{points: ($found.points // 0), why: ($found.why // "")},
		place_points($conf; $found.place // 1; $found.of // 1),
		size_points($conf; $w; $h),
		shape_points($conf; $w; $h),
		licence_points($conf; $c.license),
		taken($c.deletion_reason != null; weight($conf; "deletion"; 30); "it is proposed for deletion"),
		taken(($w // 1000) < 300 or ($h // 1000) < 300; weight($conf; "small"; 10); "a side is shorter than 300 pixels")
	] as $parts
	| $c + {
		score: ([$parts[].points] | add | [., 0] | max | round),
		score_why: [$parts[] | select(.why != "") | "\(.points | round | if . >= 0 then "+\(.)" else tostring end) \(.why)"]
	};
