# shellcheck shell=bash disable=SC2034 # the variables set here are for the tests
# What the tests on several machines share, beside the helpers of the integration tests.

load ../integration/helpers

CLUSTER=$BI_SHARE/cluster

# list_of HOSTS ITEMS: writes ./list of ITEMS URLs of each of HOSTS hosts, which the faulty origin answers after 200 ms, and
# limits each host to two transfers at once.
list_of() {
	local host

	faulty_start
	seq "$1" | while read -r host; do
		seq -f "http://h$host.localhost:${FAULTY##*:}/slow/200/bytes/300/h$host-%g.jpg" "$2"
	done >list
	echo '*.localhost slots=2' >hosts.conf
	export BI_HOSTS_CONF=$PWD/hosts.conf
}

# held HOST N: adds an item of this host to ./list that is not answered the first N times, so that a task which asks for it
# does not end.
held() {
	echo "http://$1.localhost:${FAULTY##*:}/stallfirst/$2/10/bytes/300/held-$1.jpg" >>list
}

# limits_kept: no host had more than two requests under way. A request is under way for 200 ms from its line in the log, so
# the line two further on is that much later. Prints the requests that break this.
limits_kept() {
	local broken

	broken=$(sed -n 's|^\([0-9]*\) .*/\(h[0-9]*\)-\([0-9]*\).jpg.*|\2 \1 \3|p' "${ORIGIN_LOGS[@]}" | sort -k1,1 -k2,2n |
		awk '$1 == host2 && $2 - at2 < 199 { print } { host2 = host1; at2 = at1; host1 = $1; at1 = $2 }')
	[ -z "$broken" ] || fail "these requests were too early: $broken"
}

# joined NAME: the batch has each item of ./list once, completed, with its file.
joined() {
	jq -r '"\(.status) \(.url)"' "$BI_ROOT/batches/$1/results.ndjson" | sort | diff - <(sed 's/^/completed /' list | sort)
	run -0 bi-clean check "$1"
}

# free_ports N: sets PORT to the first of N ports in a row on which nobody listens.
free_ports() {
	local port

	for _ in 1 2 3 4 5 6 7 8; do
		PORT=$((21000 + RANDOM % 11000))
		for ((port = PORT; port < PORT + $1; port++)); do
			! { : <>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || continue 2
		done
		return 0
	done
	fail 'no free ports'
}
