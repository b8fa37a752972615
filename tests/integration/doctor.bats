#!/usr/bin/env bats
# bi-status --doctor: each finding by making it so, and nothing where nothing is wrong.
# shellcheck disable=SC2154,SC2016 # run --separate-stderr sets stderr; scripts for bash -c
load helpers

# What one fetch leaves: the batch M with two items, all well.
setup() {
	bi_setup
	echo one >one.txt
	echo two >two.txt
	bi-fetch -q -b M one.txt two.txt >/dev/null
	M=$BI_ROOT/batches/M
}

# finds REGEX...: it finds just these things, in this order, all of them problems but what says that it is a note. AS has a
# command that runs bi-status.
finds() {
	local problems=0 i

	run --separate-stderr "${AS[@]}" bi-status --doctor
	assert_equal "$stderr" ''
	for ((i = 0; i < $#; i++)); do
		assert_line --index "$i" --regexp "^${*:i+1:1}"
		[[ ${lines[i]} == note:* ]] || problems=1
	done
	assert_equal "$status" "$problems"
	[ "$problems" = 0 ] || [ "${#lines[@]}" -eq $# ] || fail "it finds more: $output"
}

@test "nothing is wrong: it says so, with what was examined, and changes nothing" {
	local before

	before=$(cd "$BI_ROOT" && find . -type f -exec cksum {} + | sort && find . | sort)
	finds
	assert_line --index 0 "nothing is wrong in $BI_ROOT"
	assert_line --index 1 --regexp '^examined: programs, .* left in .*, 1 batch, 0 in the queue, no worker, rules of hosts, 0 servers, '
	run -0 bi-status --doctor --json
	assert_output '{"end":"bi-status","problems":0,"notes":0,"exit":0}'
	assert_equal "$(cd "$BI_ROOT" && find . -type f -exec cksum {} + | sort && find . | sort)" "$before"
	# A root in which nothing was done yet is well too; one that is not there is said.
	mkdir empty
	run -0 bi-status --doctor -r empty
	assert_equal "$(ls -A empty)" ''
	run -66 bi-status --doctor -r none
	run -2 bi-status --doctor M
	run -2 bi-status --doctor --wait
}

@test "records have what, what mends it, and which batch; a full disk at stdout is exit 74" {
	printf pp >"$M/state"
	run -1 bi-status --doctor --json
	assert_equal "$(jq -c '[.check, .level, .batch, (.what | length > 0), (.mend | contains("bi-fetch -b M --resume"))]' <<<"${lines[0]}")" \
		'["batches","problem","M",true,true]'
	assert_equal "${lines[1]}" '{"end":"bi-status","problems":1,"notes":0,"exit":1}'
	run -74 bash -c 'bi-status --doctor >/dev/full'
}

@test "more than 20 findings of a check are counted" {
	for i in {1..23}; do
		cp -r "$M" "$BI_ROOT/batches/b$i"
		printf pp >"$BI_ROOT/batches/b$i/state"
	done
	run -1 bi-status --doctor
	assert_equal "${#lines[@]}" 21
	assert_line --index 20 'batches: and 3 more of these; `bi-status --doctor --json` lists all'
	run -1 bi-status --doctor --json
	assert_equal "${#lines[@]}" 24
}

# --- programs, kernel, limits ---

@test 'programs that are missing or too old, and a share/ that is not there, are found' {
	mkdir bin
	cp "$BI_BIN/bi-status" bin/
	run -1 env BI_LIGHTTPD=/nowhere/lighttpd PATH=/nowhere BI_SHARE=/nowhere "$PWD/bin/bi-status" --doctor
	assert_line --regexp "^programs: BI_LIGHTTPD names '/nowhere/lighttpd', .*; unset it"
	assert_line --regexp '^programs: jq is missing .*; apt-get install jq'
	assert_line --regexp "^programs: $PWD/bin/bi-type is missing: bi-fetch cannot"
	assert_line --regexp "^programs: $PWD/bin/bi-render is missing"
	assert_line --regexp '^programs: review/render.jq of share/ cannot be read.*; unset BI_SHARE'
	assert_line --regexp '^programs: serve/lighttpd.conf of share/'
	[ "${#lines[@]}" -ge 15 ]
	cp "$BI_BIN/bi-parse" "$BI_BIN/bi-thumb" bin/
	mkdir bin/helpers
	cp "$BI_BIN/helpers/bi-parse-mail" bin/helpers/
	run -1 "$PWD/bin/bi-status" --doctor
	assert_line --regexp "^programs: bi-parse-pdf, a part of bi-parse, is missing: it cannot read PDF files"
	assert_line --regexp '^programs: bi-thumb-decode, a part of bi-thumb, is missing: it cannot read pictures'
	refute_line --partial 'bi-parse-mail'
}

@test 'a lighttpd that is not installed, or lacks a module, is found' {
	need_namespaces --mount
	run -1 in_mounts 'mount -t tmpfs none /usr/sbin
		PATH=/nowhere exec "$BI_BIN/bi-status" --doctor'
	assert_line 'programs: lighttpd is missing: bi-serve cannot show pages without it; apt-get install lighttpd'
	[ -d /usr/lib/lighttpd ] || return 0
	run -0 in_mounts 'mount -t tmpfs none /usr/lib/lighttpd
		bi-status --doctor'
	assert_line --index 0 --regexp '^note: programs: lighttpd has no mod_openssl.*apt-get install lighttpd-mod-openssl'
	assert_line --index 1 --regexp '^note: programs: lighttpd has no mod_deflate.*apt-get install lighttpd-mod-deflate'
}

@test 'a kernel without pidfd_open or seccomp, and a missing /proc, are found' {
	need_plain_strace
	local AS=(strace -o trace -e 'trace=pidfd_open,seccomp' -e 'inject=pidfd_open,seccomp:error=ENOSYS')

	finds 'kernel: the kernel has no pidfd_open .*; use Linux 5.3' 'kernel: the kernel has no seccomp filters .*; use a kernel'
}

@test 'low limits on open files, file sizes and inotify are found' {
	run -1 bash -c 'ulimit -n 100; bi-status --doctor'
	assert_output --regexp '^limits: a process may have 100 files open.*; raise the hard limit'
	run -1 bash -c 'ulimit -f 2000; bi-status --doctor'
	assert_output --regexp '^limits: a file may have 2.0 MB: .*; raise the limit'
	run -0 bash -c 'ulimit -f 20000000; bi-status --doctor'
	assert_line --index 0 --regexp '^note: limits: a file may have 20 GB'
}

@test 'it is found that inotify can watch nothing more' {
	need_plain_strace
	local AS=(strace -o trace -e trace=inotify_init1 -e inject=inotify_init1:error=EMFILE)
	finds 'limits: files cannot be watched .*; raise fs.inotify'
}

# --- the root ---

@test 'folders of the root that are not directories, and one that everybody may write, are found' {
	mkdir elsewhere "$BI_ROOT/review"
	ln -s "$PWD/elsewhere" "$BI_ROOT/collected"
	echo >"$BI_ROOT/trash"
	finds 'root: collected is a symbolic link.*; move ' 'root: trash is not a directory; move '
	rm -r "$BI_ROOT/collected" "$BI_ROOT/trash" "$BI_ROOT/review"
	chmod 0777 "$BI_ROOT"
	finds "root: everybody may write in $BI_ROOT; chmod o-w"
}

@test 'folders and files of the root that cannot be written are found' {
	need_refusals
	mkdir "$BI_ROOT/review"
	chmod 0555 "$BI_ROOT/review" "$M/files"
	finds "root: review cannot be written by this user: Permission denied; chmod u.rwx '$BI_ROOT/review'" \
		"batches: batches/M/files cannot be written.*; chmod"
	chmod 0755 "$BI_ROOT/review" "$M/files"
	chmod 0444 "$M/results.ndjson"
	finds 'batches: batches/M/results.ndjson cannot be written'
	chmod 0644 "$M/results.ndjson"
	chmod 0555 "$BI_ROOT"
	finds "root: $BI_ROOT cannot be written by this user.*; run the programs as its owner"
	chmod 0755 "$BI_ROOT"
}

@test 'folders of the root that belong to another user are found' {
	[ "$(id -u)" = 0 ] || skip "only root gives files away"
	chown 65534 "$BI_ROOT/temp" "$M"
	finds 'root: temp belongs to nobody, the root to root: .*; chown -R root ' 'batches: batches/M belongs to nobody'
	chmod 2775 "$BI_ROOT/temp" "$M"
	finds
}

@test 'a root on a file system that is mounted read-only is reported once' {
	need_namespaces --mount
	run -1 in_mounts 'mount -t tmpfs none "$BI_ROOT"
		bi-fetch -q -b M one.txt >/dev/null
		mount -o remount,bind,ro "$BI_ROOT"
		bi-status --doctor'
	assert_output --regexp "^root: $BI_ROOT is on a read-only file system; mount it"
	assert_equal "${#lines[@]}" 1
}

@test 'secrets that others may read, and files that are not secrets, are found' {
	mkdir "$BI_ROOT/tls"
	echo x | tee "$BI_ROOT/token" "$BI_ROOT/htpasswd" "$BI_ROOT/tls/server.pem" >/dev/null
	chmod 0640 "$BI_ROOT/token" "$BI_ROOT/htpasswd" "$BI_ROOT/tls/server.pem"
	finds 'secrets: token is not a file that only its owner .* \(mode 640\): .*bi-serve --new-token' \
		'secrets: htpasswd is .*; .*--new-password' 'secrets: tls/server.pem is .*; .*bi-serve --share'
	chmod 0600 "$BI_ROOT/token" "$BI_ROOT/htpasswd" "$BI_ROOT/tls/server.pem"
	finds 'secrets: token holds no token: .*; .*bi-serve --new-token'
	bi-serve --new-token
	finds
}

# --- the disk ---

@test 'a disk that is full or nearly full, in bytes or inodes, is found' {
	need_namespaces --mount
	run -0 in_mounts 'mount -t tmpfs -o size=40m,nr_inodes=2000 none "$BI_ROOT"
		bi-fetch -q -b M one.txt >/dev/null
		bi-status --doctor
		head -c 40500000 /dev/zero >"$BI_ROOT/filler"
		! bi-status --doctor
		dd if=/dev/zero of="$BI_ROOT/filler" bs=64k 2>/dev/null || :
		! bi-status --doctor
		rm "$BI_ROOT/filler"
		mkdir "$BI_ROOT/review/many" -p
		(cd "$BI_ROOT/review/many" && seq 1920 | xargs touch)
		! bi-status --doctor
		(cd "$BI_ROOT/review/many" && { seq 1921 2100 | xargs touch; } 2>/dev/null || :)
		! bi-status --doctor'
	assert_line --index 0 --regexp '^nothing is wrong'
	assert_line --index 2 --regexp "^space: the disk of $BI_ROOT is nearly full \([0-9.]+ MB left\); make room"
	assert_line --index 3 --regexp "^space: the disk of $BI_ROOT is full \(.* left\); make room"
	assert_line --index 4 --regexp "^space: the disk of $BI_ROOT has [0-9]+ of 2000 inodes left: no more files can be made soon; remove"
	assert_line --index 5 --regexp "^space: the disk of $BI_ROOT has [0-9] of 2000 inodes left: no more files can be made; remove"
}

@test 'other file systems inside the root, and one without extended attributes, are found' {
	need_namespaces --mount
	run -1 in_mounts 'mount -t tmpfs none "$BI_ROOT/temp"
		bi-status --doctor'
	assert_output --regexp 'storage: temp and batches are on different file systems: .*; mount one'
	run -0 in_mounts 'mount -t ramfs none "$BI_ROOT"
		bi-fetch -q -b M one.txt >/dev/null
		bi-status --doctor'
	assert_line --index 0 --regexp '^note: storage: files have no extended attributes .*; use a root on'
}

# when CALL REGEX: which CALL of bi-status --doctor comes next after, or is, the first line of its trace that matches.
when() {
	strace -o trace -e trace="$1,fcntl" bi-status --doctor >/dev/null
	awk -v call="$1" -v regex="$2" '$0 ~ regex { seen = 1 } index($0, call "(") == 1 { n++; if (seen) { print n; exit } }' trace
}

@test 'storage without O_TMPFILE, or with locks that do not exclude, is found' {
	need_plain_strace
	local AS=(strace -o trace) n

	n=$(when openat O_TMPFILE)
	AS=(strace -o trace -e trace=openat -e inject=openat:error=EOPNOTSUPP:when="$n")
	finds 'note: storage: files cannot be made without a name .*bi-clean temp'
	assert_equal "$(ls -A "$BI_ROOT/temp")" ''
	AS=(strace -o trace -e trace=flock -e inject=flock:retval=0)
	finds 'storage: locks of whole files .* do not exclude'
	AS=(strace -o trace -e trace=flock -e inject=flock:error=ENOLCK)
	finds 'storage: no file can be made and locked in temp: No locks available'
	n=$(when fcntl F_OFD_SETLK)
	AS=(strace -o trace -e trace=fcntl -e inject=fcntl:error=EINVAL:when="$n")
	finds 'storage: locks of bytes .* do not exclude'
}

@test 'a record from the future is found' {
	touch -d '+3 hours' "$M/results.ndjson"
	finds 'clock: batches/M/results.ndjson is from the future, by 3 hours: .*; set the clock'
	touch "$M/results.ndjson"
	finds
}

@test 'a file system whose clock differs is found' {
	need_plain_strace
	[ "$(uname -m)" = x86_64 ] || skip "stat(2) is of another form"
	local AS=() n zeros

	n=$(when newfstatat F_OFD_GETLK)
	zeros=$(printf '00%.0s' {1..96})
	AS=(strace -o trace -e trace=newfstatat -e inject=newfstatat:poke_exit=@arg3="$zeros":when="$n")
	finds 'storage: the clock of the file system is [0-9]+ days behind this machine'
}

# --- the work ---

@test 'a batch with work left that no process does is found, and one that is worked on is not' {
	printf cp >"$M/state"
	touch -d '-5 hours' "$M"/{state,results.ndjson}
	finds 'batches: M has 1 of 2 items left, and no process has worked on them for 5 hours; `bi-fetch -b M --resume` continues'
	mkfifo hold.in
	start "$BI_BUILD/tests/hold" M <>hold.in >hold.out
	poll 10 grep -q held hold.out
	finds
	stop "$!"
	run -0 bi-fetch -q -b M --resume
	finds
}

@test 'batches that are half made, damaged or without their files are found' {
	local what

	mkdir "$BI_ROOT/batches/empty"
	finds 'batches: empty is half-made: it has no items.*; repeat the command'
	rmdir "$BI_ROOT/batches/empty"
	cp -r "$M" good
	for what in 'rm $M/batch.json|batch.json of M is missing; .*bi-fetch -b M --resume' \
		'echo "{" >$M/batch.json|batch.json of M is damaged; remove it' \
		'rm $M/items.ndjson|M has lost its items: .*; restore items.ndjson' \
		'printf zy >$M/state|state of M is damaged: 2 of its bytes are not states; .*bi-status --rebuild M' \
		'printf ccc >$M/state|state of M is damaged: it has 3 items, but items.ndjson has 2; .*bi-status --rebuild M' \
		': >$M/results.ndjson|M has lost results or files of items that are completed; .*bi-status --rebuild M' \
		'rm $M/files/i2_1.txt|M has lost results or files of items that are completed' \
		'sed -i "s/}$/,\"items\":5}/" $M/batch.json|M is half-made: 5 items were announced, but it has 2; submit the batch again'; do
		eval "${what%%|*}"
		finds "batches: ${what#*|}"
		rm -r "$M"
		cp -r good "$M"
	done
	# What mends it, mends it.
	rm "$M/files/i2_1.txt"
	bi-status --rebuild M
	finds 'batches: M .*' || finds
	bi-fetch -q -b M --resume >/dev/null
	finds
}

@test 'what has the place of a batch, and a batch that cannot be opened, are found' {
	ln -s "$M" "$BI_ROOT/batches/P"
	rm "$M/state"
	mkfifo "$M/state" # opened without waiting
	finds 'batches: batches/P is a symbolic link.*; move ' 'batches: .*'
	rm "$BI_ROOT/batches/P" "$M/state"
	ln -s nowhere "$M/state"
	finds 'batches: M cannot be opened: Too many levels of symbolic links; check its files'
}

# lock FILE TYPE START: perl holds an open-file-description lock of a byte, until its stdin ends.
lock() {
	mkfifo lock.in
	start perl -e 'open my $f, "+>>", $ARGV[0] or die; my $l = pack "s s x4 q q l x4", $ARGV[1], 0, $ARGV[2], 1, 0;
		fcntl $f, 37, $l or die;
		$| = 1; print "locked\n"; <STDIN>' "$@" <>lock.in >lock.out
	poll 10 grep -q locked lock.out
}

@test 'a queue without a worker, or whose worker is behind, is found, and one that is worked on is not' {
	cp -r "$M" "$BI_ROOT/batches/job-7"
	printf pp >"$BI_ROOT/batches/job-7/state"
	mkdir "$BI_ROOT/queue"
	: >"$BI_ROOT/queue/job-7"
	touch -d '-3 hours' "$BI_ROOT/queue/job-7"
	: >"$BI_ROOT/queue/job-8"
	finds 'queue: 2 batches wait and no worker runs; job-7 has waited for 3 hours; start one: `bi-fetch --work`'
	run -1 bi-status --doctor --json
	assert_equal "$(jq -r 'select(.check == "queue").batch' <<<"$output")" job-7

	lock "$BI_ROOT/queue/.lock" 0 0
	finds 'queue: 2 of 2 batches wait for their turn, job-7 for 3 hours: .*; start another'
	touch "$BI_ROOT/queue/job-7"
	finds
	assert_line --partial '2 in the queue, a worker'
	# One that is worked on does not wait, however long that takes.
	touch -d '-3 hours' "$BI_ROOT/queue/job-7"
	mkfifo hold.in
	start "$BI_BUILD/tests/hold" job-7 <>hold.in >hold.out
	poll 10 grep -q held hold.out
	finds
	# And one that is being made is not handed in.
	rm "$BI_ROOT/queue/job-7"
	touch -d '-3 hours' "$BI_ROOT/queue/job-8"
	start flock -F "$BI_ROOT/queue/job-8" sleep 60
	poll 10 sh -c '! flock -n "$BI_ROOT/queue/job-8" true'
	finds
}

@test 'the worker that the finding of the queue asks for does what was handed in' {
	bi-fetch -q --queue -b later one.txt >/dev/null
	finds 'queue: 1 batch waits and no worker runs; later has waited for [0-9]+ seconds?; start one: `bi-fetch --work`'
	bi-fetch -q --work --once
	finds
}

@test 'a server that was killed, and one that hangs while it starts, are found' {
	local keeper port

	bi-render M >/dev/null
	bi-serve -p 18000-18400 M >served
	keeper=$(jq -r 'select(.pid).pid' served)
	port=$(jq -r 'select(.port).port' served)
	finds
	assert_line --partial '1 server,'
	kill -KILL "$keeper"
	poll 10 gone "$keeper"
	finds "servers: the server of M on port $port was killed; .bi-serve M. starts another; .: >'$BI_ROOT/leases/$port'. deletes its record"
	: >"$BI_ROOT/leases/$port"
	finds

	echo >"$BI_ROOT/leases/$port"
	mkfifo hang.in
	start perl -e 'open my $f, "+<", $ARGV[0] or die; my $l = pack "s s x4 q q l x4", 1, 0, 0, 1, 0; fcntl $f, 6, $l or die;
		$| = 1; print "held\n"; <STDIN>' "$BI_ROOT/leases/$port" <>hang.in >hang.out
	poll 10 grep -q held hang.out
	finds
	touch -d '-10 minutes' "$BI_ROOT/leases/$port"
	finds "servers: the server on port $port has been starting for 10 minutes; read .*$port.log"
}

@test 'it is found that no port is left' {
	need_namespaces --net
	cat >script <<-'END'
		ip link set lo up || exit 99
		perl -MIO::Socket::INET -e 'my @s = map { IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $_, Listen => 1) or die $_ }
			8000 .. $ARGV[0]; system "bi-status", "--doctor"; exit $? >> 8' "$1"
	END
	run -0 "${NAMESPACES[@]}" bash script 8019
	assert_line --partial ', 1 of 21 ports free'
	run -1 "${NAMESPACES[@]}" bash script 8020
	assert_output --regexp '^ports: no port from 8000 to 8020 is free .*; .bi-clean list. shows the servers'
}

@test "on a terminal: a list with marks, the most serious first, folded at words, with a summary" {
	bi-fetch -q -b good <<<"file:///dev/null" >/dev/null 2>&1 || :
	bi-serve --new-token >/dev/null 2>&1 || :
	printf x >"$BI_ROOT/token"
	chmod 644 "$BI_ROOT/token"
	for locale in C:'fault  ':'ok     ' C.UTF-8:✗:✓; do
		IFS=: read -r name fault ok <<<"$locale"
		run on_terminal env LC_ALL="$name" NO_COLOR=1 sh -c 'stty cols 50; bi-status --doctor; echo "exit $?"'
		output=$(sed $'s/\r//g; s/\033\\[K//g' <<<"$output")
		mapfile -t lines <<<"$output"
		assert_line --regexp "^$fault secrets: "
		assert_line --regexp "^$ok kernel$"
		assert_line --regexp '^1 fault'
		assert_line 'exit 1'
		# Faults first, then what is well.
		assert_equal "$(grep -oE "^($fault|$ok)" <<<"$output" | uniq | wc -l)" 2
		perl -CS -ne 'chomp; exit 1 if length > 50 && !m{/}' <<<"$output"
	done
}
