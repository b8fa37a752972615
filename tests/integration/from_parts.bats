#!/usr/bin/env bats
# bi-fetch --from: parts that were fetched in other roots become one batch.

load helpers

# sites N: N small files, each with its own bytes, in ./origin; their URLs are in ./list.
sites() {
	mkdir -p origin
	for i in $(seq "$1"); do
		echo "the bytes of $i" >"origin/$i.txt"
	done
	origin_start
	seq -f "$ORIGIN/%g.txt" "$1" >list
}

# counts NAME: [COMPLETED,PENDING] of a batch.
counts() {
	jq -Rc '[split("") | (map(select(. == "c")), map(select(. == "p"))) | length]' "$BI_ROOT/batches/$1/state"
}

# part NAME LINES: fetches the lines LINES (as sed has them) of ./list into the batch NAME of the root NAME.
part() {
	sed -n "$2" list | bi-fetch -q -r "$1" -b "$1" >/dev/null
}

# records NAME [ROOT]: the results of a batch without what differs from run to run, by item.
records() {
	jq -c 'del(.finished_at, .attempts, .last_modified, .etag)' "${2:-$BI_ROOT}/batches/$1/results.ndjson" | sort -t: -k2n
}

@test "the parts of bi-split become the batch that one run would have made, without a request" {
	sites 30
	sed -E 's|(.*)/(.)(.*)|{"url":"&","subject":{"id":"s\2"}}|' list >records
	echo "$ORIGIN/none.txt" >>records
	mv records list
	bi-fetch -q -b one <list >/dev/null || :
	bi-split -n 3 --by subject -d parts <list >/dev/null
	for i in 0 1 2; do
		bi-fetch -q -r "root-$i" -b p <"parts/part-$i" >/dev/null || :
	done
	hits=$(origin_hits .)
	run -1 --separate-stderr bi-fetch -b all --from root-0/batches/p --from root-1/batches/p --from root-2/batches/p <list
	assert_equal "$(tail -n 1 <<<"$output" | jq -c '[.completed, .failed, (.from | map(.taken) | add)]')" '[30,1,30]'
	assert_equal "$(origin_hits .)" "$hits"
	assert_equal "$(records all)" "$(records one)"
	for f in "$BI_ROOT"/batches/one/files/*; do
		cmp "$f" "$BI_ROOT/batches/all/files/${f##*/}"
	done
	bi-clean check one all
}

@test "what no part has is fetched, and with --offline it stays pending" {
	sites 6
	part a 1,2p
	part b 3,4p
	run -75 --separate-stderr bi-fetch -b all --offline --from a/batches/a --from b/batches/b <list
	assert_regex "$stderr" '2 items are in no part, and stay pending'
	assert_equal "$(counts all)" '[4,2]'
	hits=$(origin_hits .)
	run -0 --separate-stderr bi-fetch -b all --from a/batches/a --from b/batches/b <list
	refute_regex "$stderr" 'another list'
	assert_equal "$(origin_hits .)" $((hits + 2))
	bi-clean check all
}

@test "a damaged file of a part is named, and its item is taken from the next part or fetched" {
	sites 3
	part a 1,3p
	part b 1p
	printf 'the bytes of X\n' >x
	cat x >a/batches/a/files/i1_1.txt
	rm a/batches/a/files/i2_1.txt
	mv a/batches/a/files/i3_1.txt away
	ln -s "$PWD/away" a/batches/a/files/i3_1.txt
	hits=$(origin_hits .)
	run -0 --separate-stderr bi-fetch -b all --from a/batches/a --from b/batches/b <list
	assert_regex "$stderr" "'a/batches/a' is damaged: files/i1_1.txt of its item 1 has other bytes"
	assert_regex "$stderr" 'i2_1.txt of its item 2 cannot be opened: No such file'
	assert_regex "$stderr" 'i3_1.txt of its item 3 cannot be opened: it is a symbolic link'
	assert_equal "$(tail -n 1 <<<"$output" | jq -c '.from | map([.taken, .damaged])')" '[[0,3],[1,0]]'
	assert_equal "$(origin_hits .)" $((hits + 2))
	cmp origin/1.txt "$BI_ROOT/batches/all/files/i1_1.txt"
	bi-clean check all
}

@test "of two parts with different bytes the first counts, and that is reported" {
	sites 2
	part a 1,2p
	echo 'others' >origin/2.txt
	part b 1,2p
	run -0 --separate-stderr bi-fetch -b all --from b/batches/b --from a/batches/a <list
	assert_regex "$stderr" "'b/batches/b' and 'a/batches/a' have different bytes for $ORIGIN/2.txt: those of 'b/batches/b' are taken"
	refute_regex "$stderr" "bytes for $ORIGIN/1.txt"
	cmp origin/2.txt "$BI_ROOT/batches/all/files/i2_1.txt"
}

@test "a failure that may pass is tried, a permanent one is taken over unless --retry asks" {
	faulty_start
	printf '%s\n' "$FAULTY/status/503/x.txt" "$FAULTY/status/404/x.txt" >list
	bi-fetch -q --tries 1 -r a -b a <list >/dev/null || :
	hits=$(origin_hits .)
	run -1 --separate-stderr bi-fetch --tries 1 -b all --from a/batches/a <list
	assert_equal "$(origin_hits .)" $((hits + 1))
	assert_equal "$(records all | jq -r .error.code | sort | xargs)" 'http_404 http_503'
	bi-fetch -q --tries 1 --retry failed -b all --from a/batches/a <list >/dev/null || :
	assert_equal "$(origin_hits .)" $((hits + 3))
}

@test "what pages show and what archives have come with them" {
	mkdir origin
	for i in 1 2 3; do
		# shellcheck disable=SC2059 # the number is a byte of the picture
		printf "GIF89a\\1\\0\\1\\0\\200\\0\\0\\0\\0\\$i\\377\\377\\377,\\0\\0\\0\\0\\1\\0\\1\\0\\0\\2\\2D\\1\\0;" >"origin/$i.gif"
	done
	set -- origin/*
	{
		echo '<title>page</title>'
		for f; do echo "<img src=${f##*/}>"; done
	} >origin/page.html
	tar -czf origin/pack.tar.gz -C origin "${1##*/}" "${2##*/}"
	origin_start
	{
		echo "{\"media\":\"$ORIGIN/page.html\",\"subject\":{\"id\":7}}"
		echo "$ORIGIN/pack.tar.gz"
	} >list
	tac list | bi-fetch -q --expand -r a -b a >/dev/null
	hits=$(origin_hits .)
	run -0 --separate-stderr bi-fetch -b all --offline --from a/batches/a <list
	assert_equal "$(origin_hits .)" "$hits"
	assert_equal "$(counts all)" "[$(($# + 4)),0]"
	assert_equal "$(jq -c 'select(.found) | .found_items | length' "$BI_ROOT/batches/all/results.ndjson")" $#
	assert_equal "$(jq -c 'select(.member) | .archive' "$BI_ROOT/batches/all/results.ndjson" | sort -u)" 2
	run -0 bi-fetch -b all --offline --from a/batches/a <list
	assert_equal "$(wc -l <"$BI_ROOT/batches/all/results.ndjson")" $(($# + 4))
	bi-clean check all
}

@test "what was parsed comes with the item, with a number of this root" {
	sites 2
	tac list | bi-fetch -q -r a -b a --through 'bi-parse' >/dev/null
	echo x | BI_ROOT=$BI_ROOT bi-fetch -q -b other --through bi-parse list >/dev/null
	bi-fetch -q -b all --offline --from a/batches/a <list >/dev/null
	content=$BI_ROOT/batches/all/content/i1_1.json
	assert_equal "$(jq -r .text "$content" | xargs)" 'the bytes of 1'
	assert_equal "$(jq .knowledge_item_id "$content")" \
		"$(jq 'select(.item == 1) | .knowledge_item_id' "$BI_ROOT/batches/all/results.ndjson")"
	assert_equal "$(jq -r 'select(.item == 1) | .content' "$BI_ROOT/batches/all/results.ndjson")" content/i1_1.json
	assert_equal "$(jq .knowledge_item_id "$BI_ROOT"/batches/*/content/*.json | sort | uniq -d)" ''
}

@test "decisions of reviewers come by item, once, for subjects that are whole in a part" {
	sites 6
	item() { printf '{"url":"%s/%s.txt","subject":{"id":"%s"}}\n' "$ORIGIN" "$2" "$1"; }
	{ item A 1; item A 2; item B 3; item B 4; item C 5; item C 6; } >list
	{ item A 2; item A 1; item B 3; } | bi-fetch -q -r a -b a >/dev/null
	{ item B 4; item C 5; item C 6; } | bi-fetch -q -r b -b b >/dev/null
	pick() { printf '{"subject":"%s","choice":%s,"reviewer":"ada","at":"2026-01-0%sT00:00:00.000Z"}\n' "$@"; }
	{ pick A 1 1; pick B 1 1; } >a/batches/a/picks.ndjson
	pick C 0 2 >b/batches/b/picks.ndjson
	for _ in 1 2; do
		run -0 --separate-stderr bi-fetch -b all --from a/batches/a --from b/batches/b <list
		assert_regex "$stderr" "the decision of ada about the subject 'B' in the part 'a/batches/a' is not taken"
	done
	assert_equal "$(cat "$BI_ROOT/batches/all/picks.ndjson")" "$(pick A 2 1; pick C 0 2)"
	pick A 1 3 >>"$BI_ROOT/batches/all/picks.ndjson"
	bi-fetch -q -b all --from a/batches/a <list >/dev/null 2>&1
	assert_equal "$(wc -l <"$BI_ROOT/batches/all/picks.ndjson")" 3
}

@test "a join that is killed at any write goes on, and each item is there once" {
	need_plain_strace
	sites 40
	part a 1,20p
	part b 21,40p
	for call in linkat pwrite64 fdatasync write; do
		for n in 2 9; do
			name=$call-$n
			strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
				bi-fetch -q -b "$name" --from a/batches/a --from b/batches/b <list >/dev/null 2>&1 || :
			bi-fetch -q -b "$name" --offline --from a/batches/a --from b/batches/b <list >/dev/null
			assert_equal "$(jq .item "$BI_ROOT/batches/$name/results.ndjson" | sort -n | xargs)" "$(seq 40 | xargs)"
			bi-clean check "$name"
		done
	done
}

@test "a full disk in the middle of the join ends it, and the same command goes on" {
	need_plain_strace
	sites 10
	part a 1,10p
	run -74 strace -f -qq -o /dev/null -e trace=linkat -e inject=linkat:error=ENOSPC:when=6 \
		bi-fetch -q -b all --from a/batches/a <list
	assert_regex "$output" 'No space left on device.*run the same command again'
	bi-fetch -q -b all --offline --from a/batches/a <list >/dev/null
	assert_equal "$(counts all)" '[10,0]'
}

@test "parts that cannot be used are refused or named in words" {
	sites 4
	part a 1,2p
	run -66 bi-fetch -b all --from nowhere <list
	assert_regex "$output" "cannot open the part 'nowhere': No such file"
	run -65 bi-fetch -b all --from origin <list
	assert_regex "$output" "'origin' is not a batch: --from takes ROOT/batches/NAME"
	run -65 bi-fetch -b all --from a/batches/a/results.ndjson <list
	bi-fetch -q -b all "$ORIGIN/1.txt" >/dev/null
	run -64 bi-fetch -b all --from "$BI_ROOT/batches/all" <list
	assert_regex "$output" "is the batch 'all' itself"
	cp -r a newer
	jq -c '.format = 99' a/batches/a/batch.json >newer/batches/a/batch.json
	run -65 bi-fetch -b all --from newer/batches/a <list
	assert_regex "$output" 'a newer bi made it'
	run -2 bi-fetch -b all --offline <list
	run -2 bi-fetch --work --from a/batches/a
	echo "$ORIGIN/4.txt" >others
	run -0 --separate-stderr bi-fetch -q -b other --from a/batches/a <others
	assert_regex "$stderr" "the part 'a/batches/a' gave nothing: the list has none of its 2 items"
}

@test "a part that is being worked on is read, and never written" {
	sites 3
	part a 1,2p
	mkfifo lines
	exec {hold}<>lines
	start bi-fetch -r a -b a <lines >held
	echo "$ORIGIN/1.txt" >&"$hold"
	poll 10 test -s held
	find a -type f -newer list -exec sha256sum {} + | sort >before
	run -0 --separate-stderr bi-fetch -b all --from a/batches/a <list
	find a -type f -newer list -exec sha256sum {} + | sort >after
	exec {hold}>&-
	assert_regex "$stderr" "the part 'a/batches/a' is still being worked on"
	cmp before after
	assert_equal "$(counts all)" '[3,0]'
}
