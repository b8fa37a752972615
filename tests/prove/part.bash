# shellcheck shell=bash disable=SC2034,SC2016 # the parts use what this sets; programs of jq
# What the parts of `make prove` share. A part begins with `source part.bash` and `part NAME "$@"`, and ends with `report`.
#
# The contract: tests/prove/NAME is an executable that does one part. --quick makes it shorter. It prints what it does. Its
# last line has six columns between tabs: name, what was done, how often, seconds, findings, verdict. The verdict is ok,
# FELL SHORT or "skipped: REASON"; the exit status is 0, 1 or 77.

# part NAME ARGUMENT...: an empty working directory in $WORK, which goes at the end, and BI_ROOT in it. Sets $quick to yes
# or nothing. What `start` starts ends with the part.
part() {
	PART=$1 quick=
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		--quick) quick=yes ;;
		*) echo "usage: $PART [--quick]" >&2 && exit 2 ;;
		esac
		shift
	done
	top=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
	export BI_BUILD="${BI_BUILD:-$top/build}" BI_BIN="${BI_BIN:-$top/bin}" BI_SHARE="${BI_SHARE:-$top/share}"
	export PATH="$BI_BIN:$PATH:/usr/sbin" LC_ALL=C.UTF-8 SHELL=/bin/sh
	unset XDG_STATE_HOME BI_CONTACT BI_HOSTS_CONF
	findings=0 count=0 SECONDS=0 STARTED=() MOUNTED=()
	WORK=$(mktemp -d "${TMPDIR:-/tmp}/bi-prove.XXXXXX") || exit
	KEPT=$BI_BUILD/prove/$PART
	rm -rf "$KEPT"
	export BI_ROOT=$WORK/root
	trap tidy EXIT
	trap 'exit 130' INT TERM HUP
	cd "$WORK" || exit
}

# own_mounts ARGUMENT...: goes on in a mount namespace of the part alone, before `part`. A process that makes a namespace
# while a disk of ours is mounted takes the mount with it, and keeps the file system alive when we unmount it.
own_mounts() {
	[ -z "${PROVE_OWN_MOUNTS-}" ] && unshare --mount true 2>/dev/null || return 0
	PROVE_OWN_MOUNTS=yes exec unshare --mount "$0" "$@"
}

# start COMMAND...: in the background; its process id is in $!.
start() {
	"$@" <&0 &
	STARTED+=($!)
}

# empty FILE...: makes them, without bytes.
empty() {
	local file

	for file; do : >"$file"; done
}

tidy() {
	local pid root mount

	cd /
	for pid in "${STARTED[@]}"; do kill "$pid" 2>/dev/null; done
	wait 2>/dev/null
	for root in "$WORK"/root "$WORK"/*/root; do
		[ ! -d "$root/leases" ] || BI_ROOT=$root timeout 30 bi-clean stop-all >/dev/null 2>&1
	done
	for mount in "${MOUNTED[@]}"; do
		BI_ROOT=$mount end_of_root
		umount "$mount" 2>/dev/null || umount -l "$mount" 2>/dev/null
	done
	rm -rf --one-file-system "$WORK" 2>/dev/null || { sleep 2 && rm -rf --one-file-system "$WORK"; }
}

# skip REASON: the part cannot be done on this machine.
skip() {
	printf '%s\t-\t0\t%d\t0\tskipped: %s\n' "$PART" "$SECONDS" "$*"
	exit 77
}

need() {
	local command

	for command; do command -v "$command" >/dev/null || skip "$command is not installed"; done
}

need_root() {
	[ "$(id -u)" = 0 ] || skip "it needs root"
}

need_strace() {
	need strace
	strace -o /dev/null true 2>/dev/null || skip "this user may not trace processes"
}

# finding WORDS...: something fell short. The first roots in which it did are kept.
finding() {
	findings=$((findings + 1))
	printf 'FINDING %s: %s\n' "$PART" "$*"
	[ "$findings" -le 5 ] || return 0
	mkdir -p "$KEPT"
	cp -a --no-preserve=ownership . "$KEPT/$findings" 2>/dev/null
	find "$KEPT/$findings" -name token -delete 2>/dev/null
	echo "  the directory is kept in $KEPT/$findings"
}

# report WHAT: the last line; $count says how often. A part that did nothing fell short.
report() {
	local verdict=ok code=0

	if [ "$count" = 0 ] || [ "$findings" -gt 0 ]; then verdict='FELL SHORT' code=1; fi
	printf '%s\t%s\t%d\t%d\t%d\t%s\n' "$PART" "$1" "$count" "$SECONDS" "$findings" "$verdict"
	exit "$code"
}

# of_root: the processes that have our root in their environment or, as servers, as an argument.
of_root() {
	{
		grep -lszxF -- "BI_ROOT=$BI_ROOT" /proc/[0-9]*/environ
		grep -lszxF -- "$BI_ROOT" /proc/[0-9]*/cmdline
	} 2>/dev/null | cut -d/ -f3 | sort -u
}

# end_of_root: kills these, and waits until they are gone.
end_of_root() {
	local pids

	for _ in {1..50}; do
		mapfile -t pids < <(of_root)
		[ "${#pids[@]}" -gt 0 ] || return 0
		kill -KILL "${pids[@]}" 2>/dev/null
		sleep 0.05
	done
	return 1
}

# poll SECONDS COMMAND...: until it succeeds; a busy machine gets six times as many.
poll() {
	local end=$((SECONDS + $1 * 6))

	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# --- what must be true of a root ---

# The completed results of a batch directory, the last of each item: "SHA256  PATH" lines.
completed() {
	# A last line that is torn is not a record; readers ignore it.
	gojq -Rnr 'reduce (inputs | fromjson? | select(.item)) as $r ({}; .["\($r.item)"] = $r)
		| .[] | select(.status == "completed") | "\(.sha256)  \(.path)"' "$1/results.ndjson"
}

# whole BATCH: each item that is completed has its whole file, by content. Prints what has not.
whole() {
	local dir=$BI_ROOT/batches/$1

	[ ! -s "$dir/results.ndjson" ] || (completed "$dir" >"$WORK/whole.sums" && cd "$dir" &&
		{ [ ! -s "$WORK/whole.sums" ] || sha256sum --check --quiet "$WORK/whole.sums"; }) 2>&1
}

# acknowledged FILE...: what bi-fetch said to be completed, as "BATCH SHA256 ITEM", of records that came out whole.
acknowledged() {
	cat -- "$@" | gojq -Rr 'fromjson? | select(.item and .status == "completed") | "\(.batch) \(.sha256) \(.item)"' | sort -u
}

# recorded: the same of what the batches of the root have.
recorded() {
	local dir

	for dir in "$BI_ROOT"/batches/*/; do
		[ ! -f "$dir/results.ndjson" ] || gojq -Rr --arg b "$(basename "$dir")" \
			'fromjson? | select(.item and .status == "completed") | "\($b) \(.sha256) \(.item)"' "$dir/results.ndjson"
	done | sort -u
}

# lost FILE...: prints what was acknowledged in these outputs of bi-fetch and is not recorded.
lost() {
	comm -23 <(acknowledged "$@") <(recorded)
}

# sound OUTPUT...: what holds at any time: nothing acknowledged is lost, nothing completed is short. Each breach is a finding.
sound() {
	local said batch

	said=$(lost "$@" 2>&1)
	[ -z "$said" ] || finding "$CASE: acknowledged and lost: ${said%%$'\n'*}"
	for batch in "$BI_ROOT"/batches/*/; do
		said=$(whole "$(basename "$batch")") || finding "$CASE: completed and short: ${said%%$'\n'*}"
	done
}

# finished OUTPUT...: the same after the last run, and nothing is left to do: all items completed, and check content.
finished() {
	local said dir items

	sound "$@"
	for dir in "$BI_ROOT"/batches/*/; do
		items=$(wc -l <"$dir/items.ndjson")
		said=$(completed "$dir" | wc -l)
		[ "$said" = "$items" ] || finding "$CASE: $dir has $items items and $said completed"
	done
	said=$(bi-clean check 2>&1) || finding "$CASE: bi-clean check: ${said%%$'\n'*}"
}

# --- a small pipeline ---

# sources: files to fetch in $WORK/sources: texts, a picture, an archive of them.
sources() {
	local i

	mkdir -p "$WORK/sources"
	for i in {1..5}; do head -c $((i * 9000)) /dev/urandom | base64 >"$WORK/sources/$i.txt"; done
	vips black "$WORK/sources/p.png" 40 30
	(cd "$WORK/sources" && tar cf x.tar 1.txt 2.txt p.png)
}

# origin: the server of tests/integration/origin.c; sets ORIGIN.
origin() {
	: >"$WORK/origin.log"
	mkfifo "$WORK/origin.in"
	start "$BI_BUILD/tests/origin" "$WORK/origin.log" <>"$WORK/origin.in" >"$WORK/origin.port"
	poll 10 test -s "$WORK/origin.port" || { echo "$PART: the origin does not start" >&2 && exit 1; }
	ORIGIN=http://127.0.0.1:$(<"$WORK/origin.port")
	echo '127.0.0.1 slots=16 rate=0 private=allow' >"$WORK/hosts.conf"
	export BI_HOSTS_CONF=$WORK/hosts.conf
}

# serve BATCH [OPTION...]: a server of the batch; sets URL (of the API), FILES (of the notebook nb), PORT and TOKEN.
serve() {
	local first=$((12000 + RANDOM % 7000))

	bi-serve -j -p "$first-$((first + 200))" "${@:2}" "$1" >serve.out 2>serve.err || return
	PORT=$(gojq -r '.port // empty' serve.out)
	TOKEN=$(<"$BI_ROOT/token")
	URL=http://localhost:$PORT/api/v1
	FILES=$URL/notebooks/nb/files
}

# put BATCH REVIEWER SUBJECT CHOICE: a pick; succeeds when it was acknowledged.
put() {
	[ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 30 -X PUT -H "X-CSRFToken: $TOKEN" \
		-H 'Content-Type: application/json' -d "{\"reviewer\":\"$2\",\"selections\":{\"$3\":$4}}" \
		"$URL/batches/$1/selections")" = 200 ]
}

# hand_in FILE...: an upload of at least two files; prints the id of its job when it was acknowledged.
hand_in() {
	curl -s --max-time 30 -H "X-CSRFToken: $TOKEN" "${@/#/-Ffiles=@}" "$FILES/upload/" |
		gojq -r 'select(.success).batch_job_id' 2>/dev/null
}
