#!/usr/bin/env bats
# bi-split: a list is cut into parts by host.

load helpers

# hosts N M: a list of M lines of each of N hosts.
hosts() {
	seq "$2" | while read -r line; do
		seq -f "https://h%g.example/$line.jpg" "$1"
	done
}

# parts_of HOST: the parts that have lines of it.
parts_of() {
	grep -lF "://$1/" parts/part-* | xargs -n 1 basename
}

@test "each line is in one part, and the lines of a host are together and in order" {
	hosts 40 25 >list
	bi-split -n 7 -d parts <list >out
	cat parts/part-* | sort | diff - <(sort list)
	for host in h1 h17 h40; do
		run parts_of "$host.example"
		assert_equal "${#lines[@]}" 1
		diff <(grep -F "://$host.example/" "parts/${lines[0]}") <(grep -F "://$host.example/" list)
	done
	run jq -sc '[map(select(.part != null).items) | length, add], (.[-1] | [.end, .items, .parts, .bad, .exit])' out
	assert_output - <<-'END'
		[7,1000]
		["bi-split",1000,7,0,0]
	END
	diff <(jq -r 'select(.part != null) | "\(.items) \(.file)"' out) \
		<(for k in 0 1 2 3 4 5 6; do echo "$(grep -c . parts/part-$k || :) parts/part-$k"; done)
}

@test "a list that grows leaves each line where it was, and one part more takes its share only" {
	hosts 200 2 >list
	bi-split -n 10 -d parts <list >/dev/null
	{ hosts 300 1 && cat list; } | bi-split -n 10 -d longer >/dev/null
	for k in 0 3 9; do
		comm -23 <(sort "parts/part-$k") <(sort "longer/part-$k") | diff - /dev/null
	done
	bi-split -n 11 -d more <list >/dev/null
	for k in $(seq 0 9); do
		comm -13 <(sort "parts/part-$k") <(sort "more/part-$k") | diff - /dev/null
	done
	[ -s more/part-10 ]
}

@test "the hosts of a group, and the addresses of pages with media, count as one host" {
	mkdir root
	printf 'a.example group=press\nb.example group=press\n' >root/hosts.conf
	hosts 60 1 >list
	printf '%s\n' https://a.example/1 http://B.example:8080/2 '{"media":"https://a.example/page"}' >>list
	bi-split -r root -n 20 -d parts <list >/dev/null
	run grep -liE '[ab]\.example' -r parts
	assert_equal "${#lines[@]}" 1
	assert_equal "$(grep -ciE '[ab]\.example' "${lines[0]}")" 3
}

@test "the spellings of one host name are one host" {
	printf 'https://%s/\n' bücher.example BÜCHER.example xn--bcher-kva.example xn--bcher-kva.example. user:pw@Bücher.example >list
	for n in 7 16 50; do
		bi-split -n $n -d parts <list >/dev/null
		assert_equal "$(find parts -type f -size +0 | wc -l)" 1
	done
	run -0 bi-split -n 50 -d parts <list
	assert_line --regexp '"host":"xn--bcher-kva.example:443","items":5'
}

@test "--by subject keeps subjects together, whatever their hosts" {
	for subject in $(seq 30); do
		for host in 1 2 3; do
			echo "{\"subject\":{\"id\":\"$subject\"},\"url\":\"https://h$host.example/$subject\"}"
		done
	done >list
	bi-split -n 5 --by subject -d parts <list >/dev/null
	for subject in 1 15 30; do
		run grep -l "\"id\":\"$subject\"" -r parts
		assert_equal "${#lines[@]}" 1
	done
	assert_equal "$(find parts -mindepth 1 | wc -l)" 5
	assert_equal "$(find parts -size 0 | wc -l)" 0
}

@test "--size chooses the number of parts, from a file and from a pipe alike" {
	hosts 50 20 >list
	bi-split --size 100 -i list -d parts >/dev/null
	assert_equal "$(find parts -mindepth 1 | wc -l)" 10
	cat list | bi-split --size 100 -d piped >/dev/null
	diff -r parts piped
	cat list | bi-split --size 100 -d slash// >/dev/null
	diff -r parts slash
	head -n 1 list | bi-split --size 100 -d one >/dev/null
	diff one/part-0 <(head -n 1 list)
}

@test "there may be more parts than hosts, or no line at all" {
	hosts 2 3 | bi-split -n 9 -d parts >/dev/null
	assert_equal "$(find parts -mindepth 1 | wc -l)" 9
	assert_equal "$(cat parts/* | wc -l)" 6
	bi-split -n 3 -d empty </dev/null >/dev/null
	assert_equal "$(find empty -name 'part-?' -size 0 | wc -l)" 3
}

@test "a host with more lines than a part has on average is named" {
	{ hosts 20 10 && seq -f 'https://large.example/%g' 500; } >list
	run -0 --separate-stderr bi-split -n 10 -d parts <list
	assert_regex "$stderr" 'large.example:443 has about 500 of 700 lines'
	run jq -r 'select(.host) | "\(.host) \(.items) part-\(.part)"' <<<"$output"
	assert_output "large.example:443 500 $(parts_of large.example)"
}

@test "records keep their members, and a list that ended whole is ended in each part" {
	{
		seq 20 | jq -c '{subject: {id: "\(.)"}, url: "https://h\(.).example/", source: "x", rank: 1}'
		echo '{"end":"bi-source","exit":1}'
	} >list
	run -1 bi-split -n 3 -d parts <list
	diff <(grep -hv '"end"' parts/part-* | sort) <(grep -v '"end"' list | sort)
	for k in 0 1 2; do
		assert_equal "$(tail -n 1 parts/part-$k)" '{"end":"bi-split","exit":1}'
	done
}

@test "names that end in NUL stay as they are" {
	printf 'one\nname\0other name\0' | bi-split -0 -n 2 -d parts >/dev/null
	cat parts/* | tr '\0\n' '\n/' | sort | diff - <(printf 'one/name\nother name\n' | sort)
}

@test "a line that is no text is named, and in no part" {
	printf 'https://a.example/\n\377\376\n{"url":\n' >list
	run -1 --separate-stderr bi-split -n 2 -d parts <list
	assert_regex "$stderr" 'line 2 is not UTF-8'
	assert_regex "$stderr" 'line 3'
	assert_equal "$(cat parts/*)" https://a.example/
	assert_equal "$(jq -c 'select(.end) | [.items, .bad, .exit]' <<<"$output")" '[1,2,1]'
}

@test "parts are replaced together, and nothing else is" {
	hosts 5 5 | bi-split -n 8 -d parts >/dev/null
	hosts 5 2 | bi-split -n 2 -d parts/ >/dev/null
	assert_equal "$(echo parts/*)" 'parts/part-0 parts/part-1'
	assert_equal "$(ls -d parts*)" parts
	mkdir other
	echo mine >other/notes
	run -73 bi-split -n 2 -d other </dev/null
	assert_output --partial "has 'notes', which is not part of a list"
	assert_equal "$(cat other/notes)" mine
	ln -s other link
	run -73 bi-split -n 2 -d link </dev/null
	run -73 bi-split -n 2 -d missing/parts </dev/null
}

@test "numbers of parts that make no sense are refused" {
	run -2 bi-split -n 0 -d parts </dev/null
	run -2 bi-split -n 10001 -d parts </dev/null
	run -2 bi-split -n -1 -d parts </dev/null
	run -2 bi-split -d parts </dev/null
	run -2 bi-split -n 2 --size 5 -d parts </dev/null
	run -2 bi-split -n 2 </dev/null
	run -2 bi-split -n 2 -d parts --by colour </dev/null
	run -2 bi-split -n 2 -d parts list
	run -66 bi-split -n 2 -d parts -i missing
	[ ! -e parts ]
}

@test "a list that cannot be read to its end is named, and no part is left" {
	need_plain_strace
	hosts 500 40 >list
	for how in '-n 3' '--size 100'; do
		# The second read of the list fails; lines are counted by pread.
		# shellcheck disable=SC2086 # options
		run -74 strace -o trace -P "$PWD/list" -e inject=read:error=EIO:when=2 bi-split $how -d parts -i list
		assert_output --partial "cannot read the list 'list': Input/output error"
		assert_equal "$(ls -d parts* 2>/dev/null)" ''
	done
	run -74 strace -o trace -P "$PWD/list" -e inject=pread64:error=EIO:when=2 bi-split --size 100 -d parts -i list
	assert_output --partial "cannot read the list 'list': Input/output error"
	assert_equal "$(ls -d parts* 2>/dev/null)" ''
}

@test "a directory is no list, also behind another and on standard input" {
	hosts 5 4 >list
	mkdir dir
	run -74 bi-split -n 3 -d parts -i list -i dir
	assert_output --partial "cannot read the list 'dir': Is a directory"
	run -74 bi-split --size 3 -d parts -i list -i dir
	assert_output --partial "cannot read the list 'dir': Is a directory"
	run -74 bi-split --size 3 -d parts <dir
	assert_output --partial 'cannot read standard input: Is a directory'
	assert_equal "$(ls -d parts* 2>/dev/null)" ''
}

@test "a file system without room leaves the parts that were there, and a list without room is named as that" {
	need_namespaces --mount
	hosts 3000 40 >list
	in_mounts "mkdir small; mount -t tmpfs -o size=256k none small
		head -n 100 list | bi-split -n 3 -d small/parts >/dev/null
		cp -r small/parts before
		! bi-split -n 3 -d small/parts -i list 2>full || exit 1
		grep -q \"cannot write the parts of 'small/parts' .*: No space left on device\" full
		! cat list | bi-split --size 1000 -d small/parts 2>stored || exit 1
		grep -q \"cannot store the list beside 'small/parts', to count its lines: No space left on device\" stored
		diff -r small/parts before
		[ \"\$(ls small)\" = parts ]"
}

@test "a full disk leaves the parts that were there" {
	hosts 5 5 | bi-split -n 3 -d parts >/dev/null
	cp -r parts before
	hosts 3000 40 >list
	# 100 blocks of 1,024 bytes: the limit of a file of each part.
	run -74 bash -c 'ulimit -f 100; exec bi-split -n 3 -d parts <list'
	diff -r parts before
	assert_equal "$(ls -d parts*)" parts
}
