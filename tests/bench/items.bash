# For benches of many small items: N pictures of a kilobyte, no two alike, and a server for them on loopback.
# shellcheck shell=bash

# in_own_network ARGUMENT...: runs the bench again in a network namespace of its own, with a directory $work, and $BI_ROOT in it.
in_own_network() {
	local options=(-nm)

	if [ -z "${BENCH_APART-}" ]; then
		unshare -nm true 2>/dev/null || options=(-rn)
		exec env BENCH_APART=yes unshare "${options[@]}" "$0" "$@"
	fi
	ip link set lo up
	work=$(mktemp -d "${TMPDIR:-/tmp}/bi-bench.XXXXXX")
	export BI_ROOT=$work/root
	server=
	trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
	trap 'exit 130' INT TERM
}

# serve_items N HOSTS: writes $work/list, the URLs of N pictures from HOSTS hosts, and serves them. bi-fetch keeps equal files
# once; therefore each has its number.
# The server keeps the descriptors of files that it served in the last seconds. 65535 of them is the most that it understands:
# 65536 is 0 to it, and then descriptors above 4096 overwrite its memory (lighttpd 1.4.69).
serve_items() {
	local www=$work/www/pictures/of/some/length

	mkdir -p "$www"
	perl -e 'for (1 .. $ARGV[1]) {
			open my $file, ">", "$ARGV[0]/$_.jpg" or die $!;
			print $file "\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0", $_, "x" x (1000 - length), "\xff\xd9";
		}' "$www" "$1"
	seq "$1" | awk -v hosts="$2" '{
		host = $1 % hosts
		printf "http://127.0.%d.%d:8080/pictures/of/some/length/%d.jpg\n", host / 250, 1 + host % 250, $1
	}' >"$work/list"
	cat >"$work/conf" <<-END
		server.document-root = "$work/www"
		server.port = 8080
		server.stat-cache-engine = "disable"
		server.max-fds = 65535
		server.max-keep-alive-requests = 100000
		mimetype.assign = (".jpg" => "image/jpeg")
	END
	lighttpd -D -f "$work/conf" >"$work/lighttpd.out" 2>&1 &
	server=$!
	timeout 30 bash -c 'until (: <>/dev/tcp/127.0.0.1/8080) 2>/dev/null; do sleep 0.05; done'
}
