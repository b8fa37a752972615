#!/usr/bin/env bats
# What a decision can say: several picks in an order, and remarks; how a batch is reviewed; and what bi-collect makes of it.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

# batch NAME [OPTION...]: three subjects with three text files each, rendered with these options.
batch() {
	local i k

	for i in 1 2 3; do
		for k in 1 2 3; do
			echo "file $i $k" >"f-$i-$k.txt"
			printf '{"subject":{"id":"%s","name":"Subject %s"},"file":"%s","license":"CC BY 4.0","author":"A"}\n' "$i" "$i" \
				"$PWD/f-$i-$k.txt"
		done
	done | bi-fetch -q -b "$1" >/dev/null
	bi-render "${@:2}" "$1" >/dev/null
}

serve() {
	local first=$((12000 + RANDOM % 7000)) port

	port=$(bi-serve -p "$first-$((first + 200))" "$@" | jq -r 'select(.port).port')
	URL=http://localhost:$port/api/v1
	TOKEN=$(<"$BI_ROOT/token")
}

# get BATCH [QUERY], put BATCH JSON: the answer's status in $code, its body in the file body, its headers in headers.
get() {
	code=$(curl -s -o body -D headers -w '%{http_code}' --max-time 60 "${@:3}" "$URL/batches/$1/selections/${2-}")
}

put() {
	code=$(curl -s -o body -D headers -w '%{http_code}' --max-time 60 -X PUT -H "X-CSRFToken: $TOKEN" \
		-H 'Content-Type: application/json' -d "$2" "${@:3}" "$URL/batches/$1/selections/")
}

picks() {
	command jq -c 'del(.at)' "$BI_ROOT/batches/$1/picks.ndjson"
}

# pick BATCH JSON: a decision without its subject's reviewer and time, which a line before has: pick b '"subject":"1","choice":[3,1]' ada
pick() {
	printf '{%s,"reviewer":"%s","at":"%s"}\n' "$2" "${3-ada}" "${4-2026-11-22T10:00:00.000Z}" >>"$BI_ROOT/batches/$1/picks.ndjson"
}

etag() {
	sed -n 's/^[Ee][Tt]ag: \(.*\)\r$/\1/p' headers
}

@test "bi-render keeps how a batch is reviewed, and changes only what it is told" {
	local settings=$BI_ROOT/batches/b/review.json before

	printf 'blurred\r\n\n  too   dark\n' >reasons
	batch b
	[ ! -e "$settings" ]
	bi-render --picks many --reasons reasons --stars --blind b
	assert_equal "$(<"$settings")" '{"picks":"many","reasons":["blurred","too dark"],"stars":true,"blind":true}'
	grep -q 'data-picks="many" data-stars="yes" data-blind="yes" data-reasons="\[&quot;blurred' "$BI_ROOT/review/b/1_review.html"
	before=$(stat -c %i.%y "$settings" "$BI_ROOT/review/b/index.html")
	bi-render --stars b # and nothing is written
	bi-render b
	assert_equal "$(stat -c %i.%y "$settings" "$BI_ROOT/review/b/index.html")" "$before"
	jq -c '. + {later: [1]}' "$settings" >new && mv new "$settings"
	: >none
	bi-render --no-blind --no-stars --picks one --reasons none b
	assert_equal "$(<"$settings")" '{"later":[1]}'
	run ! grep -qE 'data-(picks|stars|blind|reasons)' "$BI_ROOT/review/b/1_review.html"
	bi-clean check b
}

@test "settings that are wrong are named, and nothing changes" {
	batch b
	run -2 bi-render --picks two b
	assert_output --partial "--picks is one or many, not 'two'"
	run -66 bi-render --reasons /nowhere/at/all b
	assert_output --partial 'cannot read the reasons in /nowhere/at/all'
	seq 31 >many
	run -65 bi-render --reasons many b
	assert_output --partial 'more than 30 reasons'
	printf 'a\xff\n' >bad
	run -65 bi-render --reasons bad b
	head -c 201 /dev/zero | tr '\0' x >long
	run -65 bi-render --reasons long b
	[ ! -e "$BI_ROOT/batches/b/review.json" ]
	echo '{' >"$BI_ROOT/batches/b/review.json"
	run ! bi-render --stars b
	assert_output --partial 'review.json'
	assert_equal "$(<"$BI_ROOT/batches/b/review.json")" '{'
	run -1 bi-clean check b
	assert_output --partial 'review.json is not a JSON object'
	serve b
	put b '{"selections":{"1":1}}'
	assert_regex "$code $(<body)" '^500 .*review.json of the batch b cannot be read: it is not a JSON object; correct it'
	[ ! -e "$BI_ROOT/batches/b/picks.ndjson" ]
	rm "$BI_ROOT/batches/b/review.json"
	put b '{"selections":{"1":1}}'
	assert_equal "$code" 200
}

@test "a list is a choice where the batch allows it, and a 422 where not" {
	local error='the selections are refused: the choice for subject '\''1'\'' is a list, and the batch has one pick a subject'

	batch one
	batch many
	echo '{"subject":"1","choice":2,"reviewer":"old","at":"2026-11-22T10:00:00.000Z"}' >"$BI_ROOT/batches/many/picks.ndjson"
	bi-render --picks many many >/dev/null
	serve one
	put one '{"reviewer":"ada","selections":{"1":[3,1]}}'
	assert_regex "$code $(jq -r .detail body)" "^422 $error"
	put one '{"reviewer":"ada","selections":{"1":[3]}}'
	assert_equal "$code" 422
	get one
	assert_equal "$(<body)" '{"batch":"one","selections":{},"reviewers":{},"disagreements":[]}'

	put many '{"reviewer":"ada","selections":{"1":[3,1],"2":2,"3":0}}'
	assert_equal "$code" 200
	# One that was picked before is a list, too.
	assert_equal "$(command jq -c '[.selections, .disagreements, .reviewers.old["1"].choice, .reviewers.ada["2"].choice, .settings]' body)" \
		'[{"2":[2],"3":0},["1"],[2],[2],{"picks":"many"}]'
	put many '{"reviewer":"old","selections":{"1":[3,1]}}'
	assert_equal "$(command jq -c '[.selections["1"], .disagreements]' body)" '[[3,1],[]]'
	put many '{"reviewer":"bob","selections":{"1":[1,3]}}' # in another order
	assert_equal "$(command jq -c .disagreements body)" '["1"]'
	for bad in '[]' '[1,1]' '[0]' '[4]' '[1,"2"]' '[[1]]' '[1,null]' '[-1]' '[1.5]'; do
		put many "{\"reviewer\":\"bob\",\"selections\":{\"2\":$bad}}"
		assert_equal "$bad $code" "$bad 422"
	done
	assert_equal "$(picks many | tail -n +2)" "$(
		cat <<-'END'
			{"subject":"1","choice":[3,1],"reviewer":"ada"}
			{"subject":"2","choice":[2],"reviewer":"ada"}
			{"subject":"3","choice":0,"reviewer":"ada"}
			{"subject":"1","choice":[3,1],"reviewer":"old"}
			{"subject":"1","choice":[1,3],"reviewer":"bob"}
		END
	)"
	# A list stays a list when only one is allowed again.
	bi-render --picks one many >/dev/null
	get many
	assert_equal "$(command jq -c '[.reviewers.ada["1", "2"].choice]' body)" '[[3,1],2]'
}

@test "remarks are kept, shown, replaced and withdrawn" {
	batch b
	serve b
	put b '{"reviewer":"ada","selections":{"1":3,"2":0,"3":null},"at":{"1":"2026-11-22T15:04:05Z"},
		"remarks":{"1":{"unsure":true,"stars":4,"note":"two\nlines","later":1},"2":{"reason":"blurred"},"3":{"note":"ask"}}}'
	assert_equal "$code" 200
	assert_equal "$(command jq -c '.reviewers.ada | map_values(del(.at))' body)" \
		'{"1":{"choice":3,"unsure":true,"stars":4,"note":"two\nlines"},"2":{"choice":0,"reason":"blurred"},"3":{"choice":null,"note":"ask"}}'
	assert_equal "$(command jq -c .selections body)" '{"1":3,"2":0}'
	# A client that knows no remarks repeats a decision, and changes one.
	put b '{"reviewer":"ada","selections":{"1":3,"2":1}}'
	assert_equal "$(command jq -c '.reviewers.ada | map_values(del(.at))' body)" \
		'{"1":{"choice":3,"unsure":true,"stars":4,"note":"two\nlines"},"2":{"choice":1},"3":{"choice":null,"note":"ask"}}'
	put b '{"reviewer":"ada","selections":{"1":3,"3":null},"remarks":{"1":{"stars":5},"3":{}}}'
	assert_equal "$(command jq -c '.reviewers.ada | map_values(del(.at))' body)" '{"1":{"choice":3,"stars":5},"2":{"choice":1}}'
	for bad in '{"stars":6}' '{"stars":"4"}' '{"note":4}' '{"reason":"x"}' '{"unsure":1}' '{"note":"a\u0007"}' '[]' \
		"{\"note\":\"$(head -c 2001 /dev/zero | tr '\0' n)\"}"; do
		put b "{\"reviewer\":\"ada\",\"selections\":{\"1\":3},\"remarks\":{\"1\":$bad}}"
		assert_equal "${bad::20} $code $(jq -r .error body)" "${bad::20} 422 bad_selections"
	done
	assert_equal "$(picks b | wc -l)" 6
	bi-clean check b
}

@test "a blind batch gives each reviewer only what they decided" {
	local all

	batch b --blind
	serve b
	put b '{"reviewer":"ada","selections":{"1":3,"2":1},"remarks":{"2":{"note":"mine"}}}'
	put b '{"reviewer":"bob","selections":{"2":2,"3":null},"remarks":{"3":{"note":"hers not"}}}'
	assert_equal "$(command jq -c '[.selections, (.reviewers.ada | keys), .disagreements]' body)" '[{},["2"],["2"]]'
	get b '?reviewer=ada'
	assert_equal "$(command jq -c '[.selections, .disagreements, (.reviewers.bob | keys)]' body)" '[{"1":3},["2"],["2"]]'
	get b '?reviewer=bob'
	assert_equal "$(command jq -c '[.selections, (.reviewers.ada | keys), (.reviewers.bob | keys)]' body)" '[{},["2"],["2","3"]]'
	for query in '' '?reviewer=' '?reviewer=eve'; do
		get b "$query"
		assert_equal "$code $(command jq -c '[.selections, .reviewers, .disagreements]' body)" '200 [{},{},[]]'
	done
	# A version is that of the settings, too.
	all=$(etag)
	get b '' -H "If-None-Match: $all"
	assert_equal "$code" 304
	bi-render --no-blind b >/dev/null
	get b '' -H "If-None-Match: $all"
	assert_equal "$code $(command jq -c .disagreements body)" '200 ["2"]'
	put b '{"reviewer":"eve","selections":{"1":1}}' -H "If-Match: $all"
	assert_equal "$code" 412
	put b '{"reviewer":"eve","selections":{"1":1}}' -H "If-Match: $(etag)"
	assert_equal "$code" 200
}

@test "bi-collect takes all of a list, with their order, and what was said" {
	local meta=$BI_ROOT/collected/by_subject_id/1/metadata.json

	batch b --picks many
	pick b '"subject":"1","choice":[3,1],"unsure":true,"note":"the \"3rd\" first"'
	pick b '"subject":"1","choice":[3,1],"stars":5' bob
	pick b '"subject":"2","choice":0,"reason":"blurred"'
	pick b '"subject":"3","choice":2'
	run -0 bi-collect b
	assert_equal "$(command jq -c 'select(.status == "collected") | [.subject, .idx, .rank]' <<<"$output")" "$(printf '%s\n' '["1",3,1]' '["1",1,2]' '["3",2,null]')"
	assert_equal "$(command jq -c 'select(.status == "rejected") | [.subject, .reviewers[0].reason]' <<<"$output")" '["2","blurred"]'
	assert_equal "$(command jq -c '[.choices[] | [.idx, .rank, .how]]' "$meta")" '[[1,2,"picked"],[3,1,"picked"]]'
	assert_equal "$(command jq -c '.choices[0].reviewers | map(del(.at))' "$meta")" \
		'[{"reviewer":"ada","unsure":true,"note":"the \"3rd\" first"},{"reviewer":"bob","stars":5}]'
	assert_equal "$(jq -r '.choices[].sha256' "$meta")" "$(sha256sum f-1-1.txt f-1-3.txt | cut -d' ' -f1)"
	# One that is no longer in the list leaves the collection; the order of the others changes.
	pick b '"subject":"1","choice":[1,2]' ada 2026-11-23T10:00:00Z
	pick b '"subject":"1","choice":[1,2]' bob 2026-11-23T10:00:00Z
	run -0 bi-collect --name '{subject}_{n}' -o out.zip b
	assert_equal "$(command jq -c '[.choices[] | [.idx, .rank]]' "$meta")" '[[1,1],[2,2]]'
	assert_equal "$(unzip -Z1 out.zip | grep txt$ | xargs -n 1 basename | sort | xargs)" '1_1.txt 1_2.txt 3_2.txt'
	bi-collect --verify out.zip
	# The table and the document have what was said.
	pick b '"subject":"1","choice":[1,2],"unsure":true,"stars":4,"note":"=a \"note\""' ada 2026-11-24T10:00:00Z
	run -0 bi-collect -o out.csv b
	assert_equal "$(python3 -c 'import csv
for r in csv.DictReader(open("out.csv", newline="")):
    print(r["subject"], r["candidate"], r["rank"], r["unsure"], r["stars"], r["note"], sep="|")')" \
		"$(printf '%s\n' '1|1|1|ada|ada: 4|ada: =a "note"' '1|2|2|ada|ada: 4|ada: =a "note"' '3|2||||')"
	bi-collect -o out.json b
	assert_equal "$(command jq -c '[.subjects[0].choices[0].reviewers[0] | .note, .stars]' out.json)" '["=a \"note\"",4]'
}

@test "lists in another order differ, and --prefer takes one of them" {
	local meta=$BI_ROOT/collected/by_subject_id/1/metadata.json

	batch b --picks many
	pick b '"subject":"1","choice":[3,1]'
	pick b '"subject":"1","choice":[1,3],"note":"no"' bob
	run -4 --separate-stderr bi-collect b
	assert_equal "$stderr" 'bi-collect: batch b: subject 1: reviewers differ: ada chose 3, 1, bob chose 1, 3; let them agree, or choose whose decision counts with --prefer'
	run -0 bi-collect --prefer bob b
	assert_equal "$(command jq -c '[.choices[] | [.idx, .rank, (.overruled[0] | .choice)]]' "$meta")" '[[1,1,[3,1]],[3,2,[3,1]]]'
	# Who takes the other's pick settles it.
	pick b '"subject":"1","choice":[1,3]' ada 2026-11-23T10:00:00Z
	run -0 bi-collect b
	assert_equal "$(command jq -c '[.choices[].how]' "$meta")" '["picked","picked"]'
}

@test "a removed candidate leaves a list, and the others stay" {
	batch b --picks many
	pick b '"subject":"1","choice":[3,1,2],"note":"kept"'
	pick b '"subject":"1","choice":[1]' bob
	run -0 bi-clean items -y -b b 1
	assert_equal "$(picks b | tail -n 2)" "$(printf '%s\n' '{"subject":"1","choice":[3,2],"reviewer":"ada","note":"kept"}' \
		'{"subject":"1","choice":null,"reviewer":"bob","removed":1}')"
	serve b
	put b '{"reviewer":"eve","selections":{"1":[3,1]}}'
	assert_equal "$code $(jq -r .detail body)" "422 the selections are refused: candidate 1 of subject '1' was removed from the batch; nothing was written"
}

@test "a file that changed since is named for its candidate only" {
	batch b --picks many
	pick b '"subject":"1","choice":[3,1]' ada
	bi-collect b >/dev/null
	sleep 0.01
	echo changed >f-1-3.txt
	bi-fetch -q --update -b b < <(printf '{"subject":{"id":"1","name":"Subject 1"},"file":"%s"}\n' "$PWD/f-1-3.txt") >/dev/null
	run -1 --separate-stderr bi-collect b
	assert_equal "$(command jq -c 'select(.status) | [.status, .idx, .error.code]' <<<"$output")" "$(printf '%s\n' '["refused",null,"changed_since"]' '["collected",1,null]')"
	assert_equal "$(command jq -c '[.choices[] | .idx]' "$BI_ROOT/collected/by_subject_id/1/metadata.json")" '[1,3]'
	run -0 bi-collect --changed b
	assert_equal "$(command jq -c 'select(.status == "collected") | [.idx, .new]' <<<"$output")" "$(printf '%s\n' '[3,true]' '[1,false]')"
}
