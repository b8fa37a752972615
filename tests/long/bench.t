#!/usr/bin/env bash
# Each part of `make bench` runs to its end, in small; the first one also if the web server breaks down at its first
# fetch. What bench-quick says follows from its baseline. Its figures are comments of TAP, and mean nothing here.
set -uo pipefail
cd "$(dirname "$0")/../bench" || exit
n=0
# runs NAME COMMAND...
runs() {
	local name=$1 status=0 said

	shift
	n=$((n + 1))
	said=$("$@" 2>&1) || status=$?
	printf '%s %d - %s (exit %d)\n' "$([ "$status" = 0 ] && echo ok || echo 'not ok')" "$n" "$name" "$status"
	printf '%s\n' "$said" | sed 's/^/# /'
}

# The first web server breaks down at the second connection: the first asks whether it is there.
breakdown() {
	local bin status=0 said

	bin=$(mktemp -d) || return
	cat >"$bin/lighttpd" <<-'END' || return
		#!/bin/sh
		[ ! -e "$0.broken" ] || exec /usr/sbin/lighttpd "$@"
		: >"$0.broken"
		exec perl -MIO::Socket::INET -e '
			my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 64, ReuseAddr => 1)
				or die;
			$server->accept for 1, 2;
			kill KILL => $$' "$(sed -n 's/^server.port = //p' "$3")"
	END
	chmod +x "$bin/lighttpd"
	said=$(PATH=$bin:$PATH ./run --quick small 2>&1) || status=$?
	printf '%s\n' "$said"
	rm -r "$bin"
	[ "$status" = 0 ] && grep -q 'the web server broke down' <<<"$said"
}

# The tables of what was measured, and the rest of the page as it is.
writes_page() {
	local dir status=0

	dir=$(mktemp -d) || return
	cp ../../man/bi-performance.7 "$dir/page" || return
	./curves --quick -o "$dir/rows" add-n pace && ./run --quick -c bi-fetch,control -o "$dir/rows" large &&
		printf '%s\n' '{"bench":"pace","n":20,"wall":0.1,"cpu":0.01,"rss":9,"calls":1}' '{"bench":"pace","n":30,"over":60}' >>"$dir/rows" &&
		./page "$dir/rows" "$dir/page" "$dir/svg" && grep -q '^.It add-n Ta 10 ' "$dir/page" &&
		grep -q '^.It control Ta ' "$dir/page" && grep -q '<svg' "$dir/svg" &&
		diff <(sed '/^\.\\" make/,/^\.\\" make/d' ../../man/bi-performance.7) <(sed '/^\.\\" make/,/^\.\\" make/d' "$dir/page") &&
		! mandoc -T lint "$dir/page" | grep -vE 'referenced manual not found|mandoc\.db' || status=1
	cp ../../man/bi.7 "$dir/page"
	! ./page "$dir/rows" "$dir/page" || status=1
	cmp "$dir/page" ../../man/bi.7 || status=1
	rm -r "$dir"
	return "$status"
}

# Costs far below the baseline are well, those far above it are worse, and a baseline of other costs is refused.
compares() {
	local dir status=0 got

	dir=$(mktemp -d) || return
	./quick --tiny --keep -b "$dir/now" || status=1
	[ "$(wc -l <"$dir/now")" -ge 15 ] || status=1
	awk -F '\t' '{ print $1 "\t" 100 * $2 }' "$dir/now" >"$dir/high"
	./quick --tiny -b "$dir/high" || status=1
	sed '1!d; s/\t.*/\t0.001/' "$dir/now" >"$dir/low"
	sed 1d "$dir/high" >>"$dir/low"
	got=0
	./quick --tiny -b "$dir/low" || got=$?
	[ "$got" = 1 ] || status=1
	got=0
	sed 1d "$dir/high" >"$dir/other"
	./quick --tiny -b "$dir/other" || got=$?
	[ "$got" = 65 ] || status=1
	rm -r "$dir"
	return "$status"
}

echo 1..10
runs 'run --quick' ./run --quick
runs 'run --quick, whose web server breaks down' breakdown
for part in pictures upload api; do
	runs "$part --quick" "./$part" --quick
done
runs parse ./parse
BI_DOCUMENTS=50 runs documents ./documents
runs 'curves --quick' ./curves --quick
runs page writes_page
runs quick compares
