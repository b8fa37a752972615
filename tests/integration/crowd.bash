# shellcheck shell=bash disable=SC2154 # bats sets what run says
# Servers with a crowd of clients before them (tests/integration/crowd.c), for crowd.bats here and in tests/long.

# crowd_serve [OPTION...]: serves a batch A with one candidate, and the words of a pick of it; sets PORT, URL and TOKEN.
crowd_serve() {
	local first=$((12000 + RANDOM % 7000))

	echo one >one.txt
	echo '{"subject":{"id":"7"},"file":"one.txt"}' | bi-fetch -q -b A >/dev/null
	mkdir -p "$BI_ROOT/review/A"
	echo '<!doctype html><title>A</title>' >"$BI_ROOT/review/A/index.html"
	run -0 --separate-stderr bi-serve -p "$first-$((first + 200))" --no-worker "$@" A
	PORT=$(jq .port <<<"${lines[0]}")
	URL=$(jq -r '.url | sub("/A/.*"; "")' <<<"${lines[0]}")
	TOKEN=$(<"$BI_ROOT/token")
}

# crowd COUNT KIND...: COUNT clients of each kind come and stay; $CROWD is the process.
crowd() {
	mkfifo crowd.in
	start "$BI_BUILD/tests/crowd" "$PORT" "$1" "$TOKEN" "${@:2}" <>crowd.in >crowd.out
	CROWD=$!
	poll 90 grep -q there crowd.out
}

# answered [CURL OPTION...]: the page and a pick are answered, before the minute is over after which lighttpd drops
# clients that say nothing. How long it took is for people to read.
answered() {
	local seconds

	seconds=$(curl -sSk -o page -w '%{time_total}' --fail --max-time 30 "$@" "$URL/A/")
	grep -q '<title>A</title>' page
	echo "# $(<crowd.out): page in $seconds s" >&3
	seconds=$(curl -sSk -o pick -w '%{time_total}' --fail --max-time 30 "$@" -X PUT -H "X-CSRFToken: $TOKEN" \
		-H 'Content-Type: application/json' -d '{"reviewer":"r","selections":{"7":1}}' "$URL/api/v1/batches/A/selections")
	jq -e '.selections["7"] == 1' pick >/dev/null
	echo "# pick in $seconds s" >&3
	kill -0 "$CROWD"
}
