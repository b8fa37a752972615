#!/usr/bin/env bats
# bi-type: what files really are.

load helpers

mime_of() {
	bi-type --json "$@" | jq -r 'select(.mime) | "\(.mime) \(.ext)"'
}

@test "pictures, documents and archives are known by their bytes" {
	pictures M
	cp origin/M-1-1.jpg jpeg.txt
	cp origin/M-2-2.png png.jpg
	cp origin/M-2-3.webp webp
	printf '%%PDF-1.4\n%%\342\343\317\323\n1 0 obj\n' >a.pdf.html
	printf '<!DOCTYPE html><html><head><title>x</title></head><body>hello</body></html>\n' >page.jpg
	printf '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>\n' >drawing
	printf '{"a": [1, 2, {"b": null}]}\n' >data
	printf 'plain words, nothing else\n' >words.zip
	head -c 20000 /dev/zero | gzip >zeros.tar
	: >empty.png
	run mime_of jpeg.txt png.jpg webp a.pdf.html page.jpg drawing data words.zip zeros.tar empty.png
	assert_success
	assert_output - <<-'END'
		image/jpeg jpg
		image/png png
		image/webp webp
		application/pdf pdf
		text/html html
		image/svg+xml svg
		application/json json
		text/plain txt
		application/gzip gz
		application/x-empty bin
	END
}

@test "many files, some of them empty, keep their order" {
	local i

	for i in $(seq 300); do
		case $((i % 3)) in
		0) : >"f$i" ;;
		1) printf 'GIF89a\001\000\001\000\200\000\000\000\000\000\377\377\377;' >"f$i" ;;
		2) printf 'words and more words\n' >"f$i" ;;
		esac
	done
	printf '%s\n' $(seq -f f%g 300) | bi-type >out
	for i in $(seq 300); do
		case $((i % 3)) in
		0) echo "f$i application/x-empty" ;;
		1) echo "f$i image/gif" ;;
		2) echo "f$i text/plain" ;;
		esac
	done >want
	jq -r 'select(.file) | "\(.file) \(.mime)"' out | diff want -
	run command jq -c 'select(.end)' out
	assert_output '{"end":"bi-type","typed":300,"failed":0,"exit":0}'
}

@test "what cannot be read is said in its place, and the rest goes on" {
	printf 'words\n' >words
	mkfifo pipe
	run -1 --separate-stderr bi-type words missing . pipe words
	# shellcheck disable=SC2154 # set by run
	assert_equal "${#stderr_lines[@]}" 3
	run jq -c '[.file, .mime // .error.code // .failed]' <<<"$output"
	assert_output - <<-'END'
		["words","text/plain"]
		["missing","not_found"]
		[".","not_readable"]
		["pipe","not_readable"]
		["words","text/plain"]
		[null,3]
	END
}

@test "records on stdin are taken by their path or file" {
	printf 'words\n' >words
	printf '{"path":"words","file":"/x"}\n{"file":"words"}\n{"url":"http://x"}\n' >in
	run -1 bi-type <in
	[ "$(grep -c '"text/plain"' <<<"$output")" -eq 2 ]
	assert_output --partial '"code":"no_file"'
}

@test "the process that looks at the bytes can open nothing" {
	need_strace
	printf 'words\n' >words
	ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat,open,socket,execve,sendto,recvfrom,sendmsg,seccomp -o trace "$BI_BIN/bi-type" words
	# From the moment that it is confined, nothing is opened until it is told to end.
	run awk '/SECCOMP_SET_MODE_FILTER/ && $NF == 0 || /seccomp.*= 0/ { pid = $1 } pid && $1 == pid' trace
	assert_output --partial ready
	refute_output --regexp '(open|openat|socket|execve)\('
}

# lacking N PROGRAM ARGUMENT...: the Nth allocation of each of its helpers fails. Its output is in out, its messages in err.
lacking() {
	FAIL=helper FAIL_AT=$1 FAILED=$PWD/failed LD_PRELOAD=$BI_BUILD/tests/fails.so timeout 60 "${@:2}" >out 2>err
}

@test 'a file is never of another type because there was no memory to look' {
	local n code later=0

	[ -z "${SANITIZE:-}" ] || skip "a sanitizer must be loaded first"
	seq 300 >words
	for ((n = 1; n < 20000; n += n / 3 + 1)); do
		code=0 && : >failed
		lacking "$n" bi-type words || code=$?
		echo "allocation $n: exit $code: $(<out) $(<err)"
		case $code in
		0) [ "$(jq -r 'select(.file).mime' out)" = text/plain ] ;;
		1) [ "$(jq -r 'select(.file).error | "\(.code) \(.retryable)"' out)" = 'system_error true' ] && later=$((later + 1)) ;;
		*) grep -qE 'memory|Resource temporarily unavailable' err ;;
		esac
	done
	[ "$later" -gt 0 ]
}

@test 'a picture is not blamed for a helper that does not start, and the reason is in words' {
	local n code failed=0

	[ -z "${SANITIZE:-}" ] || skip "a sanitizer must be loaded first"
	vips black p.png 40 30
	for n in 1 9 70 400; do
		code=0 && : >failed
		lacking "$n" bi-thumb p.png p.webp || code=$?
		echo "allocation $n: exit $code: $(<out) $(<err)"
		refute [ "$(grep -c 'Protocol error' out err | grep -vc ':0$')" -gt 0 ]
		[ "$code" = 0 ] || { grep -qiE 'memory|temporarily unavailable' err && failed=$((failed + 1)); }
	done
	[ "$failed" -gt 0 ]
}

@test 'a full disk at stdout ends it with exit 74' {
	printf 'words\n' >words
	run -74 bash -c 'bi-type words >/dev/full'
}

@test '--serve is refused without a socket' {
	run -2 bash -c 'bi-type --serve </dev/null'
	assert_output --partial 'SOCK_SEQPACKET'
	run -2 bi-type --serve x
}
