# rank.jq: what a candidate scores, and why; bi-sources(5). Every source's filters may include it.
#
# Points are given for where it stood among the results, for what found it, its size, its shape and its licence, each
# up to the weight that the source's settings have; points are taken from what is up for deletion or small.

def weight($conf; $key; $otherwise): $conf["weight." + $key] // $otherwise;

# First of many is the best place; the points fall to none at the end of a page of results.
def place_points($conf; $place; $of):
	weight($conf; "place"; 30) as $most
	| {points: ($most * ([1 - ($place - 1) / ([$of, 1] | max), 0] | max)), why: "place \($place) of its results"};

# From nothing at 100,000 pixels to all points at 4 million, by doublings.
def size_points($conf; $width; $height):
	weight($conf; "size"; 20) as $most
	| (($width // 0) * ($height // 0)) as $pixels
	| if $pixels <= 0 then {points: 0, why: "of a size that is not said"}
	else {points: ($most * ([[($pixels / 100000 | log2) / (40 | log2), 0] | max, 1] | min)), why: "\($width) x \($height) pixels"}
	end;

# All points for what is at most twice as long as wide, either way; none from four times on.
def shape_points($conf; $width; $height):
	weight($conf; "shape"; 10) as $most
	| if ($width // 0) <= 0 or ($height // 0) <= 0 then {points: 0, why: "of a shape that is not said"}
	else
		([$width / $height, $height / $width] | max) as $ratio
		| {points: ($most * ([[(4 - $ratio) / 2, 0] | max, 1] | min)),
		   why: (if $ratio <= 2 then "of a usual shape" else "\($ratio * 10 | floor / 10) times as long as wide" end)}
	end;

# What may be used without naming anybody, with a name, under conditions that are not known, and without a licence.
def licence_points($conf; $name):
	weight($conf; "licence"; 15) as $most
	| ($name // "" | tostring | ascii_downcase) as $l
	| if $l == "" then {points: 0, why: "no licence is stated"}
	elif $l | test("cc0|cc-zero|public domain|^pd|pdm|no restrictions|no known") then {points: $most, why: "free of conditions: \($name)"}
	elif $l | test("^cc[ -]by|^by|gfdl|free art|attribution") and (test("nc|nd") | not) then {points: ($most * 0.9), why: "free with a name: \($name)"}
	elif $l | test("nc|nd") then {points: ($most * 0.3), why: "not free for every use: \($name)"}
	else {points: ($most * 0.5), why: "licence: \($name)"} end;

def taken($yes; $points; $why): if $yes then {points: -$points, why: $why} else empty end;

# Adds "score", a whole number, and "score_why", the points that it is the sum of, to a candidate. $found is what is
# known of how it was found: {place, of, points, why}, the last two for the request itself.
def scored($conf; $found):
	. as $c
	| ($c.original_width // $c.width) as $w | ($c.original_height // $c.height) as $h
	| [
		{points: ($found.points // 0), why: ($found.why // "")},
		place_points($conf; $found.place // 1; $found.of // 1),
		size_points($conf; $w; $h),
		shape_points($conf; $w; $h),
		licence_points($conf; $c.license),
		taken($c.deletion_reason != null; weight($conf; "deletion"; 30); "it is up for deletion"),
		taken(($w // 1000) < 300 or ($h // 1000) < 300; weight($conf; "small"; 10); "a side is shorter than 300 pixels")
	] as $parts
	| $c + {
		score: ([$parts[].points] | add | [., 0] | max | round),
		score_why: [$parts[] | select(.why != "") | "\(.points | round | if . >= 0 then "+\(.)" else tostring end) \(.why)"]
	};
