# shellcheck shell=bash disable=SC2034,SC2154 # the tests use what these set, and bats sets what run says
# What the tests of submissions share: a server, and requests to it.

# serve [OPTION...]: sets URL, FILES (of the notebook nb), TOKEN, KEEPER and PORT.
serve() {
	local first=$((12000 + RANDOM % 7000)) record

	mkdir -p "$BI_ROOT/review/A"
	echo '<!doctype html><title>A</title>' >"$BI_ROOT/review/A/index.html"
	bi-serve -p "$first-$((first + 200))" "$@" A >record 2>serve.err || {
		cat serve.err >&2
		return 1
	}
	record=$(head -n 1 record)
	PORT=$(jq .port <<<"$record")
	KEEPER=$(jq .pid <<<"$record")
	TOKEN=$(<"$BI_ROOT/token")
	URL=http://localhost:$PORT/api/v1
	FILES=$URL/notebooks/nb/files
}

# call [CURL OPTION...] URL: the answer's status in $code, its body in the file body.
call() {
	: >body
	code=$(curl -s -o body -w '%{http_code}' --path-as-is --max-time 30 "$@")
}

# json PATH JSON [CURL OPTION...]; form PATH [CURL OPTION...]: with the token.
json() {
	call -H "X-CSRFToken: $TOKEN" -H 'Content-Type: application/json' -d "$2" "${@:3}" "$FILES/$1/"
}

form() {
	call -H "X-CSRFToken: $TOKEN" "${@:2}" "$FILES/$1/"
}

# raw HEADER...: begins a POST of an upload by hand, its connection in $raw.
raw() {
	exec {raw}<>"/dev/tcp/127.0.0.1/$PORT"
	{
		printf 'POST /api/v1/notebooks/nb/files/upload/ HTTP/1.1\r\nHost: localhost\r\n'
		printf '%s\r\n' "$@" ''
	} >&"$raw"
}

# answered: the answer of that request, which ends it: its status in $code, its body in the file body.
answered() {
	timeout 120 cat <&"$raw" | tr -d '\r' >answer || :
	exec {raw}>&-
	code=$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' answer)
	sed '1,/^$/d' answer >body
}

# refused CODE ERROR
refused() {
	assert_equal "$code $(jq -r '[.success, .error, (.detail | length > 10)] | @sh' body)" "$1 false '$2' true"
}

# nothing_left: no job, no part, nothing in the queue but what FILE, of `state_of`, says.
state_of() {
	find "$BI_ROOT/batches" "$BI_ROOT/queue" "$BI_ROOT/temp" "$BI_ROOT/notebooks" "$BI_ROOT/trash" -mindepth 1 \
		! -name '.*' 2>/dev/null | sort
}

# pieces of a form whose boundary is "line"
part() {
	printf -- '--line\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n' "$1" "${2:+; filename=\"$2\"}"
}

children_of() {
	local child

	for child in $(<"/proc/$1/task/$1/children"); do
		[ "$(<"/proc/$child/comm")" != "$2" ] || echo "$child"
	done
}

takers() {
	local child

	for child in $(children_of "$KEEPER" bi-api); do
		! tr '\0' ' ' <"/proc/$child/cmdline" | grep -q -- --take || echo "$child"
	done
}

# parts_open N: those who take have so many files open in temp/.
parts_open() {
	local taker n=0

	for taker in $(takers); do
		n=$((n + $(find "/proc/$taker/fd" -lname "$BI_ROOT/temp/#*" 2>/dev/null | wc -l)))
	done
	[ "$n" -eq "$1" ]
}
