#!/usr/bin/env bats
# bi-fetch: large files, which threads hash and write past the page cache where the system can.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

# Sizes around those of a block, of what is held in memory, and of a piece.
SIZES=(1 511 512 513 4095 4096 4097 65535 65536 65537 69633 524287 524288 524289 1048575 1048576 1048577 1049599
	1052672 2097151 2097152 3000001)

# urls: one for each size.
urls() {
	printf "$FAULTY/bytes/%s/x.bin\n" "${SIZES[@]}"
}

# whole: the records in `out` are of all sizes, and each file of the batch has the bytes, the length and the digest that
# its record and the server say.
whole() {
	local path bytes sha256 url

	assert_equal "$(jq -r 'select(.item) | "\(.status) \(.bytes)"' out | sort)" "$(printf 'completed %s\n' "${SIZES[@]}" | sort)"
	while read -r path bytes sha256 url; do
		assert_equal "$bytes $(stat -c %s "$path")" "$bytes $bytes"
		assert_equal "$(sha256sum <"$path")" "$sha256  -"
		curl -sS "$url" | cmp - "$path"
	done < <(jq -r 'select(.item) | "\(.path) \(.bytes) \(.sha256) \(.url)"' out)
	assert_equal "$(ls -A "$BI_ROOT/temp")" ''
}

# refusing WHAT OPERAND...: bi-fetch where the system refuses that (tests/preload/refuse.c), which it must meet. The result
# is that of bi-fetch.
refusing() {
	local code=0

	rm -rf "$BI_ROOT" refused
	LD_PRELOAD=$BI_BUILD/tests/refuse.so REFUSE=$1 REFUSED=$PWD/refused bi-fetch -q "${@:2}" >out || code=$?
	[ -s refused ] && return "$code"
}

# no_sanitizer: what is preloaded comes before the sanitizer, which refuses that.
no_sanitizer() {
	[ -z "${SANITIZE:-}" ] || skip "a sanitizer must be loaded first"
}

@test "files of all lengths around a block and a piece have their bytes, in few and in many pieces" {
	faulty_start
	urls | bi-fetch -q >out
	whole
	for options in '-P 1' '-P 300' --no-sync; do
		rm -rf "$BI_ROOT"
		# shellcheck disable=SC2086 # several words
		urls | bi-fetch -q $options >out
		whole
	done
}

@test "copies of files of another file system, too" {
	local dir size

	[ -d /dev/shm ] && [ -w /dev/shm ] || skip "there is no /dev/shm"
	dir=$(mktemp -d /dev/shm/bi-large.XXXXXX)
	for size in 0 "${SIZES[@]}"; do
		head -c "$size" /dev/urandom >"$dir/$size.bin"
	done
	bi-fetch -q "$dir"/*.bin >out || :
	(cd "$dir" && sha256sum ./*.bin | sed 's, \*\./, ,') >originals
	rm -r "$dir"
	jq -r 'select(.item) | "\(.path) \(.sha256)"' out | while read -r path sha256; do
		assert_equal "$(sha256sum <"$path")" "$sha256  -"
		grep -q "^$sha256 " originals
	done
	assert_equal "$(jq -r 'select(.end) | .completed' out)" "$((1 + ${#SIZES[@]}))"
}

@test "what is large is written past the page cache, and small files are not" {
	local flags

	need_plain_strace
	faulty_start
	: >probe
	dd if=/dev/zero of=probe bs=4096 count=1 oflag=direct 2>/dev/null || skip "this file system has no O_DIRECT"
	strace -f -o trace -e trace=fcntl bi-fetch -q "$FAULTY/bytes/3000001/large" >out
	flags=$(grep -c 'F_SETFL.*O_DIRECT' trace)
	[ "$flags" -ge 1 ]
	strace -f -o trace -e trace=fcntl bi-fetch -q "$FAULTY/bytes/900000/small" >out
	run ! grep 'F_SETFL.*O_DIRECT' trace
	strace -f -o trace -e trace=fcntl bi-fetch -q --no-sync "$FAULTY/bytes/3000001/unsynced" >out
	run ! grep 'F_SETFL.*O_DIRECT' trace
}

@test "where O_DIRECT is refused, when it is set or at each write, all is written as before" {
	no_sanitizer
	faulty_start
	for what in flag write; do
		urls | refusing "$what"
		whole
		# Once refused, it is not tried again for each piece.
		[ "$(wc -l <refused)" -le 4 ]
	done
}

@test "where no thread can be started, all is hashed and written without" {
	no_sanitizer
	faulty_start
	urls | refusing threads
	whole
	urls | refusing threads -P 1
	whole
}

@test "on tmpfs, too" {
	[ -d /dev/shm ] && [ -w /dev/shm ] || skip "there is no /dev/shm"
	faulty_start
	BI_ROOT=$(mktemp -d /dev/shm/bi-large.XXXXXX)
	urls | bi-fetch -q >out || :
	whole || { rm -rf "$BI_ROOT"; false; }
	rm -rf "$BI_ROOT"
}

# prefix_of FILE: what FILE has is the beginning of the bytes of $path, without a hole.
prefix_of() {
	cmp -n "$(stat -c %s "$1")" "$1" whole
}

@test "kill -9 in the middle, again and again: each part is a beginning of the file, and the next run goes on there" {
	local path=/ranged/bytes/40000000/big.bin size last=0 i

	faulty_start
	curl -sS "$FAULTY$path" >whole
	for i in 1 2 3; do
		start bi-fetch -q --limit-rate 30M "$FAULTY$path" >out
		poll 20 eval '[ "$(stat -c %s "$BI_ROOT/temp/default.1.part" 2>/dev/null || echo 0)" -gt $((last + 2000000)) ]'
		stop "$!" KILL
		poll 10 gone "$!"
		size=$(stat -c %s "$BI_ROOT/temp/default.1.part")
		prefix_of "$BI_ROOT/temp/default.1.part"
		[ "$i" = 1 ] || [ "$(tail -n 1 "${ORIGIN_LOGS[0]}" | grep -o 'bytes=[0-9]*' | tr -dc 0-9)" = $((last - 1)) ]
		last=$size
	done
	run -0 bi-fetch -q "$FAULTY$path"
	grep -q "bytes=$((last - 1))-" "${ORIGIN_LOGS[0]}"
	cmp whole "$BI_ROOT"/batches/default/files/i1_1.*
	assert_equal "$(ls -A "$BI_ROOT/temp")" ''
}

@test "a file size limit in the middle of a large file ends the run, and the next one goes on" {
	local path=/ranged/bytes/9000000/big.bin

	faulty_start
	curl -sS "$FAULTY$path" >whole
	for limit in 3000 4097; do # KiB
		rm -rf "$BI_ROOT"
		run -74 --separate-stderr bash -c "ulimit -f $limit; trap '' XFSZ; exec bi-fetch -q '$FAULTY$path'"
		assert_regex "$stderr" 'File too large'
		[ ! -e "$BI_ROOT/batches/default/files/i1_1.bin" ]
		run -0 bi-fetch -q "$FAULTY$path"
		cmp whole "$BI_ROOT"/batches/default/files/i1_1.*
		assert_equal "$(ls -A "$BI_ROOT/temp")" ''
	done
}

@test "a disk that is full in the middle of a large file ends the run, and the next one goes on" {
	local path=/ranged/bytes/5000000/big.bin

	no_sanitizer
	faulty_start
	curl -sS "$FAULTY$path" >whole
	for parallel in 1 64 300; do
		run -74 refusing full -P "$parallel" "$FAULTY$path"
		assert_output --partial 'No space left on device'
		[ ! -e "$BI_ROOT/batches/default/files/i1_1.bin" ]
		run -0 bi-fetch -q "$FAULTY$path"
		cmp whole "$BI_ROOT"/batches/default/files/i1_1.*
		assert_equal "$(ls -A "$BI_ROOT/temp")" ''
	done
}

@test "64 large transfers at once take a bounded part of memory, however large they are" {
	local peak

	[ -z "${SANITIZE:-}" ] || skip "a sanitizer takes memory of its own"
	faulty_start
	for i in {1..64}; do
		echo "$FAULTY/bytes/4000000/$i"
	done >list
	command time -f %M -o peak bi-fetch -q -P 64 --per-host 64 <list >out
	assert_equal "$(jq -r 'select(.end) | .completed' out)" 64
	peak=$(tail -n 1 peak)
	[ "$peak" -lt $((110 * 1024)) ]
}
