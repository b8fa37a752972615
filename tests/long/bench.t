#!/usr/bin/env bash
# Each part of `make bench` runs to its end, in small; the first one also if the web server breaks down at its first
# fetch. Its figures are comments of TAP, and mean nothing here.
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

echo 1..6
runs 'run --quick' ./run --quick
runs 'run --quick, whose web server breaks down' breakdown
for part in pictures upload api; do
	runs "$part --quick" "./$part" --quick
done
runs parse ./parse
