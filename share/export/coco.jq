# export document .json pictures
# Labels in the format of the COCO data set (https://cocodataset.org/#format-data); bi-exports(5). Each subject is a
# category, each picture an image with one annotation, whose box is the whole picture.

def section($name; $rows): ",\n\"\($name)\":[\n", ($rows | to_entries[] | if .key > 0 then ",\n" else "" end, (.value | tojson)), "\n]";

[inputs
 | .choices[0] as $c
 | {place, width, height, path, url: $c.item.url, rank: $c.rank, reviewers: $c.reviewers,
    name: ($c.name // .id), category: ($c.category // "subject"), id, licence: ($c.credit.licenses[0] // null)}] as $all
| (reduce ($all[].licence | select(.)) as $l ({}; "\($l.name) \($l.url)" as $key
	| if has($key) then . else .[$key] = {id: (length + 1), name: $l.name, url: ($l.url // "")} end)) as $licences
| (reduce $all[] as $p ({}; if has($p.place) then . else .[$p.place] = {
	id: (length + 1), name: $p.name, supercategory: $p.category, subject: $p.id} end)) as $categories
| ([$all[].reviewers[]?.at] | max) as $newest
| "{\"info\":\({description: "chosen pictures, from bi-collect"} + if $newest then {date_created: $newest} else {} end | tojson)",
section("licenses"; [$licences[]] | sort_by(.id)),
section("images"; [$all | to_entries[] | .key as $i | .value
	| {id: ($i + 1), width, height, file_name: .path}
	+ (if .licence then {license: $licences["\(.licence.name) \(.licence.url)"].id} else {} end)
	+ (if .url then {coco_url: .url} else {} end)]),
section("annotations"; [$all | to_entries[] | .key as $i | .value
	| {id: ($i + 1), image_id: ($i + 1), category_id: $categories[.place].id, bbox: [0, 0, .width, .height],
	   area: (.width * .height), segmentation: [], iscrowd: 0,
	   attributes: ({rank, reviewers} | with_entries(select(.value)))}]),
section("categories"; [$categories[]] | sort_by(.id)),
"}\n"
