# shellcheck shell=bash disable=SC2034 # the variables set here are for the tests
# What the integration tests share. A file begins with `load helpers`; one that needs a setup or teardown of
# its own calls bi_setup and bi_teardown from them.
#
# Each test gets BI_ROOT (not made yet) and the working directory $BATS_TEST_TMPDIR to itself. What it starts
# with `start`, `origin_start` or `faulty_start`, and the servers of its BI_ROOT, are ended after it; what else of
# it then runs makes the test fail.

bats_require_minimum_version 1.5.0
# What bats_load_library does, without the sixteen processes that the libraries start each time, which is for every test.
for library in "${BATS_LIB_PATH:-/usr/lib/bats}"/bats-{support,assert}/src/*.bash; do
	# shellcheck disable=SC1090 # the files of bats-support and bats-assert
	source "$library"
done

setup() {
	bi_setup
}

teardown() {
	bi_teardown
}

bi_setup() {
	export BI_ROOT=$BATS_TEST_TMPDIR/root
	: "${BI_BIN:?is not set: run the tests by make check or tests/run}"
	cd "$BATS_TEST_TMPDIR" || return
	STARTED=()
	ORIGIN_LOGS=() # of every origin
	LIGHTTPDS=()   # PORT:PID:LOG of those that write their logs late
}

bi_teardown() {
	local pid left=

	cd / || return
	[ ! -d "$BI_ROOT/leases" ] || timeout 30 bi-clean stop-all >&2 || echo "bi-clean stop-all: exit $?" >&2
	for pid in "${STARTED[@]}"; do
		stop "$pid"
	done
	find_processes
	for pid in "${OF_THIS_TEST[@]}"; do
		# A server that was just told to end may take a moment more.
		if ! poll 5 gone "$pid"; then
			left+=" $pid ($(tr '\0' ' ' <"/proc/$pid/cmdline"))"
			kill -KILL "$pid" || :
		fi
	done
	if [ -n "$left" ]; then
		echo "left running by this test:$left" >&2
		return 1
	fi
}

# What needs a right that not everybody has begins with one of these: it is skipped, with the reason, where the right is
# missing. They are for the test itself: in the subshell of `run`, a skip would only end the subshell.

# LeakSanitizer does not work under strace.
[ -z "${SANITIZE:-}" ] || strace() {
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 command strace "$@"
}

# need_strace: the test traces processes.
need_strace() {
	[ -x "$(type -P strace)" ] || fail "strace is not installed: share/packages/install test"
	strace -o /dev/null true 2>/dev/null || skip "this user may not trace processes"
}

# need_plain_strace: the same for what cannot be so with a sanitizer.
need_plain_strace() {
	[ -z "${SANITIZE:-}" ] || skip "LeakSanitizer does not work under strace"
	need_strace
}

# need_namespaces KIND...: the test makes namespaces of these kinds, as unshare(1) names them (--mount, --net). Sets
# NAMESPACES to a command that runs another in them, as their root.
need_namespaces() {
	local probe=(true)

	[[ " $* " != *' --mount '* ]] || probe=(mount -t tmpfs none /mnt)
	for NAMESPACES in '' --map-root-user; do
		# shellcheck disable=SC2206 # nothing, or one word
		NAMESPACES=(unshare $NAMESPACES "$@")
		! "${NAMESPACES[@]}" "${probe[@]}" 2>/dev/null || return 0
	done
	skip "this user may not make namespaces: unshare $*"
}

# in_mounts SCRIPT: a script for bash in a mount namespace, after need_namespaces --mount.
in_mounts() {
	printf '%s\n' "$1" >script
	"${NAMESPACES[@]}" bash -e script
}

# need_refusals: the test is refused what the modes of files forbid. Sets AS to a command, empty for an ordinary user,
# that runs another so: root may do everything, unless the kernel is told otherwise.
need_refusals() {
	AS=()
	[ "$(id -u)" = 0 ] || return 0
	AS=(setpriv '--bounding-set=-dac_override,-dac_read_search')
	# Without the right to do so setpriv does nothing, and says nothing.
	: >"$BATS_TEST_TMPDIR/refused"
	chmod 0 "$BATS_TEST_TMPDIR/refused"
	if ! "${AS[@]}" true 2>/dev/null || "${AS[@]}" cat "$BATS_TEST_TMPDIR/refused" 2>/dev/null; then
		skip "this root may not give up its capabilities"
	fi
	rm "$BATS_TEST_TMPDIR/refused"
}

# start COMMAND...: runs it in the background, to be ended with the test; its process id is in $!. Its input and
# output are the caller's.
start() {
	"$@" <&0 3>&- 4>&- &
	STARTED+=($!)
}

# What the tests themselves read records with: jq 1.6 compiles its own library at each start, which takes ten times as long.
# gojq sorts the keys of objects and has no keys_unsorted: where their order matters, say `command jq`.
jq() {
	gojq "$@"
}

# on_terminal COMMAND...: runs it with a terminal as its output. The words are quoted for bash; script(1) asks $SHELL.
on_terminal() {
	TERM=xterm SHELL=$BASH script -qec "${*@Q}" /dev/null
}

# stop PID [SIGNAL]: ends a process of `start`, with KILL where it does not end in 10 s; its exit code in $stopped.
stop() {
	local signal=${2:-TERM}

	kill "-$signal" "$1" 2>/dev/null || :
	poll 10 gone "$1" || kill -KILL "$1" 2>/dev/null || :
	stopped=0
	wait "$1" 2>/dev/null || stopped=$?
}

# gone PID: it has ended; a zombie has.
gone() {
	local status=''

	# All of it: bash would keep what is left of it, and give it to the next `read` once the process is gone.
	{ read -r -d '' status <"/proc/$1/status"; } 2>/dev/null || [ -n "$status" ] || return 0
	[[ $status == *$'\nState:\tZ'* ]]
}

# poll SECONDS COMMAND...: until the command succeeds. Fails, and says so, when it does not within these seconds; a machine
# with other work to do gets six times as many.
poll() {
	local pause=0.02 left=10 end=$((${EPOCHREALTIME/./} + $1 * 6000000)) seconds=$1

	shift
	until "$@" >/dev/null 2>&1; do
		if [ "${EPOCHREALTIME/./}" -ge "$end" ]; then
			echo "still not so after $seconds s, and then five times that: $*" >&2
			return 1
		fi
		# What takes long may be looked at less often.
		[ "$((left--))" -gt 0 ] || pause=0.1
		nap "$pause"
	done
}

# nap SECONDS: sleeps without a process: nothing is ever written to the pipe that it reads.
nap() {
	local silent=$BATS_RUN_TMPDIR/silent

	[ -p "$silent" ] || mkfifo "$silent" 2>/dev/null || :
	! read -rt "$1" <>"$silent"
}

# of_this_test: prints the processes that this test started, directly or through others, as far as their environment or
# arguments tell.
of_this_test() {
	find_processes
	[ ${#OF_THIS_TEST[@]} = 0 ] || printf '%s\n' "${OF_THIS_TEST[@]}"
}

# Sets OF_THIS_TEST to them.
find_processes() {
	local p found seen=' '

	OF_THIS_TEST=()

	# Without a directory of its own everybody's processes would be this test's.
	: "${BATS_TEST_TMPDIR:?}"
	# One look at all of them, for BI_ROOT too; what looks is gone when its finds are asked for.
	found=$(grep -lszF "$BATS_TEST_TMPDIR/" /proc/[0-9]*/environ /proc/[0-9]*/cmdline) || :
	while read -r p; do
		[ "$p" ] || continue
		p=${p#/proc/}
		p=${p%/*}
		[[ $seen != *" $p "* ]] || continue
		seen+="$p "
		gone "$p" || OF_THIS_TEST+=("$p")
	done <<<"$found"
}

# origin_start [DIR]: a lighttpd on a free port of 127.0.0.1 that serves DIR (./origin where none is given). Sets
# ORIGIN to its URL without a last slash. It keeps the descriptors of files that it served lately, and answers 403 when it has no more.
origin_start() {
	local dir log port
	dir=$(realpath -m "${1:-origin}")
	log=$BATS_TEST_TMPDIR/origin-${#ORIGIN_LOGS[@]}.log

	mkdir -p "$dir"
	: >"$log"
	for _ in 1 2 3 4 5 6 7 8; do
		port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
		cat >"$log.conf" <<-END
			server.document-root = "$dir"
			server.bind = "127.0.0.1"
			server.port = $port
			server.modules = ("mod_accesslog")
			accesslog.filename = "$log"
			accesslog.format = "%{begin:msec}t 0 %r"
			server.errorlog = "$log.err"
			server.stat-cache-engine = "disable"
			server.max-keep-alive-requests = 100000
			server.max-fds = 65535
			mimetype.assign = (".jpg" => "image/jpeg", ".png" => "image/png", ".webp" => "image/webp",
			    ".html" => "text/html", ".txt" => "text/plain", "" => "application/octet-stream")
		END
		start lighttpd -D -f "$log.conf" >"$log.out" 2>&1
		if poll 10 origin_settled "$!" "$port" && ! gone "$!"; then
			ORIGIN=http://127.0.0.1:$port
			ORIGIN_LOGS+=("$log")
			LIGHTTPDS+=("$port:$!:$log")
			return 0
		fi
	done
	cat "$log.out" "$log.err" >&2
	return 1
}

# Whether lighttpd PID listens on PORT, or has given up.
origin_settled() {
	gone "$1" || { exec {probe}<>"/dev/tcp/127.0.0.1/$2"; } 2>/dev/null && { exec {probe}>&-; } 2>/dev/null
}

# faulty_start: the server of origin.c, whose paths say how it answers (/flaky/2/bytes/100/x.jpg). Sets FAULTY to its
# URL without a last slash.
faulty_start() {
	local log=$BATS_TEST_TMPDIR/faulty-${#ORIGIN_LOGS[@]}.log

	: >"$log"
	mkfifo "$log.in"
	start "$BI_BUILD/tests/origin" "$log" <>"$log.in" >"$log.port"
	poll 10 test -s "$log.port"
	FAULTY=http://127.0.0.1:$(<"$log.port")
	ORIGIN_LOGS+=("$log")
}

# wiki_start [RATE [DIR BASE]]: the MediaWiki of wiki.c. Sets WIKI to its URL without a last slash, and has hosts.conf treat
# it as Wikimedia's API, with RATE (0) requests a second or, as 200/m, a minute.
wiki_start() {
	local log=$BATS_TEST_TMPDIR/wiki-${#ORIGIN_LOGS[@]}.log rate=${1:-0}

	[ $# -eq 0 ] || shift
	: >"$log"
	mkfifo "$log.in"
	start "$BI_BUILD/tests/wiki" "$log" "$@" <>"$log.in" >"$log.port"
	poll 10 test -s "$log.port"
	WIKI=http://127.0.0.1:$(<"$log.port")
	ORIGIN_LOGS+=("$log")
	echo "127.0.0.1:$(<"$log.port") slots=1 rate=$rate contact=required group=test-api" >>"$BATS_TEST_TMPDIR/hosts.conf"
	export BI_HOSTS_CONF=$BATS_TEST_TMPDIR/hosts.conf
}

# source_wiki ARG...: bi-source asks the wiki of wiki_start, as somebody who can be turned to, and does not rest after
# what was slow only because the machine is busy, and does not say which wiki it is.
source_wiki() {
	bi-source -q --contact test@example.org --set "api=$WIKI/w/api.php" --set slow=0 "$@"
}

# people NAME...: subjects of these names, with ids from 1.
people() {
	printf '%s\n' "$@" | command jq -Rnc '[inputs] | to_entries[] | {id: (.key + 1), name: .value, category: "M"}'
}

# origin_hits REGEX: prints how many requests the servers got whose path matches the extended REGEX.
origin_hits() {
	local paths

	paths=$(origin_paths) || return
	printf '%s' "${paths:+$paths$'\n'}" | grep -cE -- "$1" || [ $? -eq 1 ]
}

# origin_paths: prints the path of every request, in the order they came in to each server.
origin_paths() {
	local server mark=/settled-$RANDOM$RANDOM port pid log

	# lighttpd writes its log on SIGHUP, or some seconds late: all is there once a request of ours is.
	for server in "${LIGHTTPDS[@]}"; do
		IFS=: read -r port pid log <<<"$server"
		curl -s -o /dev/null "http://127.0.0.1:$port$mark"
		kill -HUP "$pid"
		poll 10 grep -q "$mark" "$log" || return
	done
	sed '/\/settled-/d; s/^[0-9]* [0-9]* \([A-Z]* \)\?//; s/ HTTP[^ ]*$//' -- "${ORIGIN_LOGS[@]}"
}

# origin_peak REGEX: prints the most requests that the faulty server had under way as one that matches came in.
origin_peak() {
	grep -hE -- "$1" "${ORIGIN_LOGS[@]}" | cut -d' ' -f2 | sort -n | tail -n 1
}

# pictures [CATEGORY...]: puts the pictures of share/examples/pictures into ./origin, each category made once for all tests.
pictures() {
	local all=$TMPDIR/pictures category

	[ $# -gt 0 ] || set -- M P A
	mkdir -p origin
	for category; do
		(
			flock 9
			[ -d "$all-$category" ] || {
				"$BATS_TEST_DIRNAME/../../share/examples/pictures" "$all.new" "$category" && mv "$all.new" "$all-$category"
			}
		) 9>"$all.lock" 3>&- || return
		ln "$all-$category"/* origin/ || return
	done
}
