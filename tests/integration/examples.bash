# shellcheck shell=bash disable=SC2034,SC2154 # the variables set here are for the tests, and bats sets others
# The examples of README.md and of the manual pages, and a world to run them in, word for word. Loaded after helpers.
#
# The world is a set of namespaces of its own. In its network there is nothing but loopback, which has one more address:
# that of example.com and www.debian.org, by /etc/hosts, with an origin that serves ./origin (and for mirror.example ./mirror) by http, and
# by https under a certificate that the world trusts. So ports are free, and what is fetched from public addresses alone
# is. commons.wikimedia.org is there too: the MediaWiki of wiki.c, behind the same server. The programs are installed in /usr/local, $BI_ROOT is /var/lib/bi, and HOME is ./home. What was started there ends
# with it.

WORLD_ADDRESS=93.184.215.14
WORLD_NAMES=(example.com www.debian.org mirror.example museum.example.org commons.wikimedia.org box.example)

# examples_extract: writes each example of README.md and of the pages to a file PAGE.N in $EXAMPLES, numbered from 1
# (README.1, bi-fetch.1.1). An example of a page is what is indented twice in its EXAMPLES, up to an empty line.
examples_extract() {
	local top=$BATS_TEST_DIRNAME/../.. page

	EXAMPLES=$BATS_FILE_TMPDIR/examples
	mkdir "$EXAMPLES"
	awk -v to="$EXAMPLES/README." '/^    / { if (!n) n = ++count; print substr($0, 5) > (to n); next } NF { n = 0 }' \
		"$top/README.md"
	for page in "$top"/man/bi*.[1578]; do
		mandoc -T utf8 -O width=500 "$page" | sed 's/.\x08//g' | awk -v to="$EXAMPLES/${page##*/}." '
			/^[A-Z]/ { on = $0 == "EXAMPLES" }
			on && /^           / { if (!n) n = ++count; print substr($0, 12) > (to n); next }
			{ n = 0 }'
	done
	sed -i '1s/^\$ //' "$EXAMPLES"/*
	export EXAMPLES
}

# example_file PAGE STRING: prints the file of the one example of PAGE that is STRING, or has it in it.
example_file() {
	local found file

	for file in "$EXAMPLES/$1".*; do
		[ "$(<"$file")" != "$2" ] || break
		file=
	done
	found=${file:-$(grep -lF -- "$2" "$EXAMPLES/$1".* | grep -v '\.taken$')}
	if [ "$(wc -l <<<"$found")" != 1 ] || [ -z "$found" ]; then
		echo "not one example of $1 has '$2' in it, but: ${found:-none}" >&2
		return 1
	fi
	echo "$found"
}

# The same, and notes that it is looked at.
example_taken() {
	EXAMPLE=$(example_file "$@") || fail "$1 has no such example any more"
	touch "$EXAMPLE.taken"
}

# example PAGE STRING [STATUS]: runs the example that has STRING in it in the world, as its user's sh does; it is to end
# with STATUS, 0 where none is given. $output, $lines and $stderr are what it printed.
example() {
	example_taken "$1" "$2"
	run --separate-stderr inside sh -e "$EXAMPLE"
	[ "$status" = "${3:-0}" ] ||
		fail "exit $status, not ${3:-0}, of: $(<"$EXAMPLE")"$'\n'"it printed: $output"$'\n'"and said: $stderr"
}

# example_answered ANSWER PAGE STRING: the same on a terminal, where someone types ANSWER.
example_answered() {
	example_taken "$2" "$3"
	run inside script -qec "sh -e $EXAMPLE" /dev/null <<<"$1"
	[ "$status" = 0 ] || fail "exit $status of: $(<"$EXAMPLE")"$'\n'"it printed: $output"
}

# example_cron PAGE STRING [FILE]: runs each entry of the crontab as cron does, with what cron has in the environment. To
# it, a "%" in a command is a newline, and whatever a command prints is a mail. These go to FILE; without FILE there may
# be none.
example_cron() {
	local mails=${3-} line vars=() entry='^(([0-9*/,-]+ +){5})(.*)$' entries=0

	example_taken "$1" "$2"
	while IFS= read -r line; do
		if [[ $line =~ ^[A-Z_]+= ]]; then
			vars+=("$line")
			continue
		fi
		[[ $line =~ $entry ]] || fail "this is no line of a crontab: $line"
		line=${BASH_REMATCH[3]}
		[[ ! ${line//\\%/} == *%* ]] || fail "cron makes a newline of the percent sign: $line"
		run inside env -i HOME="$PWD/home" LOGNAME=ada SHELL=/bin/sh PATH=/usr/bin:/bin LC_ALL=C.UTF-8 \
			"ASAN_OPTIONS=$ASAN_OPTIONS" "LSAN_OPTIONS=$LSAN_OPTIONS" "${vars[@]}" sh -c "$line"
		[ "$status" = 0 ] || fail "exit $status of: $line"$'\n'"it printed: $output"
		[ -z "$mails" ] || printf '%s' "${output:+$output$'\n'}" >>"$mails"
		[ "$mails" ] || [ -z "$output" ] || fail "a mail each time: $line"$'\n'"it printed: $output"
		entries=$((entries + 1))
	done <"$EXAMPLE"
	[ "$entries" -gt 0 ]
}

# example_not PAGE STRING WHY: this one cannot be run in a test; but it is shell.
example_not() {
	: "${3:?is missing: why can it not be run}"
	example_taken "$1" "$2"
	run -0 sh -n "$EXAMPLE"
}

# world_certificate: makes ./NAME.pem, a key and a certificate of the names of the world.
world_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3 -subj /CN=example.com \
		-addext "subjectAltName=$(printf 'DNS:%s,' "${WORLD_NAMES[@]}")DNS:localhost" -keyout key.pem -out "$1" 2>openssl.said
	cat key.pem >>"$1"
}

# What the first process of the world does, in the test's directory; it then waits until it is killed.
world_begin() {
	ip link set lo up
	ip address add "$WORLD_ADDRESS/32" dev lo
	mkdir -p lib/bi local/bin local/share/bi origin home
	mount --bind world.hosts /etc/hosts
	mount --bind "$BATS_FILE_TMPDIR/world.pem" /etc/ssl/certs/ca-certificates.crt
	mount --bind "$BI_ROOT" lib/bi
	mount --bind "$BI_BIN" local/bin
	mount --bind "$BI_SHARE" local/share/bi
	mount --rbind lib /var/lib
	mount --rbind local /usr/local
	mkfifo world.in
	"$BI_BUILD/tests/wiki" wiki.log <>world.in >wiki.port &
	for _ in {1..500}; do
		[ ! -s wiki.port ] || break
		/bin/sleep 0.02
	done
	echo "\$HTTP[\"host\"] == \"commons.wikimedia.org\" { proxy.server = (\"\" => ((\"host\" => \"127.0.0.1\", \"port\" => $(<wiki.port)))) }" >>world.conf
	lighttpd -f world.conf
	echo begun >world.begun
	# It is the one that orphans come to, and has to take note of their ends: bash does, as it waits.
	while :; do
		sleep 100 &
		wait
	done
}

# world_start: makes it. Sets WORLD to its first process.
world_start() {
	local mine=() pid

	[ "$(id -u)" = 0 ] || mine=(--map-root-user)
	unshare "${mine[@]}" --net --mount --pid --fork --mount-proc true 2>/dev/null || skip "no namespaces"
	ENTER=(--net --mount --pid ${mine:+--user --preserve-credentials})
	mkdir -p "$BI_ROOT" origin home
	{
		echo '127.0.0.1 localhost'
		printf "$WORLD_ADDRESS %s\n" "${WORLD_NAMES[@]}"
	} >world.hosts
	cat >world.conf <<-END
		server.document-root = "$PWD/origin"
		server.bind = "$WORLD_ADDRESS"
		server.port = 80
		server.modules = ("mod_accesslog", "mod_openssl", "mod_proxy")
		accesslog.filename = "$PWD/world.log"
		server.errorlog = "$PWD/world.err"
		server.stat-cache-engine = "disable"
		mimetype.assign = (".jpg" => "image/jpeg", ".png" => "image/png", ".webp" => "image/webp",
		    ".zip" => "application/zip", "" => "text/html")
		\$HTTP["host"] == "mirror.example" { server.document-root = "$PWD/mirror" }
		\$SERVER["socket"] == "$WORLD_ADDRESS:443" {
			ssl.engine = "enable"
			ssl.pemfile = "$BATS_FILE_TMPDIR/world.pem"
		}
	END
	export -f world_begin
	WORLD_ADDRESS=$WORLD_ADDRESS start unshare "${mine[@]}" --net --mount --pid --fork --kill-child --mount-proc \
		bash -euc world_begin >world.said 2>&1
	pid=$!
	poll 20 eval "[ -e world.begun ] || gone $pid"
	[ -e world.begun ] || fail "there is no world: $(<world.said)"
	WORLD=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
}

# world_end: ends it, and everything in it.
world_end() {
	[ -z "${WORLD-}" ] || kill -KILL "$WORLD" || return
	WORLD=
}

# inside COMMAND...: runs it in the world, in HOME. The shims of ./shims come first in its PATH.
inside() {
	timeout --kill-after=5 100 nsenter --target "$WORLD" "${ENTER[@]}" env -u BI_BIN -u BI_BUILD -u BI_SHARE HOME="$PWD/home" \
		BI_ROOT=/var/lib/bi PATH="$PWD/shims:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" \
		sh -c 'cd && exec "$@"' sh "$@" 3>&- 4>&-
}
