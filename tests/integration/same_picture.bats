#!/usr/bin/env bats
# One file under several subjects or licences: the contradiction is named, and the strictest licence counts until a
# reviewer has chosen.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

setup() {
	bi_setup
	C=$BI_ROOT/collected
	S=$C/by_subject_id
	echo same >same.txt
	cp same.txt again.txt
	cp same.txt third.txt
}

# item SUBJECT NAME FILE LICENCE [AUTHOR]: a line; the page is named after the file.
item() {
	printf '{"subject":{"id":"%s","name":"%s"},"file":"%s","title":"T","author":"%s","license":"%s","page":"https://%s.example/"}\n' \
		"$1" "$2" "$PWD/$3" "${5-A}" "$4" "${3%.txt}"
}

# pick BATCH SUBJECT CHOICE [REVIEWER] [REMARKS]
pick() {
	printf '{"subject":"%s","choice":%s,"reviewer":"%s","at":"2026-11-22T10:00:00.000Z"%s}\n' "$2" "$3" "${4-ada}" "${5-}" \
		>>"$BI_ROOT/batches/$1/picks.ndjson"
}

# credits JQ: of the attributions, sorted by subject.
credits() {
	jq -c "[.attributions | sort_by(.subject)[] | $1]" "$C/ATTRIBUTION.json"
}

@test "of two sources that contradict each other the strictest licence counts" {
	{
		item 1 Ada same.txt 'CC BY 4.0'
		item 1 Ada again.txt 'CC BY-NC 4.0'
	} | bi-fetch -q -b two >/dev/null
	pick two 1 1
	run -1 --separate-stderr bi-collect --strict two
	[[ $stderr == *'subject 1: candidate 1 may not be used commercially (NC), by one of its sources, and they contradict each other; say on its review page which licence is right'* ]]
	[ ! -e "$S/1" ]
	run -0 bi-collect --allow nc two
	run -0 bi-collect two
	assert_equal "$(credits '[.licenses[0].id, .contradiction.about, .contradiction.counts, .contradiction.why]')" \
		'[["CC-BY-NC-4.0",["licence"],"CC BY-NC 4.0","the strictest, nobody decided"]]'
	assert_equal "$(credits '.contradiction.statements | map([.idx, .licence, .page])')" \
		'[[[1,"CC BY 4.0","https://same.example/"],[2,"CC BY-NC 4.0","https://again.example/"]]]'
	grep -Fq 'CC BY 4.0 (https\://same.example/); CC BY-NC 4.0 (https\://again.example/); what counts: CC BY-NC 4.0, the strictest, nobody decided' "$C/ATTRIBUTION.md"
	grep -Fq '"CC BY 4.0 (https://same.example/); CC BY-NC 4.0 (https://again.example/)","the strictest, nobody decided","",""' "$C/ATTRIBUTION.csv"
}

@test "what a reviewer chose counts, unless another chose otherwise" {
	{
		item 1 Ada same.txt 'CC BY 4.0'
		item 1 Ada again.txt 'CC BY-NC 4.0'
	} | bi-fetch -q -b two >/dev/null
	pick two 1 1 ada ',"licence":{"1":"CC BY 4.0"}'
	run -0 bi-collect --strict two
	assert_equal "$(credits '[.licenses[0].id, .contradiction.why, .contradiction.by]')" '[["CC-BY-4.0","chosen by ada","ada"]]'
	pick two 1 1 bob
	run -0 bi-collect --strict two
	pick two 1 1 bob ',"licence":{"1":"CC BY-NC 4.0"}'
	run -1 --separate-stderr bi-collect --strict two
	run -0 bi-collect two
	assert_equal "$(credits '[.licenses[0].id, .contradiction.why]')" '[["CC-BY-NC-4.0","the strictest, reviewers differ"]]'
	# An answer that no source states is none.
	pick two 1 1 bob ',"licence":{"1":"CC0 1.0"}'
	pick two 1 1 ada
	run -1 --separate-stderr bi-collect --strict two
}

@test "an unknown licence is the strictest of three, and none stated contradicts nothing" {
	cp same.txt fourth.txt
	{
		item 1 Ada same.txt 'CC BY 4.0'
		item 1 Ada again.txt 'CC BY-SA 4.0'
		item 1 Ada third.txt 'free for my friends'
		item 1 Ada fourth.txt ''
		item 2 Bob other.txt 'CC BY 4.0'
	} >list
	echo other >other.txt
	bi-fetch -q -b three <list >/dev/null
	pick three 1 1
	pick three 2 1
	run -1 --separate-stderr bi-collect --strict three
	[[ $stderr == *'candidate 1 has a licence that is not known, by one of its sources'* ]]
	[ -e "$S/2" ]
	run -0 bi-collect three
	assert_equal "$(credits '.contradiction | if . then [.counts, (.statements | length)] else null end')" '[["free for my friends",4],null]'
	sed '3d' list | bi-fetch -q -b without >/dev/null
	pick without 1 1
	run -0 bi-collect --private --strict -o without.zip without
	assert_equal "$(unzip -p without.zip collected/ATTRIBUTION.json | jq -r '.attributions[0].contradiction.counts')" 'CC BY-SA 4.0'
	sed '2,3d' list | bi-fetch -q -b silent >/dev/null
	pick silent 1 1
	run -0 bi-collect --private --strict -o silent.zip silent
	assert_equal "$(unzip -p silent.zip collected/ATTRIBUTION.json | jq '.attributions[0] | has("contradiction")')" false
}

@test "one file of two subjects is named under both, and so are different authors" {
	{
		item 1 Ada same.txt 'CC BY 4.0' Grace
		item 2 Mary again.txt 'CC BY 4.0' 'grace'
		item 3 Joan third.txt 'CC BY 4.0' Hedy
	} | bi-fetch -q -b people >/dev/null
	pick people 1 1
	pick people 2 1
	run -0 bi-collect --strict people
	assert_equal "$(credits '[.also_under[] | .subject, .name]')" '[["2","Mary","3","Joan"],["1","Ada","3","Joan"]]'
	assert_equal "$(credits '.contradiction | [.about[0], .counts]')" '[["author",null],["author",null]]'
	grep -Fq 'the same file is also under: Mary (2); Joan (3); file:' "$C/ATTRIBUTION.md"
	grep -Fq '"","","Grace (https://same.example/); grace (https://again.example/); Hedy (https://third.example/)","Mary (2); Joan (3)"' "$C/ATTRIBUTION.csv"
}

@test "the same file in two batches is named, in one run and in two" {
	item 1 Ada same.txt 'CC BY 4.0' | bi-fetch -q -b A >/dev/null
	item 2 Bob again.txt 'CC BY-NC 4.0' | bi-fetch -q -b B >/dev/null
	pick A 1 1
	pick B 2 1
	bi-collect A >/dev/null
	bi-collect B >/dev/null
	expected='[["2","CC BY-NC 4.0"],["1","CC BY-NC 4.0"]]'
	assert_equal "$(credits '[.also_under[0].subject, .contradiction.counts]')" "$expected"
	run -1 --separate-stderr bi-collect --strict A B
	[ ! -e "$S/1" ]
	bi-collect B A >/dev/null
	assert_equal "$(credits '[.also_under[0].subject, .contradiction.counts]')" "$expected"
	bi-collect --by batch A B >/dev/null
	assert_equal "$(credits '.also_under[0].subject')" '["2","2","1","1"]'
	assert_equal "$(credits '.contradiction.statements | length')" '[2,2,2,2]'
}

@test "of a file that a batch has very often 50 statements are named, and the strictest is among them" {
	for ((i = 1; i <= 120; i++)); do
		item $i "N $i" same.txt "$([ $i -eq 119 ] && echo CC BY-NC 4.0 || echo CC BY 4.0)"
	done | bi-fetch -q -b often >/dev/null
	run -1 --separate-stderr bi-collect --private --all --strict often
	[ "$(grep -c 'commercially (NC)' <<<"$stderr")" -eq 120 ]
	run -0 bi-collect --all often
	assert_equal "$(credits '.contradiction | [.counts, (.statements | length)]' | jq -c 'unique')" '[["CC BY-NC 4.0",50]]'
}
