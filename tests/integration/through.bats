#!/usr/bin/env bats
# bi-fetch --through: results go through a filter before they are recorded.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr and stderr_lines
# shellcheck disable=SC2016 # expressions are for the filters' shells, poll and jq to expand
load helpers

# things COUNT: writes in/1 ... in/COUNT, each with its number as its bytes, and their names to ./list.
things() {
	local i

	mkdir -p in
	for ((i = 1; i <= $1; i++)); do
		echo "thing $i" >"in/$i"
		echo "in/$i"
	done >list
}

# filter NAME <SCRIPT: writes a filter in bash. What is in its file sees `answer RECORD [JQ]`, and items as numbers.
filter() {
	{
		cat <<-'END'
			#!/bin/bash
			is_record='^\{"batch":"[^"]*","item":([0-9]+),'
			next() {
				IFS= read -r record && [[ $record =~ $is_record ]] && item=${BASH_REMATCH[1]}
			}
		END
		cat
	} >"$1"
	chmod +x "$1"
}

# results [JQ]: what jq makes of the batch's results, in the order of the items.
results() {
	jq -sr "sort_by(.item)[] | ${1:-.}" "$BI_ROOT/batches/default/results.ndjson"
}

states() {
	tr -d '\0' <"$BI_ROOT/batches/default/state"
}

stored() {
	find "$BI_ROOT/batches/default/files" -type f | wc -l
}

@test "each record goes through it with its file in place, and comes back with what it adds" {
	things 20
	filter sum <<-'END'
		while next; do
			path=$(gojq -r .path <<<"$record")
			[ "$(stat -c %h "$path")" = 1 ] && read -r sum _ < <(sha256sum "$path")
			gojq -c --arg s "$sum" '. + {sum: $s, text: "é\u00fc\n", deep: {a: [1, 2.5, null]}, title: "new"}' <<<"$record"
		done
	END
	jq -cR '{file: ., title: "old", mine: [1, {}]}' list >items
	bi-fetch --through ./sum <items >out
	assert_equal "$(tail -n 1 out)" '{"end":"bi-fetch","completed":20,"failed":0,"exit":0}'
	jq -se '.[:-1] | length == 20 and all(.sum == .sha256 and .title == "new" and .text == "éü\n" and
		.deep == {a: [1, 2.5, null]} and .mine == [1, {}] and .batch == "default" and (.path | startswith("/")))' out
	assert_equal "$(jq -c 'select(.item) | del(.batch, .path)' out | sort)" "$(jq -c 'del(.batch, .path)' \
		"$BI_ROOT/batches/default/results.ndjson" | sort)"
	assert_equal "$(states)" "$(printf 'c%.0s' {1..20})"
	run -0 bi-status --rebuild default
}

@test "what the store itself knows stays as it is, whatever the filter says" {
	things 3
	bi-fetch -b plain <list >first
	bi-fetch --through 'jq --unbuffered -c "select(.item) | . + {path: \"/etc/passwd\", sha256: \"0\", bytes: -1, file_id: \"f_0\",
		mime: \"a/b\", bi: {}, subject: {id: \"other\"}, file: \"/etc\", same_as: 2, attempts: 99, error: {}, url: \"x\",
		finished_at: \"never\", members: 7, found_items: [1], new: 1} | del(.status)"' <list >out
	for out in first out; do
		jq -Sc 'select(.item) | del(.new, .batch, .finished_at, .path)' "$out" | sort >"$out.same"
	done
	diff first.same out.same
	jq -se '.[:-1] | all(.new == 1 and .finished_at != "never" and (.path | startswith($ENV.BI_ROOT)))' out
}

@test "an answer needs the item's number alone; end records and empty lines count for nothing" {
	things 40
	bi-fetch --through 'jq --unbuffered -r "select(.item) | \"\n\({item, n: (.item * 2)})\n{\\\"end\\\":\\\"x\\\"}\n\""' <list >out
	results 'select(.n == .item * 2 and .status == "completed" and has("sha256")).item' | diff - <(seq 40)
}

@test "several records are on their way to it at once" {
	things 30
	# Nothing is answered before five have come.
	filter blocks <<-'END'
		while next; do
			block+=$record$'\n'
			if ((++n % 5 == 0)); then
				printf %s "$block"
				block=
			fi
		done
	END
	run -0 bi-fetch --through ./blocks --through-parallel 1 --through-timeout 60 <list
	assert_equal "$(results .item)" "$(seq 30)"
}

@test "several of it run side by side, each answers in its own order" {
	things 60
	# Nobody answers before all three are there.
	filter meet <<-'END'
		while next; do
			: >>"is.$$"
			while set -- is.* && [ $# -lt 3 ]; do read -rt 0.01 <><(:); done
			echo "$item" >>"is.$$"
			gojq -c --arg by $$ '. + {by: $by}' <<<"$record"
		done
	END
	run -0 bi-fetch --through ./meet --through-parallel 3 --through-timeout 60 <list
	assert_equal "$(results .by | sort -u | wc -l)" 3
	assert_equal "$(results .item)" "$(seq 60)"
	for by in $(results .by | sort -u); do
		diff <(sort -n "is.$by") <(results "select(.by == \"$by\").item")
	done
}

@test "one that keeps its answers until the end of its input is told of it" {
	things 12
	run -0 bi-fetch --through 'jq -c ".n = 1"' --through-timeout 60 <list
	assert_equal "$(results 'select(.n == 1).item')" "$(seq 12)"
	run -0 bi-fetch -b sorted --through 'tac | tac' --through-timeout 60 <list
	tar -cf t.tar in
	run -0 bi-fetch -b members --expand --through 'jq -c .' --through-timeout 60 t.tar
	assert_equal "$(grep -c '"status":"completed"' "$BI_ROOT/batches/members/results.ndjson")" 13
}

@test "it gets the end record last; what it writes or comes to after its last answer is not the items'" {
	things 5
	filter last <<-'END'
		while next; do
			echo "$record"
		done
		echo "$record" >heard
		echo garbage
		echo words >&2
		cat >more
		exit 9
	END
	run -0 --separate-stderr bi-fetch --through ./last --through-parallel 1 <list
	assert_equal "$stderr" "words
bi-fetch: './last' ended with exit code 9 after its last answer"
	assert_equal "$(cat heard)" '{"end":"bi-fetch","exit":0}'
	assert_equal "$(cat more)" ''
	assert_equal "$(states)" ccccc
}

@test "a failure that it answers is the item's, in its words, and the file goes" {
	things 6
	filter choose <<-'END'
		while next; do
			case $item in
			2) echo '{"item":2,"status":"failed","error":{"code":"too_dull","message":"no é","retryable":false}}' ;;
			3) echo '{"item":3,"status":"failed","error":{"code":"busy","message":"later","retryable":true}}' ;;
			4) echo '{"item":4,"status":"failed"}' ;;
			5) echo '{"item":5,"status":"failed","error":{"code":"Bad code!","message":7}}' ;;
			*) echo "$record" ;;
			esac
		done
	END
	run -1 --separate-stderr bi-fetch --through ./choose <list
	assert_equal "$(results 'select(.error) | "\(.item) \(.error.code) \(.error.retryable) \(.error.message)"')" \
		"2 too_dull false no é
3 busy true later
4 filter_failed false the filter refused it, and does not say why
5 filter_failed false the filter refused it, and does not say why"
	assert_equal "$(results 'select(.error) | has("path") or has("sha256") or (has("file") | not)' | sort -u)" false
	assert_equal "$(states)" cffffc
	assert_equal "$(stored)" 2
	# What may pass is fetched and tried again, what is completed is not even shown to it.
	filter choose <<-'END'
		while next; do
			echo "$item" >>seen
			echo "$record"
		done
	END
	run -1 --separate-stderr bi-fetch --through ./choose <list
	assert_equal "$(cat seen)" 3
	assert_equal "$(states)" cfcffc
	run -0 --separate-stderr bi-fetch --through ./choose --retry failed <list
	assert_equal "$(sort seen | tr -d '\n')" 2345
	assert_equal "$(stored)" 6
}

@test "of files with the same bytes one that fails leaves the others theirs" {
	mkdir in
	for i in {1..12}; do
		echo same >"in/$i"
	done
	ls -d in/* >list
	run -1 bi-fetch --through 'jq --unbuffered -c "if .item % 3 == 1 then .status = \"failed\" else . end"' <list
	assert_equal "$(states)" fccfccfccfcc
	assert_equal "$(stored)" 8
	assert_equal "$(cat "$BI_ROOT"/batches/default/files/* | sort -u)" same
	run -0 bi-status --rebuild default
	assert_equal "$(states)" fccfccfccfcc
	run -0 bi-fetch --retry failed <list
	assert_equal "$(stored)" 12
}

@test "one that dies at the third of ten fails that one alone" {
	local how

	things 10
	for how in 'exit 7' 'kill -KILL $$' 'exec >&-; exec sleep 60'; do
		rm -rf "$BI_ROOT"
		HOW=$how filter dies <<<'while next; do [ "$item" != 3 ] || eval "$HOW"; echo "$item" >>seen; echo "$record"; done'
		HOW=$how run -1 --separate-stderr bi-fetch --through ./dies --through-parallel 1 <list
		assert_equal "$(states)" ccfccccccc
		results 'select(.item == 3).error | "\(.code) \(.retryable) \(.message)"' >>said
		assert_equal "$(stored)" 9
		assert_equal "$(sort -n seen | tr '\n' ' ')" '1 2 4 5 6 7 8 9 10 '
		rm seen
	done
	assert_equal "$(cat said)" 'filter_died true the filter ended before it answered: exit code 7
filter_died true the filter ended before it answered: signal 9 (Killed)
filter_died true the filter ended before it answered: it closed its output, and did not end'
	run -0 bi-fetch --through cat <list
	assert_equal "$(states)" cccccccccc
}

@test "one for which the disk is full ends the run, and fails nothing" {
	things 6
	filter full <<<'while next; do [ "$item" != 3 ] || [ -e room ] || exit 74; echo "$record"; done'
	run -74 --separate-stderr bi-fetch --through ./full --through-parallel 1 <list
	assert_equal "${stderr_lines[-1]}" "bi-fetch: keeping what the program of --through makes under $BI_ROOT: \
Input/output error; what was recorded stands: mend that and run the same command again"
	assert_equal "$(results 'select(.error)')" ''
	assert_equal "$(stored)" 2
	touch room
	run -0 --separate-stderr bi-fetch --through ./full <list
	assert_equal "$(states)" cccccc
}

@test "one that dies at every other item fails every other item" {
	things 30
	filter odd <<<'while next; do ((item % 2)) || exit 1; echo "$record"; done'
	run -1 --separate-stderr bi-fetch --through ./odd --through-parallel 1 <list
	assert_equal "$(states)" "$(printf 'cf%.0s' {1..15})"
	refute_regex "$stderr" 'without an answer'
	assert_equal "$(stored)" 15
}

@test "one that is silent about an item at the end of its input died of it" {
	things 4
	run -1 --separate-stderr bi-fetch --through 'jq -c "select(.item != 4)"' --through-parallel 1 <list
	assert_equal "$(results 'select(.error) | "\(.item) \(.error.code): \(.error.message)"')" \
		'4 filter_died: the filter ended before it answered: exit code 0 (a filter answers each record by one line: jq -c)'
}

@test "one that hangs at an item fails it, and is ended with all that it started" {
	things 10
	filter hangs <<-'END'
		while next; do
			[ "$item" != 3 ] || { echo $$ >pid; sleep 100 | sleep 100; }
			echo "$record"
		done
	END
	run -1 --separate-stderr bi-fetch --through ./hangs --through-parallel 1 --through-timeout 4 <list
	assert_equal "$(states)" ccfccccccc
	assert_equal "$(results 'select(.error).error | "\(.code) \(.retryable) \(.message)"')" \
		'filter_timeout true the filter did not answer within 4 s'
	[ -s pid ] && gone "$(cat pid)"
	assert_equal "$(of_this_test)" ''
}

@test "the time that bi-fetch itself is stopped for is not the filter's" {
	things 40
	filter slow <<<'while next; do echo "$item" >>seen; read -rt 0.01 <><(:); echo "$record"; done'
	start bi-fetch -q --through ./slow --through-parallel 1 --through-timeout 4 <list >out
	poll 20 test -s seen
	kill -STOP "$!"
	stopped_at=$EPOCHSECONDS
	poll 20 eval '((EPOCHSECONDS > stopped_at + 5))'
	kill -CONT "$!"
	poll 20 gone "$!"
	tail -n 1 out | jq -e '.completed == 40'
}

@test "answers that are none, or another item's, fail the item, and no other one" {
	things 60
	filter talks <<-'END'
		while next; do
			case $item in
			7) echo 'thank you' ;;
			15) echo '{"item":15,' ;;
			23) printf '{"item":23,"x":"\xff"}\n' ;;
			30) echo "${record/:30,/:31,}" ;;
			31) ;;
			40) head -c 1100000 /dev/zero | tr '\0' x && echo ;;
			47) echo '[47]' ;;
			50) echo "${record/default/other}" ;;
			53) echo "${record/completed/perhaps}" ;;
			56) gojq -c '. + {x: ("x" * 1047000)}' <<<"$record" ;;
			57) gojq -c '. + {x: ("y" * 1000000)}' <<<"$record" ;;
			*) echo "$record" ;;
			esac
		done
	END
	run -1 --separate-stderr bi-fetch --through ./talks --through-parallel 2 --through-timeout 60 <list
	assert_equal "$(results 'select(.status == "failed").item' | tr '\n' ' ')" '7 15 23 30 31 40 47 50 53 56 '
	assert_equal "$(results 'select(.status == "failed").error.code' | sort -u)" filter_failed
	assert_equal "$(results 'select(.item == 57).x | length')" 1000000
	assert_equal "$(stored)" 50
	results 'select(.item == 7 or .item == 30 or .item == 40).error.message' | sed 's/line [0-9]* is/a line is/' >said
	diff said - <<-'END'
		the filter's answer is no record: thank you (a filter answers each record by one line: jq -c)
		the filter's answer is that of another item (31)
		the filter's answer is no record: a line is longer than 1 MiB (a filter answers each record by one line: jq -c)
	END
}

@test "one that always dies fails the items, and is not started for each of them" {
	things 300
	run -1 --separate-stderr bi-fetch --through 'echo >>starts; exit 3' --through-parallel 2 --summary <list
	assert_equal "$(states)" "$(printf 'f%.0s' {1..300})"
	[ "$(wc -l <starts)" -le 12 ] # at the beginning, five in a row or two more, and one every ten seconds
	assert_equal "$(results .error.code | sort -u)" filter_died
	assert_equal "$(grep -c 'ended 5 times without an answer, the last time with: exit code 3' <<<"$stderr")" 1
	assert_equal "$(stored)" 0
}

@test "a program that is not there ends the run before anything is fetched" {
	faulty_start
	: >not_executable
	for program in no-such-program-of-ours ./no-such ./not_executable; do
		run -69 --separate-stderr bi-fetch --through "$program" "$FAULTY/bytes/9/a"
		assert_output ''
		assert_equal "${#stderr_lines[@]}" 1
		assert_regex "$stderr" "cannot start '$program'"
	done
	[ ! -e "$BI_ROOT/batches/default" ]
	assert_equal "$(origin_hits .)" 0
	# What only the shell knows stays pending.
	things 500
	run -69 --separate-stderr bi-fetch --through 'no-such-program-of-ours | cat; exit 127' <list
	assert_equal "$(states | tr -d p)" ''
	assert_equal "$(stored)" 0
	assert_equal "$(tail -n 1 <<<"$output")" '{"end":"bi-fetch","exit":69}'
	run -2 bi-fetch --through ' ' "$FAULTY/bytes/9/a"
}

@test "one word is looked for beside bi-fetch first, anything else is for sh" {
	things 3
	mkdir installed
	cp "$BI_BIN/bi-fetch" "$BI_BIN/bi-type" installed/
	printf '#!/bin/sh\nexec jq --unbuffered -c ".by = \\"beside\\""\n' >installed/stage
	printf '#!/bin/sh\nexec jq --unbuffered -c ".by = \\"path\\""\n' >stage
	chmod +x installed/stage stage
	PATH=$PWD:$PATH installed/bi-fetch -q -b beside --through stage <list >out
	PATH=$PWD:$PATH bi-fetch -q -b path --through stage <list >>out
	PATH=$PWD:$PATH bi-fetch -q -b sh --through 'stage | cat' <list >>out
	assert_equal "$(jq -r 'select(.item) | "\(.batch) \(.by)"' out | sort | uniq -c | tr -s ' ')" \
		' 3 beside beside
 3 path path
 3 sh path'
}

@test "full pipes on both sides hold nobody up" {
	things 48
	jq -cR '{file: ., note: ("x" * 300000)}' list >items
	run -0 bi-fetch --through cat --through-parallel 2 --through-timeout 60 <items
	assert_equal "$(results 'select(.note | length == 300000).item')" "$(seq 48)"
}

@test "kill -9 in the middle: what is recorded is not shown to it again, the rest is" {
	local i

	things 60
	filter slow <<<'while next; do echo "$item" >>seen; sleep 0.02; echo "$record"; done'
	for i in 1 2 3; do
		start bi-fetch -q --through ./slow --through-parallel 2 <list >out
		poll 20 eval '[ "$(grep -ac completed "$BI_ROOT/batches/default/results.ndjson")" -ge '$((i * 12))' ]'
		kill -KILL "$!"
		poll 10 gone "$!"
		poll 10 eval '[ -z "$(of_this_test)" ]' # its filters died with it
		jq -r .item "$BI_ROOT/batches/default/results.ndjson" | sort -n >recorded.$i
		mv seen seen.$i
	done
	run -0 --separate-stderr bi-fetch -q --through ./slow <list
	assert_equal "$(tail -n 1 <<<"$output")" '{"end":"bi-fetch","completed":60,"failed":0,"exit":0}'
	diff <(sort -n seen) <(comm -23 <(seq 60 | sort) <(sort recorded.3) | sort -n)
	assert_equal "$(results .item)" "$(seq 60)"
	assert_equal "$(stored)" 60
	run -0 bi-status --rebuild default
}

@test "a signal: what it has answered is recorded, what it has not is pending and has no file" {
	things 30
	filter slow <<<'while next; do [ "$item" -le 9 ] || { : >stuck; exec sleep 60; }; echo "$record"; done'
	start bi-fetch -q --through ./slow --through-parallel 1 <list >out
	poll 20 test -e stuck
	poll 20 eval '[ "$(wc -l <"$BI_ROOT/batches/default/results.ndjson")" = 9 ]'
	stop "$!" TERM
	assert_equal "$stopped" 143
	assert_equal "$(states)" "$(printf 'c%.0s' {1..9})$(printf 'p%.0s' {10..30})"
	assert_equal "$(stored)" 9
	assert_equal "$(of_this_test)" ''
	run -0 bi-fetch -q --through cat --resume
	assert_equal "$(states)" "$(printf 'c%.0s' {1..30})"
}

@test "members of an archive go through it, the archive after them" {
	mkdir in
	for i in {1..30}; do
		echo "member $i" >"in/$i"
	done
	tar -cf t.tar in
	filter lazy <<-'END'
		while next; do
			[ $((RANDOM % 4)) != 0 ] || read -rt 0.02 <><(:)
			gojq -c 'if .member == "in/7" then .status = "failed" else .seen = true end' <<<"$record"
		done
	END
	run -1 --separate-stderr bi-fetch --expand --through ./lazy --through-parallel 4 t.tar
	assert_equal "$(tail -n 1 <<<"$output")" '{"end":"bi-fetch","completed":30,"failed":1,"exit":1}'
	tail -n 1 "$BI_ROOT/batches/default/results.ndjson" |
		jq -e '.members == 30 and .item == 1 and .seen and .status == "completed"'
	assert_equal "$(results 'select(.seen).item' | wc -l)" 30
	assert_equal "$(results 'select(.error) | .member')" in/7
	assert_equal "$(stored)" 30
	run -0 bi-fetch --expand --through cat --retry failed --resume
}

@test "pages and their media go through it" {
	mkdir -p origin
	echo '<!doctype html><title>t</title><img src=a.txt><img src=b.txt>' >origin/p.html
	echo a >origin/a.txt
	echo b >origin/b.txt
	origin_start
	jq -cn --arg u "$ORIGIN/p.html" '{media: $u}' |
		bi-fetch --through 'jq --unbuffered -c ".seen = true | .found_items = [] | if .url // \"\" | endswith(\"b.txt\")
			then .status = \"failed\" else . end"' >out || [ $? = 1 ]
	assert_equal "$(jq -r 'select(.item) | "\(.item) \(.status) \(.seen) \(.found_items // "")"' out | sort)" \
		'1 completed true [2,3]
2 completed true 
3 failed null '
}

@test 'URLs of several batches and processes at once go through it' {
	local pids=() i

	faulty_start
	for i in {1..80}; do
		jq -cn --arg u "$FAULTY/bytes/$i/x" --arg b "b$((i % 3))" '{url: $u, batch: $b}'
	done >items
	for i in 1 2 3; do
		start bi-fetch -q --through 'jq --unbuffered -c ".n = .bytes"' --through-parallel 2 <items >"out.$i"
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		poll 60 gone "$i"
		wait "$i"
	done
	cat "$BI_ROOT"/batches/*/results.ndjson | jq -s -e 'length == 80 and all(.n == .bytes and .status == "completed")'
	assert_equal "$(origin_hits /bytes/)" 80
	for i in 1 2 3; do
		tail -n 1 "out.$i" | jq -e '.completed == 80'
	done
}
