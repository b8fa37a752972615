#!/usr/bin/env bats
# From names to a collection: bi-source with the programs behind it, against a wiki that also serves the pictures.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load ../integration/helpers

setup() {
	bi_setup
	export BI_CONTACT=test@example.org
	S=$BI_ROOT/collected/by_subject_id
}

# pick BATCH SUBJECT CHOICE
pick() {
	printf '{"subject":"%s","choice":%s,"reviewer":"ada","at":"2026-11-22T10:00:00.000Z"}\n' "$2" "$3" \
		>>"$BI_ROOT/batches/$1/picks.ndjson"
}

# fetched NAME...: a batch ALL of these people.
fetched() {
	people "$@" >list
	source_wiki --set ways=title <list 2>source.err | bi-fetch -q >results || :
}

@test "a catalog of 100 subjects to a collected, attributed export" {
	local i k batches=()

	wiki_start
	seq 100 | jq -c '{id: ., name: "Person \(. + 100)", category: "M", birth_date: "1900-01-01"}' | shuf >catalog
	# Four batches of 25, as processes of their own, which share the wiki's one place.
	export -f source_wiki
	export WIKI
	seq 0 25 75 | xargs -P 4 -I{} bash -c 'source_wiki --cache --max 3 --set ways=title --set enough=3 M 25 {} <catalog |
		bi-fetch -q | bi-render >review.{}'
	for k in 1 2 3 4; do
		batches+=("M_chars$((25 * k - 24))-$((25 * k))")
		run -0 bi-status --json --limit 0 --strict "${batches[-1]}"
		assert_equal "$(jq -c '.batch_job | [.total_items, .completed_items, .label]' <<<"$output")" \
			"[75,75,\"Chars $((25 * k - 24))-$((25 * k))\"]"
		assert_equal "$(find "$BI_ROOT/review/${batches[-1]}" -name '*_review.html' | wc -l)" 25
	done
	grep -q 'By: <bdi>Anna Example</bdi>' "$BI_ROOT"/review/M_chars1-25/*_review.html
	grep -q 'Original: 2900 × 2000' "$BI_ROOT"/review/M_chars1-25/*_review.html
	grep -q 'Score: [0-9]* (+' "$BI_ROOT"/review/M_chars1-25/*_review.html
	for i in $(seq 100); do
		pick "${batches[(i - 1) / 25]}" "$i" $((i % 3 + 1))
	done
	run -0 --separate-stderr bi-collect --originals --strict -o out.tar.gz "${batches[@]}"
	assert_equal "$stderr" ''
	assert_equal "$(tail -n 1 <<<"$output")" '{"end":"bi-collect","collected":100,"new":100,"removed":0,"conflicts":0,"failed":0,"exit":0}'
	run -0 bi-collect --verify out.tar.gz
	mkdir export
	tar -xf out.tar.gz -C export
	(cd export && sha256sum --quiet -c collected/SHA256SUMS)
	# Each has its original, by the wiki's own digest, and says who made it under which licence.
	for i in 1 50 100; do
		curl -s "$WIKI/o/Person_$((i + 100))_$(jq -r '.choices[0].item.title | split(" ")[-1]' "$S/$i/metadata.json").jpg" | cmp - export/collected/by_subject_id/"$i"/*.jpg
	done
	assert_equal "$(jq '.attributions | length' export/collected/ATTRIBUTION.json)" 100
	assert_equal "$(jq -c '.attributions | map(.author, .licenses[0].id, (.page | startswith("https://commons.wikimedia.org/wiki/File:Person_"))) | unique' export/collected/ATTRIBUTION.json)" \
		'[true,"Anna Example","CC-BY-SA-4.0"]'
	run ! grep -h ^BAD "${ORIGIN_LOGS[@]}"
	# Of the API nothing is asked again.
	i=$(origin_hits gsrsearch)
	assert_equal "$i" 100
	source_wiki --cache --max 3 --set ways=title --set enough=3 M 25 0 <catalog | bi-fetch -q | bi-render >/dev/null
	assert_equal "$(origin_hits gsrsearch)" "$i"
}

@test "--originals: of what was picked, checked by its SHA-1; run again nothing is asked" {
	local asked sum

	wiki_start
	fetched 'Clara Schumann' 'Busy Bach'
	assert_equal "$(origin_hits '/o/')" 0 # only thumbnails were looked at
	pick ALL 1 2
	bi-collect ALL >first
	assert_equal "$(jq -r 'select(.status == "collected").bytes' first)" "$(curl -s "$WIKI/t/Clara_Schumann_2.jpg/960px-Clara_Schumann_2.jpg" | wc -c)"
	pick ALL 2 1
	run -0 --separate-stderr bi-collect --originals ALL
	assert_equal "$stderr" ''
	sum=$(curl -s "$WIKI/o/Clara_Schumann_2.jpg" | sha256sum | cut -d' ' -f1)
	[ -e "$S/1/$sum.jpg" ]
	assert_equal "$(find "$S/1" -type f | wc -l)" 2 # the thumbnail has gone
	assert_equal "$(jq -c '.choices[0] | [.original, .idx, .credit.author, .credit.licenses[0].id]' "$S/1/metadata.json")" '[true,2,"Anna Example","CC-BY-SA-4.0"]'
	run -0 bi-status --json ALL.originals
	assert_equal "$(jq -c '[.batch_job.completed_items, .batch_job.label]' <<<"$output")" '[2,"Originals of ALL"]'
	jq -e 'select(.subject.id == 1) | .license == "CC BY-SA 4.0" and .original_of.idx == 2 and (.sha1 | length) == 40' \
		"$BI_ROOT/batches/ALL.originals/items.ndjson" | grep -q true
	# The original stays when nobody asks for originals, and is not fetched again.
	asked=$(origin_hits '/o/')
	run -0 bi-collect ALL
	[ -e "$S/1/$sum.jpg" ]
	run -0 bi-collect --originals ALL
	assert_equal "$(jq -c 'select(.status).new' <<<"$output" | sort -u)" false
	assert_equal "$(origin_hits '/o/')" "$asked"
}

@test "an original that is gone or another: said, and the thumbnail is collected in its place" {
	wiki_start
	fetched 'Lost Clara' 'Wrong Bach' 'Plain Ada'
	pick ALL 1 1
	pick ALL 2 1
	pick ALL 3 1
	run -1 --separate-stderr bi-collect --originals ALL
	[[ "$stderr" == *'batch ALL: subject 1: the original of candidate 1 is missing: the server answers 404: there is nothing by that name; its thumbnail is collected instead'* ]]
	[[ "$stderr" == *'subject 2: the original of candidate 1 is missing: it has '*' bytes where the item says '* ]]
	assert_equal "$(jq -r 'select(.status == "refused") | .error.code' <<<"$output" | paste -sd' ')" 'no_original no_original'
	assert_equal "$(jq -r 'select(.status == "collected") | .subject' <<<"$output" | sort | paste -sd' ')" '1 2 3'
	assert_equal "$(jq -c '.choices[0].original' "$S/1/metadata.json" "$S/3/metadata.json" | paste -sd' ')" 'null true'
}

@test "subjects without candidates are items that failed: the batch, its state and its pages show them" {
	wiki_start
	fetched 'Plain One' 'Nobody Two' 'Apierror Three'
	run -1 bi-status --json --strict ALL
	assert_equal "$(jq -c '.batch_job | [.status, .completed_items, .failed_items, .category]' <<<"$output")" '["partially_completed",6,2,"ALL"]'
	assert_equal "$(jq -r 'select(.status == "failed") | .error.code' results | sort | paste -sd' ')" 'api_cirrussearch-backend-error no_candidates'
	assert_equal "$(tail -n 1 results)" '{"end":"bi-fetch","completed":6,"failed":2,"exit":1}'
	bi-render ALL >/dev/null
	grep -q 'Nothing to choose' "$BI_ROOT/review/ALL/2_review.html"
	grep -q 'Wikimedia Commons has nothing for it' "$BI_ROOT/review/ALL/2_review.html"
	# The same again is the same; when it is found, its candidates take its place.
	fetched 'Plain One' 'Nobody Two' 'Apierror Three'
	assert_equal "$(tail -n 1 results)" '{"end":"bi-fetch","completed":6,"failed":2,"exit":1}'
	assert_equal "$(wc -l <"$BI_ROOT/batches/ALL/items.ndjson")" 8
	fetched 'Plain One' 'Found Two' 'Found Three'
	assert_equal "$(tail -n 1 results)" '{"end":"bi-fetch","completed":18,"failed":0,"exit":0}'
}

@test "a subject that failed is tried again: once it is found its batch is complete, and if it is lost again it says so" {
	wiki_start
	fetched 'Plain One' 'Status 503 4 Two'
	assert_equal "$(tail -n 1 results)" '{"end":"bi-fetch","completed":6,"failed":1,"exit":1}'
	fetched 'Plain One' 'Status 503 4 Two'
	assert_equal "$(tail -n 1 results)" '{"end":"bi-fetch","completed":12,"failed":0,"exit":0}'
	run -0 bi-status --json --limit 0 --strict ALL
	assert_equal "$(jq -c '.batch_job | [.status, .total_items, .failed_items]' <<<"$output")" '["completed",12,0]'
	fetched 'Plain One' 'Nobody Two'
	run -1 bi-status --json --limit 0 --strict ALL
	assert_equal "$(jq -c '.batch_job | [.status, .total_items, .failed_items]' <<<"$output")" '["partially_completed",13,1]'
	fetched 'Plain One' 'Status 503 4 Two'
	run -0 bi-status --json --limit 0 --strict ALL
	# With several sources too.
	people 'Nobody Three' >list
	mkdir origin
	echo '{"results":[]}' >origin/images
	origin_start
	both() {
		source_wiki -b both -s wikimedia,openverse --set "openverse.api=$ORIGIN/images" --set ways=title <list 2>source.err | bi-fetch -q >results || :
	}
	source_wiki() {
		bi-source -q --set "wikimedia.api=$WIKI/w/api.php" --set slow=0 "$@"
	}
	both
	run -1 bi-status --json --strict both
	people 'Found Three' >list
	both
	run -0 bi-status --json --strict both
	assert_equal "$(jq -c '.batch_job.total_items' <<<"$output")" 6
}

@test "the pipeline tells by its exit code that a subject failed" {
	wiki_start
	people 'Plain One' 'Nobody Two' >list
	run -1 bash -c 'bi-source --json --contact t@example.org --set slow=0 --set ways=title --set "api=$0/w/api.php" <list | bi-fetch -q | bi-render' "$WIKI"
	run -0 bash -c 'bi-source --json --contact t@example.org --set slow=0 --set ways=title --set "api=$0/w/api.php" --ids 1 <list | bi-fetch -q | bi-render' "$WIKI"
}

@test "subjects that bring their own URLs" {
	wiki_start
	printf '%s\n' "{\"id\":1,\"name\":\"A\",\"urls\":[\"$WIKI/o/a.jpg\",{\"url\":\"$WIKI/o/b.jpg\",\"license\":\"CC0\",\"author\":\"<b>Me</b>\"}]}" '{"id":2,"name":"B"}' >list
	bi-source -s none ALL <list 2>err | bi-fetch -q >results || :
	assert_equal "$(jq -r 'select(.status == "completed") | .url' results | sort)" "$WIKI/o/a.jpg"$'\n'"$WIKI/o/b.jpg"
	assert_equal "$(cat err)" 'bi-source: subject 2 (B): it has no "urls"'
	assert_equal "$(jq -r 'select(.status == "failed") | .error.code' results)" no_candidates
}
