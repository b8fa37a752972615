#!/usr/bin/env bats
# bi-fetch --from with archives of bi-clean: they are taken as their batches would be, or refused before anything changes.

load helpers

# part NAME LINES: fetches the lines LINES (as sed has them) of ./list into the batch NAME of the root NAME, and packs it.
part() {
	sed -n "$2" list | bi-fetch -q -r "$1" -b "$1" >/dev/null
	bi-clean -r "$1" pack "$1" >/dev/null
}

# files N: N small files, each with its own bytes; their paths are in ./list.
files() {
	mkdir -p in
	for i in $(seq "$1"); do
		echo "the bytes of $i" >"in/$i.txt"
	done
	seq -f "$PWD/in/%g.txt" "$1" >list
}

# everything: every file of the root with its digest, but for those that each start writes.
everything() {
	(cd "$BI_ROOT" && find . -type f ! -path './machines/*' ! -name lock -exec sha256sum {} + | sort -k 2)
}

# nothing_left: no directory of an unpacked part is in the root.
nothing_left() {
	assert_equal "$(ls "$BI_ROOT/temp")" ''
}

# records DIR: the results of a batch, but for what differs from run to run, by item.
records() {
	jq -c 'del(.finished_at, .file_changed_at, .item, .path, .file_id)' "$1/results.ndjson" | sort
}

teardown() {
	! mountpoint -q "$BATS_TEST_TMPDIR/m" || umount "$BATS_TEST_TMPDIR/m"
	bi_teardown
}

# refused ARCHIVE WORDS: it is refused with exit code 65 and these words, and the batch `all` stays as it is.
refused() {
	[ -e "$BI_ROOT/batches/all" ] || head -n 1 list | bi-fetch -q -b all >/dev/null
	everything >before
	run -65 --separate-stderr bi-fetch -b all --from a.tar.zst --from "$1" <list
	assert_regex "$stderr" "$2"
	assert_equal "$(wc -l <<<"$stderr")" 1
	everything | diff before -
	nothing_left
}

# repack NAME COMMAND...: unpacks a.tar.zst, runs the command in it, and packs what is there as NAME, in the same order.
repack() {
	local name=$1

	shift
	rm -rf out
	mkdir out
	tar --zstd -xf a.tar.zst -C out
	(cd out && "$@")
	(cd out && find a -type f -o -type l | sort && echo __bi__/SHA256SUMS) | tar --zstd -cf "$name" -C out --no-recursion -T -
}

# sums: the list of digests is that of what is there now.
sums() {
	find a -type f | sort | xargs sha256sum >__bi__/SHA256SUMS
}

@test "archives of each kind give what their directories give" {
	files 6
	echo "$PWD/in/none.txt" >>list
	part a 1,3p || :
	sed -n '4,$p' list | bi-fetch -q -r b -b b >/dev/null || :
	bi-fetch -q -b dirs --offline --from a/batches/a --from b/batches/b <list >/dev/null || :
	for kind in tar tar.gz tar.zst zip; do
		rm -f "b.$kind"
		bi-clean -r b --archive "b.$kind" pack b >/dev/null
		run -1 --separate-stderr bi-fetch -b "${kind/./-}" --offline --from a.tar.zst --from "b.$kind" <list
		assert_equal "$(tail -n 1 <<<"$output" | jq -c '.from | map([.part, .taken, .failed])')" \
			"[[\"a.tar.zst\",3,0],[\"b.$kind\",3,1]]"
		assert_equal "$(records "$BI_ROOT/batches/${kind/./-}")" "$(records "$BI_ROOT/batches/dirs")"
		diff -r "$BI_ROOT/batches/${kind/./-}/files" "$BI_ROOT/batches/dirs/files"
		nothing_left
	done
	bi-clean -r b -y --archive moved.tar.zst batch b >/dev/null
	bi-fetch -q -b all --offline --from moved.tar.zst --from a.tar.zst <list >/dev/null || :
	bi-clean check
}

@test "pages, members of archives, parsed content and decisions come from an archive, too" {
	mkdir in
	printf 'GIF89a\1\0\1\0\200\0\0\0\0\0\377\377\377,\0\0\0\0\1\0\1\0\0\2\2D\1\0;' >in/1.gif
	echo text >in/2.txt
	tar -czf in/pack.tar.gz -C in 1.gif 2.txt
	printf '{"file":"%s","subject":{"id":"s"}}\n' "$PWD/in/pack.tar.gz" "$PWD/in/2.txt" >list
	bi-fetch -q --expand -r a -b a --through bi-parse <list >/dev/null
	echo '{"subject":"s","choice":2,"reviewer":"ada","at":"2026-01-01T00:00:00.000Z"}' >a/batches/a/picks.ndjson
	bi-clean -r a pack a >/dev/null
	rm -r a
	for _ in 1 2; do
		run -0 bi-fetch -b all --offline --from a.tar.zst <list
	done
	assert_equal "$(jq -r 'select(.member) | .archive' "$BI_ROOT/batches/all/results.ndjson" | xargs)" '1 1'
	[ -n "$(ls "$BI_ROOT/batches/all/content")" ]
	assert_equal "$(jq -r .reviewer "$BI_ROOT/batches/all/picks.ndjson")" ada
	bi-clean check all
}

@test "an archive whose bytes or list were changed is refused, by the name of the member" {
	files 3
	part a 1,3p
	repack x.tar.zst sh -c 'echo other >a/files/i2_1.txt'
	refused x.tar.zst "^bi-fetch: the archive 'x.tar.zst' is not used, and nothing was taken: a/files/i2_1.txt: it was changed after it was written; .bi-collect --verify x.tar.zst"
	repack x.tar.zst sed -i '3s/^./x/' __bi__/SHA256SUMS
	refused x.tar.zst 'its SHA256SUMS is damaged'
	repack x.tar.zst sed -i '4s/^[0-9a-f]*/0000000000000000000000000000000000000000000000000000000000000000/' __bi__/SHA256SUMS
	refused x.tar.zst ': it was changed after it was written'
	repack x.tar.zst sed -i 3d __bi__/SHA256SUMS
	refused x.tar.zst ': it was added after the archive was written'
	repack x.tar.zst rm a/files/i3_1.txt
	refused x.tar.zst 'a/files/i3_1.txt: it is missing or damaged'
	repack x.tar.zst sh -c 'printf "%s\n" "$(cat a/results.ndjson)" | sed "s/completed/failed/" >r; mv r a/results.ndjson'
	refused x.tar.zst 'a/results.ndjson: it was changed after it was written'
	tar --zstd -xf a.tar.zst
	tar --zstd -cf x.tar.zst a
	refused x.tar.zst 'its SHA256SUMS is missing or damaged: it was not written by bi-collect or bi-clean'
}

@test "an archive that is cut, empty, foreign or none is refused" {
	files 3
	part a 1,3p
	for bytes in 0 1 20 300 $(($(stat -c %s a.tar.zst) - 1)); do
		head -c "$bytes" a.tar.zst >x.tar.zst
		refused x.tar.zst "'x.tar.zst' is (not used|neither a batch nor an archive)"
	done
	bi-clean -r a --archive whole.zip pack a >/dev/null
	head -c "$(($(stat -c %s whole.zip) / 2))" whole.zip >x.zip
	refused x.zip "'x.zip' is not used"
	tar -cf x.tar -T /dev/null
	refused x.tar 'neither a batch nor an archive of one'
	refused list 'neither a batch nor an archive of one'
	mkdir -p out/a out/__bi__
	echo x >out/a/file
	(cd out && sums && tar -cf ../x.tar a __bi__/SHA256SUMS)
	refused x.tar "'x.tar' is not one of a batch"
	mkfifo pipe
	refused pipe "'pipe' is not a batch"
	echo '{"batch":"a","selections":{"i1":1}}' >picks
	bi-collect -r a --picks picks -o export.tar a >/dev/null 2>&1 || :
	[ ! -e export.tar ] || refused export.tar "'export.tar' is not"
}

@test "members that lead out of the batch, or are no files, are refused, and nothing is written outside" {
	files 2
	part a 1,2p
	echo mine >mine
	tar --zstd -xf a.tar.zst
	for name in ../mine /tmp/bi-from-archives "$PWD/mine" a/../../../mine; do
		tar -P --zstd -cf x.tar.zst --transform "s|^mine$|$name|" a mine __bi__/SHA256SUMS
		refused x.tar.zst "'x.tar.zst' is not used"
	done
	[ ! -e /tmp/bi-from-archives ]
	assert_equal "$(cat mine)" mine
	repack x.tar.zst sh -c 'ln -sf /etc/passwd a/files/i1_1.txt'
	refused x.tar.zst 'a/files/i1_1.txt'
	repack x.tar.zst sh -c "ln -s '$PWD/in' a/link && ln -s ../../mine a/files/i9_1.txt"
	refused x.tar.zst 'a/(link|files/i9_1.txt)'
	repack x.tar.zst sh -c 'mkdir b && echo x >b/file'
	(cd out && sha256sum b/file >>__bi__/SHA256SUMS && tar --zstd -cf ../x.tar.zst a b __bi__/SHA256SUMS)
	refused x.tar.zst 'it has a file that is not of one batch, or is there twice'
	(cd out && rm -r b && sums && tar --zstd -cf ../x.tar.zst a a/batch.json --hard-dereference a/batch.json __bi__/SHA256SUMS)
	refused x.tar.zst 'a/batch.json: it occurs twice'
}

@test "secrets, locks and indexes in an archive are not used" {
	files 2
	part a 1,2p
	repack x.tar.zst sh -c 'head -c 200 /dev/urandom | tee a/results.index a/items.index a/lock >a/secrets; find a -type f | sort | xargs sha256sum >__bi__/SHA256SUMS'
	run -0 bi-fetch -b all --offline --from x.tar.zst <list
	assert_equal "$(cat "$BI_ROOT/batches/all/state")" cc
	bi-clean check all
}

@test "a batch of a newer version is refused, and members that are not known are kept" {
	files 2
	part a 1,2p
	repack x.tar.zst sh -c 'sed -i "s/{/{\"format\":99,/" a/batch.json; find a -type f | sort | xargs sha256sum >__bi__/SHA256SUMS'
	refused x.tar.zst "cannot open the part 'x.tar.zst': a newer bi made it"
	repack x.tar.zst sh -c 'sed -i "s/}$/,\"later\":{\"x\":[1,2]}}/" a/results.ndjson a/items.ndjson a/batch.json; find a -type f | sort | xargs sha256sum >__bi__/SHA256SUMS'
	run -0 bi-fetch -b newer --offline --from x.tar.zst <list
	assert_equal "$(jq -c .later "$BI_ROOT/batches/newer/results.ndjson" | sort | uniq -c | xargs)" '2 {x:[1,2]}'
	bi-clean check newer
}

@test "a kill while a part is unpacked leaves the batch as it was, and the next run removes what is left" {
	need_plain_strace
	files 20
	part a 1,20p
	head -n 1 list | bi-fetch -q -b all >/dev/null
	everything >before
	for n in 3 12; do
		strace -f -qq -o /dev/null -e trace=write -P "$BI_ROOT" -e trace=openat -e "inject=openat:signal=KILL:when=$((n * 10))" \
			bi-fetch -q -b all --from a.tar.zst <list >/dev/null 2>&1 || :
		(cd "$BI_ROOT" && find . -type f ! -path './temp/*' ! -path './machines/*' ! -name lock -exec sha256sum {} + | sort -k 2) >after
		diff <(grep -v ' ./batches/all' before) <(grep -v ' ./batches/all' after)
	done
	run -0 bi-fetch -b all --offline --from a.tar.zst <list
	nothing_left
	assert_equal "$(tr -d c <"$BI_ROOT/batches/all/state")" ''
	bi-clean check all
}

@test "a full disk while a part is unpacked, or its items are taken, loses nothing" {
	[ "$(id -u)" = 0 ] || skip 'only root may mount a file system'
	mkdir m
	mount -t tmpfs -o size=2m none m || skip 'no file system can be mounted here'
	export BI_ROOT=$PWD/m/root
	mkdir in
	for i in 1 2 3; do
		head -c 700k /dev/urandom >"in/$i.txt"
	done
	ls -d "$PWD"/in/* >list
	sed -n 1p list | bi-fetch -q -b all >/dev/null
	sed -n 2,3p list | bi-fetch -q -r a -b a >/dev/null
	bi-clean -r a pack a
	everything >before
	run -74 --separate-stderr bi-fetch -b all --from a.tar.zst <list
	assert_regex "$stderr" "cannot unpack the archive 'a.tar.zst' in .*/m/root/temp: No space left on device; nothing was taken: make room for its files and run the same command again"
	everything | diff before -
	nothing_left
	# A directory is taken as far as there is room.
	run -74 --separate-stderr bi-fetch -b all --from a/batches/a <list
	assert_regex "$stderr" 'No space left on device.*run the same command again'
	cmp in/1.txt "$BI_ROOT"/batches/all/files/i1_1.*
	assert_equal "$(head -c 1 "$BI_ROOT/batches/all/state")" c
	mount -o remount,size=8m m
	run -0 bi-fetch -b all --offline --from a.tar.zst <list
	assert_equal "$(cat "$BI_ROOT/batches/all/state")" ccc
	bi-clean check all
}

@test "a part of another list is named, and a part that is missing changes nothing" {
	files 4
	part a 1,2p
	sed -n 3p list >other
	run -0 --separate-stderr bi-fetch -q -b other --from a.tar.zst <other
	assert_regex "$stderr" "the part 'a.tar.zst' gave nothing: the list has none of its 2 items"
	run -66 bi-fetch -b all --from a.tar.zst --from nosuch.tar.zst <list
	assert_output --partial "cannot open the part 'nosuch.tar.zst': No such file"
	[ ! -e "$BI_ROOT/batches/all" ]
	nothing_left
	run -75 --separate-stderr bi-fetch -b all --offline --from a.tar.zst <list
	assert_regex "$stderr" '2 items are in no part, and stay pending'
}

@test "a part from a machine whose clock is an hour ahead, or behind, is taken as any other" {
	local at

	for at in '+1 hour' '-1 hour'; do
		rm -rf a a.tar.zst
		files 3
		sed -i 's|.*|{"file":"&","subject":{"id":"s"}}|' list
		bi-fetch -q -r a -b a <list >/dev/null
		sed -i "s/\"finished_at\":\"[^\"]*/\"finished_at\":\"$(date -u -d "$at" +%FT%T.000Z)/" a/batches/a/results.ndjson
		printf '{"subject":"s","choice":2,"reviewer":"ada","at":"%s"}\n' "$(date -u -d "$at" +%FT%T.000Z)" \
			>a/batches/a/picks.ndjson
		find a/batches -exec touch -d "$at" {} +
		bi-status -r a --rebuild a >/dev/null
		bi-clean -r a pack a >/dev/null
		for from in a/batches/a a.tar.zst; do
			for _ in 1 2; do
				run -0 bi-fetch -b all --offline --from "$from" <list
			done
			assert_equal "$(cat "$BI_ROOT/batches/all/state")" ccc
			assert_equal "$(jq -c '[.choice, .reviewer]' "$BI_ROOT/batches/all/picks.ndjson")" '[2,"ada"]'
			run -0 bi-status --json --limit 0 all
			assert_equal "$(jq -c '.batch_job.completed_items' <<<"$output")" 3
			run -0 bi-clean check all
			rm -r "$BI_ROOT/batches/all"
		done
	done
}
