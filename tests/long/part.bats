#!/usr/bin/env bats
# bi-fetch: a large download whose process was killed or stopped goes on in the next run, and never by wrong bytes.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load ../integration/helpers

# part_of SIZE: there is a part in temp/ of more than SIZE bytes.
part_of() {
	[ -n "$(find "$BI_ROOT/temp" -type f -size "+$1c" 2>/dev/null)" ]
}

# cut_off PATH [SIGNAL [OPTION...]]: begins to fetch it, and ends that once there is a part of 2 MB.
cut_off() {
	local url=$FAULTY$1 signal=${2:-KILL}

	shift
	[ $# -eq 0 ] || shift
	start bi-fetch -q "$@" "$url" >out
	poll 15 part_of 2000000
	stop "$!" "$signal"
	poll 10 gone "$!"
}

# ranges: where the requests so far began that asked for one.
ranges() {
	grep -o 'bytes=[0-9]*-' "${ORIGIN_LOGS[0]}" | tr -dc '0-9\n' | xargs
}

# whole_from PATH: the only item is completed with the bytes that PATH has for whoever asks once, and temp/ is empty.
whole_from() {
	local sum

	sum=$(curl -sS "$FAULTY$1" | sha256sum | cut -d' ' -f1)
	assert_equal "$(jq -rs '.[0].sha256' <<<"$output")" "$sum"
	assert_equal "$(sha256sum <"$BI_ROOT"/batches/default/files/i1_1.*)" "$sum  -"
	assert_equal "$(ls -A "$BI_ROOT/temp")" ''
}

@test "after kill -9 the next run goes on where the part ends" {
	local path=/stallfirst/1/4000000/ranged/bytes/8000000/big.bin

	faulty_start
	cut_off "$path"
	assert_equal "$(ls "$BI_ROOT/temp")" default.1.part
	run -0 --separate-stderr bi-fetch --backoff 0.05 "$FAULTY$path"
	[ "$(ranges)" -ge 2000000 ]
	[ "$(ranges)" -lt 4000000 ]
	assert_equal "$(origin_hits big.bin)" 2
	assert_equal "$(jq -rs '.[0] | "\(.bytes) \(.attempts)"' <<<"$output")" '8000000 1'
	whole_from "$path"
}

@test 'a run that waits for the item and takes it over goes on where the part ends' {
	local path=/stallfirst/1/4000000/ranged/bytes/8000000/big.bin dead

	faulty_start
	start bi-fetch -q "$FAULTY$path" >out
	dead=$!
	poll 15 part_of 2000000
	start bi-fetch -q --json "$FAULTY$path" "$FAULTY/bytes/9/other" >out
	poll 10 grep -q other out
	kill -KILL "$dead"
	poll 20 gone "$!"
	output=$(jq -c 'select(.item == 1)' out)
	[ "$(ranges)" -ge 2000000 ]
	whole_from "$path"
}

@test 'after SIGTERM and SIGINT, again and again, the next run goes on where the part ends' {
	local path=/stallfirst/2/3000000/ranged/bytes/8000000/big.bin signal first second

	faulty_start
	for signal in TERM INT; do
		start env --default-signal=INT bi-fetch -q "$FAULTY$path" >out
		[ "$signal" = TERM ] && poll 15 part_of 2000000 || poll 15 part_of 5000000
		stop "$!" "$signal"
		assert_equal "$stopped" "$((128 + $(kill -l "$signal")))"
		assert_equal "$(ls "$BI_ROOT/temp")" default.1.part
		assert_equal "$(cat "$BI_ROOT/batches/default/state")" p
	done
	run -0 --separate-stderr bi-fetch --backoff 0.05 "$FAULTY$path"
	read -r first second <<<"$(ranges)"
	[ "$first" -ge 2000000 ]
	[ "$second" -ge 5000000 ]
	whole_from "$path"
}

@test 'a part that is complete but for its name is completed by asking for its last byte' {
	local path=/ranged/bytes/3000000/big.bin

	need_plain_strace
	faulty_start
	run -137 strace -f -o trace -e trace=fremovexattr -e inject=fremovexattr:signal=KILL:when=1 bi-fetch -q "$FAULTY$path"
	assert_equal "$(ls "$BI_ROOT/temp")" default.1.part
	run -0 --separate-stderr bi-fetch "$FAULTY$path"
	assert_equal "$(ranges)" 2999999
	whole_from "$path"
}

@test "with another or no strong ETag, no ranges, other Accept headers or a range of the user's all comes anew" {
	local path weak=header/Accept-Ranges%3A%20bytes/header/ETag%3A%20W%2f%22a%22

	faulty_start
	path=/stallfirst/1/4000000/changing/bytes/8000000/changing.bin
	cut_off "$path"
	run -0 --separate-stderr bi-fetch "$FAULTY$path"
	[ "$(ranges)" -ge 2000000 ]
	assert_equal "$(jq -rs '.[0].bytes' <<<"$output")" 8000000
	assert_equal "$(jq -rs '.[0].sha256' <<<"$output")" \
		"$(sha256sum <"$BI_ROOT"/batches/default/files/i1_1.* | cut -d' ' -f1)"
	# Each request has other bytes.
	[ "$(curl -sS "$FAULTY$path" | head -c 100000 | sha256sum)" != \
		"$(head -c 100000 "$BI_ROOT"/batches/default/files/i1_1.* | sha256sum)" ]
	assert_equal "$(ls -A "$BI_ROOT/temp")" ''

	: >"${ORIGIN_LOGS[0]}"
	for path in /bytes/8000000/none.bin "/$weak/bytes/8000000/weak.bin"; do
		rm -rf "$BI_ROOT"
		cut_off "/stallfirst/1/4000000$path"
		run -0 --separate-stderr bi-fetch "$FAULTY/stallfirst/1/4000000$path"
		assert_equal "$(ranges)" ''
		whole_from "/stallfirst/1/4000000$path"
		: >"${ORIGIN_LOGS[0]}"
	done
	for option in --header=Range:\ bytes=0- --header=Accept:\ image/png; do
		rm -rf "$BI_ROOT"
		path=/stallfirst/1/4000000/ranged/bytes/8000000/$RANDOM$RANDOM
		cut_off "$path" KILL "$option"
		: >"${ORIGIN_LOGS[0]}"
		run -0 --separate-stderr bi-fetch "$FAULTY$path"
		assert_equal "$(ranges)" ''
		whole_from "$path"
	done
}

@test "a part of another URL under the item's name is of no use" {
	local path=/stallfirst/1/4000000/ranged/bytes/8000000/big.bin other=/ranged/bytes/8000000/other.bin

	faulty_start
	cut_off "$path"
	rm -r "$BI_ROOT/batches"
	run -0 --separate-stderr bi-fetch "$FAULTY$other"
	assert_equal "$(ranges)" ''
	whole_from "$other"
}

@test "a part from where a redirect led goes on there" {
	local path=/stallfirst/1/4000000/ranged/bytes/8000000/big.bin

	faulty_start
	cut_off "/redirect/1$path"
	: >"${ORIGIN_LOGS[0]}"
	run -0 --separate-stderr bi-fetch "$FAULTY/redirect/1$path"
	grep -q ' /redirect.*big.bin$' "${ORIGIN_LOGS[0]}"
	[ "$(ranges)" -ge 2000000 ]
	whole_from "$path"
}

@test "a server that sends other bytes than it was asked for: it begins anew" {
	local path range

	faulty_start
	for range in 'bytes%200-5%2f8000000' 'bytes%20*%2f8000000' 'bytes%203000000-2%2f8000000' 'bytes%20x' \
		'bytes%20999999999999999999999-9999999999999999999999%2f9'; do
		rm -rf "$BI_ROOT"
		path=/stallfirst/1/4000000/header/Content-Range%3A%20$range/ranged/bytes/8000000/$RANDOM$RANDOM
		cut_off "$path"
		: >"${ORIGIN_LOGS[0]}"
		run -0 --separate-stderr bi-fetch --backoff 0.05 "$FAULTY$path"
		[ "$(ranges)" -ge 2000000 ]
		assert_equal "$(jq -rs '.[0].attempts' <<<"$output")" 2
		whole_from "$path"
	done
}

@test "a server that honours Range and ignores If-Range: bytes of two versions are never put together" {
	local path

	faulty_start
	# The file changed after the first request: by its ETag, with the part of a killed run and of a cut transfer of this run.
	path=/anyway/stallfirst/1/4000000/changedafter/1/bytes/8000000/changed.bin
	cut_off "$path"
	run -0 --separate-stderr bi-fetch --backoff 0.05 "$FAULTY$path"
	[ "$(ranges)" -ge 2000000 ]
	assert_equal "$(origin_hits changed.bin)" 3
	whole_from "$path"
	rm -rf "$BI_ROOT"
	path=/anyway/cutfirst/1/4000000/changedafter/1/bytes/8000000/cut.bin
	run -0 --separate-stderr bi-fetch --backoff 0.05 "$FAULTY$path"
	assert_equal "$(origin_hits cut.bin)" 3
	whole_from "$path"
	# It did not change: the part is gone on with.
	rm -rf "$BI_ROOT"
	path=/anyway/cutfirst/1/4000000/ranged/bytes/8000000/same.bin
	run -0 --separate-stderr bi-fetch --backoff 0.05 "$FAULTY$path"
	assert_equal "$(origin_hits same.bin)" 2
	whole_from "$path"
}

@test "a range in pieces is put together, an answer without bytes is not the file" {
	local path=/cutfirst/1/1500000/upto/1000000/ranged/bytes/3800000/pieces.bin

	faulty_start
	run -0 --separate-stderr bi-fetch --backoff 0.05 "$FAULTY$path"
	assert_equal "$(ranges)" '1500000 2500000 3500000'
	assert_equal "$(sha256sum <"$BI_ROOT"/batches/default/files/i1_1.*)" "$(curl -sS "$FAULTY$path" | sha256sum)"
	rm -rf "$BI_ROOT"
	path=/cutfirst/1/1500000/emptyafter/1/ranged/bytes/3000000/empty.bin
	run -1 --separate-stderr bi-fetch --backoff 0.05 --tries 3 "$FAULTY$path"
	grep -q 'empty.bin bytes=1500000-' "${ORIGIN_LOGS[0]}"
	assert_equal "$(find "$BI_ROOT/temp" "$BI_ROOT/batches/default/files" -type f)" ''
}

@test "what is planted under the name of a part is not followed, read or taken away" {
	local path=/bytes/3000000/big.bin name=default.1.part sum

	faulty_start
	sum=$(curl -sS "$FAULTY/ranged$path" | sha256sum)
	mkdir -p "$BI_ROOT/temp"
	head -c 2000000 /dev/zero >precious
	for what in "ln -s $PWD/precious" "ln $PWD/precious" mkdir mkfifo; do
		$what "$BI_ROOT/temp/$name"
		run -0 --separate-stderr timeout 120 bi-fetch "$FAULTY/ranged$path"
		assert_equal "$(ranges)" ''
		assert_equal "$(sha256sum <"$BI_ROOT"/batches/default/files/i1_1.*)" "$sum"
		assert_equal "$(ls "$BI_ROOT/temp")" "$name"
		rm -r "${BI_ROOT:?}/temp/$name" "$BI_ROOT/batches"
	done
	cmp precious <(head -c 2000000 /dev/zero)
	# A file of ours that says nothing of where it is from is left over: it makes room.
	cp precious "$BI_ROOT/temp/$name"
	run -0 --separate-stderr bi-fetch "$FAULTY/ranged$path"
	assert_equal "$(ranges)" ''
	whole_from "/ranged$path"
}

@test "a part that another process holds is left alone" {
	local path=/stallfirst/1/4000000/ranged/bytes/8000000/big.bin before

	faulty_start
	cut_off "$path"
	start flock -F "$BI_ROOT/temp/default.1.part" sleep 60
	poll 10 eval '! flock -n "$BI_ROOT/temp/default.1.part" true'
	before=$(stat -c '%i %s %Y' "$BI_ROOT/temp/default.1.part")
	run -0 --separate-stderr bi-fetch "$FAULTY$path"
	assert_equal "$(ranges)" ''
	assert_equal "$(stat -c '%i %s %Y' "$BI_ROOT/temp/default.1.part")" "$before"
	assert_equal "$(sha256sum <"$BI_ROOT"/batches/default/files/i1_1.*)" "$(curl -sS "$FAULTY$path" | sha256sum)"
	run -0 bi-clean temp
	assert_output --partial '1 in use'
}

@test "a part with a hole in it, or longer than --max-filesize allows, is of no use" {
	local path=/stallfirst/1/4000000/ranged/bytes/8000000/big.bin

	faulty_start
	cut_off "$path"
	fallocate --punch-hole --offset 1000000 --length 500000 "$BI_ROOT/temp/default.1.part"
	run -0 --separate-stderr bi-fetch "$FAULTY$path"
	assert_equal "$(ranges)" ''
	whole_from "$path"
	rm -rf "$BI_ROOT"
	path=/stallfirst/1/4000000/ranged/bytes/8000000/large.bin
	cut_off "$path"
	run -1 --separate-stderr bi-fetch --max-filesize 1M "$FAULTY$path"
	assert_equal "$(jq -rs '.[0].error.code' <<<"$output")" too_large
	assert_equal "$(ls -A "$BI_ROOT/temp")" ''
}

@test "what was left of an item that is settled is for bi-clean" {
	local path=/stallfirst/1/4000000/ranged/bytes/8000000/big.bin

	faulty_start
	cut_off "$path"
	run -0 bi-clean temp
	assert_output --partial '1 file removed'
	run -0 --separate-stderr bi-fetch "$FAULTY$path"
	assert_equal "$(ranges)" ''
	whole_from "$path"
}
