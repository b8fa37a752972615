#!/usr/bin/env bats
# What kill -9 and power cuts leave of a batch is brought to its end by the same command.
# BI_LONG=1 kills at each call, not at some.
# shellcheck disable=SC2030,SC2031 # each test is a subshell, and that is what bats does

load ../integration/helpers

batch() {
	echo "$BI_ROOT/batches/M"
}

# list: what is fetched: a page with a picture and a sound, an archive of two members, and files.
list() {
	echo one >a.txt
	echo two >b.txt
	tar -cf x.tar a.txt b.txt
	echo three >c.txt
	mkdir -p origin
	echo '<!doctype html><title>t</title><img src="i.txt"><audio src="s.txt">' >origin/page.html
	echo picture >origin/i.txt
	echo sound >origin/s.txt
	origin_start
	printf '{"media":"%s/page.html"}\n{"file":"%s/x.tar"}\n{"file":"%s/c.txt"}\n{"url":"%s/i.txt"}\n' \
		"$ORIGIN" "$PWD" "$PWD" "$ORIGIN" >in
}

# complete N: the batch has N items, all completed, its file each, once; nobody has to do anything more.
complete() {
	assert_equal "$(wc -l <"$(batch)/items.ndjson")" "$1"
	assert_equal "$(cat "$(batch)/state")" "$(printf 'c%.0s' $(seq "$1"))"
	assert_equal "$(jq -r 'select(.status == "completed").item' "$(batch)/results.ndjson" | sort | uniq -c |
		awk '$1 == 1' | wc -l)" "$1"
	run -0 bi-clean check M
	assert_output '1 batch verified: all is well'
}

# kills CALL: the numbers of those calls at which a run is killed.
kills() {
	case $1 in
	fdatasync) seq 1 "${BI_LONG:-2}" 12 ;;
	linkat) seq 1 "${BI_LONG:-4}" 9 ;;
	*) seq 1 "${BI_LONG:-16}" 70 ;;
	esac
}

@test "killed at any step of a page, an archive and files: the same command completes them all" {
	local call n killed=0

	strace -o /dev/null true 2>/dev/null || skip "no ptrace here"
	list
	for call in fdatasync linkat pwrite64; do
		for n in $(kills $call); do
			rm -rf "$BI_ROOT"
			strace -f -o trace -e trace=$call -e inject=$call:signal=KILL:when="$n" \
				bi-fetch -q -b M --expand <in >out 2>&1 || [ $? -eq 137 ]
			grep -q 'killed by SIGKILL' trace || break
			killed=$((killed + 1))
			run -0 --separate-stderr bi-fetch -q -b M --expand <in
			complete 7
		done
	done
	[ "$killed" -gt 7 ]
}

@test "killed at any step of a worker that unpacks an upload: the next worker completes the batch" {
	local call n killed=0

	strace -o /dev/null true 2>/dev/null || skip "no ptrace here"
	echo one >a.txt
	echo two >b.txt
	tar -cf x.tar a.txt b.txt
	echo three >c.txt
	for call in fdatasync linkat unlinkat; do
		for n in $(kills $call | head -n 3); do
			rm -rf "$BI_ROOT"
			"$BI_BUILD/tests/handin" M "@$PWD/x.tar" "@$PWD/c.txt" >handed
			strace -f -o trace -e trace=$call -e inject=$call:signal=KILL:when="$n" \
				bi-fetch --work --once --expand >out 2>&1 || [ $? -eq 137 ]
			grep -q 'killed by SIGKILL' trace || break
			killed=$((killed + 1))
			run -0 --separate-stderr bi-fetch --work --once --expand
			complete 4
			assert_equal "$(ls "$BI_ROOT/queue")" ''
			[ ! -e "$(batch)/uploads" ]
		done
	done
	[ "$killed" -gt 4 ]
}

# archive: a batch of an archive with two members, and a file.
archive() {
	echo one >a.txt
	echo two >b.txt
	tar -cf x.tar a.txt b.txt
	echo three >c.txt
	bi-fetch -q -b M --expand x.tar c.txt >out
	complete 4
	cp -a "$BI_ROOT" good
}

# found CODE: what check finds is that.
found() {
	run -1 bi-clean --json check M
	assert_equal "$(jq -r '.found | strings' <<<"$output" | sort -u | xargs)" "$1"
}

@test "states that a power cut left behind or before the results are found, and brought up by the same command" {
	local left

	archive
	for left in cppp rrrr '' cccf ccccc xccp; do
		rm -rf "$BI_ROOT"
		cp -a good "$BI_ROOT"
		printf %s "$left" >"$(batch)/state"
		found state_wrong
		cp -a "$BI_ROOT" found
		run -0 bi-clean --repair check M
		complete 4
		rm -rf "$BI_ROOT"
		mv found "$BI_ROOT"
		run -0 --separate-stderr bi-fetch -q -b M --expand x.tar c.txt
		assert_equal "$(tail -n 1 <<<"$output" | jq .failed)" 0
		complete 4
		timeout 10 bi-status --wait M
	done
}

@test "results that a power cut took: their items are fetched again, members of an archive too" {
	local left

	archive
	for left in 1 2 3; do
		rm -rf "$BI_ROOT"
		cp -a good "$BI_ROOT"
		head -n "$left" good/batches/M/results.ndjson >"$(batch)/results.ndjson"
		run -1 bi-clean check M
		assert_output --partial 'is c, and it has no result'
		run -0 --separate-stderr bi-fetch -q -b M --expand x.tar c.txt
		complete 4
	done
	# The archive's result is there, that of a member is not.
	rm -rf "$BI_ROOT"
	cp -a good "$BI_ROOT"
	grep -v '"member":"b.txt"' good/batches/M/results.ndjson >"$(batch)/results.ndjson"
	run -0 --separate-stderr bi-fetch -q -b M --expand x.tar c.txt
	assert_equal "$(jq -r 'select(.item) | .member // "-"' <<<"$output" | sort | xargs)" '- - b.txt'
	complete 4
}

@test "check finds an index that leads to another line, a file that is gone, a member without its archive" {
	archive
	rm "$(batch)/results.index"
	run -0 bi-clean check M
	bi-status --rebuild M
	# Two results of an item, of which the index has the first.
	dd if="$(batch)/results.index" of=entry bs=8 skip=4 count=1 status=none
	tail -n 1 good/batches/M/results.ndjson | sed 's/"item":[0-9]*/"item":4/' >>"$(batch)/results.ndjson"
	bi-status --rebuild M
	dd if=entry of="$(batch)/results.index" bs=8 seek=4 conv=notrunc status=none
	run -1 bi-clean check M
	assert_output --partial 'results.index does not lead to the last result of item 4'
	run bi-clean --repair check M
	run bi-clean check M
	refute_output --partial results.index
	rm -rf "$BI_ROOT"
	cp -a good "$BI_ROOT"
	rm "$(batch)/files/"*_1.txt
	found file_missing
	rm -rf "$BI_ROOT"
	cp -a good "$BI_ROOT"
	sed -i '/"member":"b.txt"/s/"archive":1/"archive":9/' "$(batch)/items.ndjson"
	run -1 bi-clean check M
	assert_output --partial 'item 4 is a member of the archive 9, which is not an earlier item'
	# A result of an item that is not there.
	rm -rf "$BI_ROOT"
	cp -a good "$BI_ROOT"
	sed 's/"item":[0-9]*,/"item":7,/; q' good/batches/M/results.ndjson >>"$(batch)/results.ndjson"
	found record_bad
}

@test "a result whose path leads out of files/ opens nothing" {
	archive
	cp x.tar "$(batch)/outside.tar"
	sed -i '/"member":"b.txt"/d; s|"path":"files/[^"]*tar"|"path":"outside.tar"|' "$(batch)/results.ndjson"
	rm "$(batch)/state"
	run -1 --separate-stderr bi-fetch -q -b M --expand x.tar c.txt
	assert_equal "$(jq -r '.error.code // empty' <<<"$output")" archive_gone
}
