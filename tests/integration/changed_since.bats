#!/usr/bin/env bats
# Candidates whose file bi-fetch --update has replaced after somebody chose them.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

setup() {
	bi_setup
	S=$BI_ROOT/collected/by_subject_id
	local k

	for k in 1 2; do
		printf 'candidate %s\n' "$k" >"c$k.txt"
		printf '{"subject":{"id":"7","name":"Ada"},"file":"%s","license":"CC0"}\n' "$PWD/c$k.txt"
	done >list
	bi-fetch -q -b B <list >/dev/null
}

# pick CHOICE REVIEWER: a decision of now.
pick() {
	printf '{"subject":"7","choice":%s,"reviewer":"%s","at":"%s"}\n' "$1" "$2" "$(date -u +%FT%T.%3NZ)" >>"$BI_ROOT/batches/B/picks.ndjson"
}

# change K: candidate K has other bytes now.
change() {
	sleep 0.01
	printf 'candidate %s, at %s\n' "$1" "$EPOCHREALTIME" >"c$1.txt"
	bi-fetch -q -b B --update <list >/dev/null
	sleep 0.01
}

# selections AT: ada's decision for candidate 1, as a page gives it.
selections() {
	printf '{"batch":"B","reviewer":"ada","selections":{"7":1},"at":{"7":"%s"}}\n' "$1"
}

collected() {
	cat "$S/7/"*.txt
}

@test "a candidate that changed after it was chosen is refused, and what was collected of it stays" {
	pick 1 ada
	bi-collect B
	collected >before
	change 1
	run -1 --separate-stderr bi-collect B
	assert_equal "$(jq -r 'select(.error) | .subject + " " + .error.code' <<<"$output")" '7 changed_since'
	[[ $stderr == *'choose again, or take it as it is by --changed'* ]]
	assert_equal "$(collected)" "$(cat before)"
	# It is exported as it was chosen.
	run -1 bi-collect -o x.tar B
	bi-collect --verify x.tar
	tar xOf x.tar --wildcards '*.txt' | cmp - before
	run -0 bi-collect --changed B
	assert_equal "$(collected)" "$(cat c1.txt)"
	assert_equal "$(jq -c '.choices[0].changed_since' "$S/7/metadata.json")" true
}

@test "nothing that was never collected comes in unseen" {
	pick 1 ada
	change 1
	run -1 bi-collect B
	run ! test -e "$S/7"
	run -0 bi-collect --changed B
	assert_equal "$(collected)" "$(cat c1.txt)"
}

@test "whoever chose it after the change chose what is there now" {
	pick 1 ada
	change 1
	pick 1 grace
	run -0 bi-collect B
	assert_equal "$(collected)" "$(cat c1.txt)"
	change 1
	run -1 bi-collect B
	pick 1 ada
	run -0 bi-collect B
	assert_equal "$(collected)" "$(cat c1.txt)"
}

@test "another candidate that changed does not matter, nor one that was asked for again and is unchanged" {
	pick 1 ada
	change 2
	bi-fetch -q -b B --update <list >/dev/null
	touch c1.txt
	bi-fetch -q -b B --update <list >/dev/null
	run -0 bi-collect B
	assert_equal "$(collected)" "$(cat c1.txt)"
}

@test "a preferred decision from before the change is refused too" {
	pick 1 ada
	change 1
	pick 2 grace
	run -1 bi-collect --prefer ada B
	assert_output --partial changed_since
	run -0 bi-collect --prefer grace B
	assert_equal "$(collected)" "$(cat c2.txt)"
}

@test "with --all everything is as it is now" {
	change 1
	run -0 bi-collect --all B
	assert_equal "$(collected | wc -l)" 2
}

@test "the page has the time of the change, and the new file" {
	bi-render B
	run ! grep -q 'data-changed="2' "$BI_ROOT/review/B/7_review.html"
	change 1
	bi-render B
	assert_equal "$(grep -o 'data-idx="[0-9]*" data-changed="[^"]*"' "$BI_ROOT/review/B/7_review.html" | sed 's/20[0-9TZ:.-]*/TIME/')" \
		"$(printf 'data-idx="1" data-changed="TIME"\ndata-idx="2" data-changed=""')"
	cmp c1.txt "$BI_ROOT/review/B/7_1.txt"
}

@test "a decision that is made again at a later time is stored, and one of the same time is not" {
	pick 1 ada
	selections "$(jq -r .at "$BI_ROOT/batches/B/picks.ndjson")" >same.json
	change 1
	bi-collect --picks same.json B || [ $? -eq 1 ]
	assert_equal "$(wc -l <"$BI_ROOT/batches/B/picks.ndjson")" 1
	selections "$(date -u +%FT%T.%3NZ)" >later.json
	run -0 bi-collect --picks later.json B
	assert_equal "$(wc -l <"$BI_ROOT/batches/B/picks.ndjson")" 2
	run -0 bi-collect --picks later.json B
	assert_equal "$(wc -l <"$BI_ROOT/batches/B/picks.ndjson")" 2
}
