#!/usr/bin/env bats
# bi-collect -o and --verify: exports.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

setup() {
	bi_setup
	S=$BI_ROOT/collected/by_subject_id
	mkdir out
}

# batch NAME SUBJECTS: a batch with two candidates each, the first of each chosen.
batch() {
	local i k

	for ((i = 1; i <= $2; i++)); do
		for k in 1 2; do
			seq "$i" $((i * 100 * k)) >"f-$i-$k.txt"
			printf '{"subject":{"id":"s.%s","name":"S %s"},"file":"%s","license":"CC0","title":"T %s"}\n' "$i" "$i" "$PWD/f-$i-$k.txt" "$i"
		done
	done | bi-fetch -q -b "$1" >/dev/null
	for ((i = 1; i <= $2; i++)); do
		printf '{"subject":"s.%s","choice":1,"reviewer":"ada","at":"2026-11-22T10:00:00.000Z"}\n' "$i"
	done >>"$BI_ROOT/batches/$1/picks.ndjson"
}

# flip FILE OFFSET: turns one bit over.
flip() {
	perl -e 'open(F,"+<",$ARGV[0])||die; binmode F; seek(F,$ARGV[1],0); read(F,$b,1); seek(F,$ARGV[1],0); print F chr(ord($b)^4)' "$1" "$2"
}

@test "in every format, twice the same, verified, and only what was chosen inside" {
	local suffix

	batch E 3
	batch other 5
	bi-collect other
	for suffix in tar tar.gz tgz tar.bz2 tar.xz tar.zst tar.lz zip; do
		run -0 bi-collect -o "out/a.$suffix" E
		assert_equal "$(jq -r 'select(.export) | .export + " " + .sha256' <<<"$output")" "$PWD/out/a.$suffix $(sha256sum "out/a.$suffix" | cut -d' ' -f1)"
		(cd out && sha256sum -c --quiet "a.$suffix.sha256")
		(TZ=Asia/Tokyo && umask 077 && cd out && touch "$S"/*/* && TZ=Asia/Tokyo bi-collect -o "b.$suffix" E >/dev/null)
		cmp "out/a.$suffix" "out/b.$suffix"
		run -0 bi-collect --verify "out/a.$suffix" "out/b.$suffix.sha256"
		assert_line --index 0 "{\"export\":\"out/a.$suffix\",\"status\":\"verified\",\"members\":10}"
		assert_output --partial '{"end":"bi-collect","verified":2,"failed":0,"exit":0}'
	done
	tar xf out/a.tar
	(cd . && sha256sum -c --quiet collected/SHA256SUMS)
	assert_equal "$(find collected/by_subject_id -type f ! -name metadata.json | wc -l)" 3
	run grep -rl other collected
	assert_output ''
	# Of this machine nothing is in it.
	run ! grep -rqF "$PWD" collected
	assert_equal "$(find out -type f | wc -l)" 32
}

@test 'an export can be written to standard output' {
	batch E 2
	bi-collect -o - E >x.tar
	bi-collect -o y.tar E >/dev/null
	cmp x.tar y.tar
	bi-collect -o - --format zip E >x.zip
	run -0 bi-collect --verify x.tar x.zip
	run -74 bash -c 'bi-collect -o - E >/dev/full'
	run -2 bi-collect -o - --format webdataset E
}

@test "one flipped bit is found and named, wherever it is" {
	local at name file

	batch E 2
	bi-collect -o x.tar E >/dev/null
	cp x.tar good.tar
	# In the bytes of a file: the member is named.
	name=$(basename "$S/s.1/"*.txt)
	at=$(grep -abo '^99$' x.tar | head -n 1 | cut -d: -f1)
	flip x.tar "$at"
	run -1 --separate-stderr bi-collect --verify x.tar
	[[ $stderr == *"x.tar: collected/by_subject_id/s.1/$name: it was changed after it was written"* ]]
	assert_equal "$(jq -r 'select(.member).error.code' <<<"$output")" member_changed
	# Without the list beside it as well.
	rm x.tar.sha256
	run -1 bi-collect --verify x.tar
	assert_output --partial "$name"
	# Anywhere at all.
	for at in 0 100 110 140 150 257 400 511 700 $(($(stat -c %s good.tar) - 1)) $(($(stat -c %s good.tar) / 2)); do
		cp good.tar x.tar
		sha256sum good.tar | sed 's/good/x/' >x.tar.sha256
		flip x.tar "$at"
		run -1 bi-collect --verify x.tar
		assert_output --partial 'x.tar: '
	done
	for file in tar.gz tar.xz tar.zst zip; do
		bi-collect -o "x.$file" E >/dev/null
		flip "x.$file" $(($(stat -c %s "x.$file") / 2))
		run -1 bi-collect --verify "x.$file"
		assert_output --partial "x.$file: "
	done
}

@test 'an export that is cut, added to, incomplete or not there does not verify' {
	batch E 2
	bi-collect -o x.tar E >/dev/null
	head -c 2000 x.tar >cut.tar
	run -1 bi-collect --verify cut.tar
	cp x.tar more.tar
	echo x >extra.txt
	tar rf more.tar extra.txt
	run -1 bi-collect --verify more.tar
	assert_output --partial 'more.tar: extra.txt: it was added'
	cp x.tar less.tar
	tar --delete -f less.tar collected/ATTRIBUTION.md
	run -1 bi-collect --verify less.tar
	assert_output --partial 'less.tar: collected/ATTRIBUTION.md: it is missing'
	tar cf plain.tar extra.txt
	run -1 bi-collect --verify plain.tar
	assert_output --partial 'SHA256SUMS is missing or damaged'
	mkfifo pipe
	run -1 timeout 120 bi-collect --verify nowhere.tar pipe extra.txt nowhere.sha256 x.tar
	assert_output --partial '"verified":1,"failed":4,"exit":1}'
	run -66 bi-collect --verify nowhere.tar nowhere.sha256 x.tar
	assert_output --partial '"verified":1,"failed":2,"exit":66}'
	# One that a list names is missed, not misspelt.
	printf '%064d  nowhere.tar\n' 0 >list.sha256
	run -1 bi-collect --verify list.sha256
}

@test "webdataset: shards of so many samples or bytes, keys without dots" {
	batch W 5
	run -0 bi-collect --format webdataset --shard-size 2 -o out/train.tar W
	assert_equal "$(find out -type f -printf '%f\n' | sort | tr '\n' ' ')" 'train-000000.tar train-000001.tar train-000002.tar train.sha256 '
	assert_equal "$(jq -c 'select(.export).files' <<<"$output" | tr '\n' ' ')" '2 2 1 '
	run tar tf out/train-000001.tar
	assert_line --index 0 --regexp '^s,3_[0-9a-f]{64}\.txt$'
	assert_line --index 1 --regexp '^s,3_[0-9a-f]{64}\.json$'
	assert_line --index 4 __bi__/ATTRIBUTION.csv
	assert_line --index 7 __bi__/SHA256SUMS
	tar xf out/train-000001.tar --wildcards 's,3_*'
	cmp s,3_*.txt f-3-1.txt
	assert_equal "$(jq -r '.id + .choices[0].credit.title' s,3_*.json)" 's.3T 3'
	run -0 bi-collect --verify out/train.sha256 out/train-000002.tar
	flip out/train-000002.tar 700
	run -1 bi-collect --verify out/train-000002.tar
	# Fewer than before: what is left is named and not touched.
	run -0 --separate-stderr bi-collect --format webdataset --shard-size 1M -o out/train.tar W
	[[ $stderr == *'train-000001.tar and 1 more belong to an earlier export'* ]]
	[ -e out/train-000002.tar ]
	run -0 bi-collect --verify out/train.sha256
	run -0 bi-collect --format webdataset --shard-size 1k -o out/tiny.tar.gz W
	assert_equal "$(find out -name 'tiny-*.tar.gz' | wc -l)" 5
	bi-collect --format webdataset --shard-size 1k -o out/tinz.tar.gz W >/dev/null
	cmp out/tiny-000003.tar.gz out/tinz-000003.tar.gz
	# A file that is JSON does not take its metadata's name.
	echo '{"a":1}' >a.json
	printf '{"subject":"j","file":"%s","license":"CC0"}\n' "$PWD/a.json" | bi-fetch -q -b J >/dev/null
	bi-collect --all --format webdataset -o out/j.tar J >/dev/null
	run tar tf out/j-000000.tar
	assert_line --index 0 --regexp '^j_[0-9a-f]{64}\.(file\.json|txt)$'
}

@test "an export is whole or not there, and never over what is no file" {
	local i

	need_strace
	batch E 2
	bi-collect E >/dev/null
	mkdir dir.tar
	ln -s /dev/null null.tar
	for i in dir.tar null.tar; do
		run -73 bi-collect -o "$i" E
		assert_output --partial 'is not a file'
	done
	run -71 bi-collect -o nowhere/x.tar E
	run -0 bash -c 'cd out && bi-collect -o x.tar E'
	cp out/x.tar good.tar
	for i in 1 2 3; do
		timeout -s KILL 120 env ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e "inject=fsync:signal=KILL:when=$i" \
			"$BI_BIN/bi-collect" -o out/x.tar E >/dev/null 2>&1 || [ $? -eq 137 ]
		cmp out/x.tar good.tar
		assert_equal "$(find out -name '*part*')" ''
	done
	run -0 bi-collect -o out/x.tar E
	run -0 bi-collect --verify out/x.tar
	# A file of the collection that rots is named, and what was exported before stays.
	i=$(echo "$S"/s.2/*.txt)
	cp "$i" keep
	rm "$i"
	sed 's/1/2/' keep >"$i"
	run -65 bi-collect -o out/x.tar E
	assert_output --partial "$(basename "$i")"
	cmp out/x.tar good.tar
}

@test "names that a list of digests cannot have, and what is in the way of that list" {
	batch E 1
	run -2 bi-collect -o "out/a"$'\n'"b.tar" E
	assert_output --partial 'control characters'
	run -2 bi-collect -o 'out/a\b.tar' E
	mkdir out/x.tar.sha256
	run -73 bi-collect -o out/x.tar E
	assert_output --partial 'x.tar.sha256 exists and is not a file'
	[ ! -e out/x.tar ]
	assert_equal "$(ls out)" x.tar.sha256
}

# members N: the export N.tar, with so many files.
members() {
	rm -rf collected
	mkdir collected
	seq "$1" | split -l 1 -a 5 - collected/a_file_with_a_name_of_some_length_
	sha256sum collected/* >sums
	mv sums collected/SHA256SUMS
	tar cf "$1.tar" collected
}

# memory EXPORT: KiB that it takes to verify it.
memory() {
	command time -q -o kib -f %M bi-collect --verify "$1" >out/said || return
	cat kib
}

@test "to verify an export takes the same memory for few members and for many" {
	local few

	members 500
	few=$(memory 500.tar)
	members 20000
	[ "$(memory 20000.tar)" -lt $((few + 2000)) ]
	echo changed >collected/a_file_with_a_name_of_some_length_aaabc
	cp collected/SHA256SUMS collected/new
	tar cf 20000.tar --exclude=a_file_with_a_name_of_some_length_aaabd collected
	run -1 --separate-stderr bi-collect --verify 20000.tar
	assert_equal "$(jq -r 'select(.member) | [.member[-5:], .error.code] | join(" ")' <<<"$output" | sort)" \
		'aaabc member_changed
aaabd member_missing
d/new member_added'
}

@test "a manifest that has a name twice is damaged" {
	mkdir collected
	echo a >collected/a
	sha256sum collected/a collected/a >collected/SHA256SUMS
	tar cf twice.tar collected/a collected/SHA256SUMS
	run -1 bi-collect --verify twice.tar
	assert_output --partial 'its SHA256SUMS is damaged'
}

# fail_last CALL FILE ERROR COMMAND...: the last time that the command makes this system call with FILE, it gets ERROR. What
# the first run of the command exports is removed.
fail_last() {
	local call=$1 file=$2 error=$3 last

	shift 3
	strace -qq -o trace -e "trace=$call" "$@" >/dev/null 2>&1 || :
	rm -f bad.*
	last=$(awk -v f="\"$file\"" 'index($0, f) { n = NR } END { print n }' trace)
	[ "$last" -gt 0 ]
	run --separate-stderr strace -qq -o trace -e "trace=$call" -e "inject=$call:error=$error:when=$last" "$@"
	grep INJECTED trace | grep -qF "\"$file\""
}

@test "what cannot be read is not left out: there is no export then" {
	local file error

	batch E 2
	bi-collect -o good.zip E >/dev/null
	# Metadata, as the export reads it; a chosen file; the directory of a subject.
	for file in metadata.json "$(basename "$S/s.2/"*.txt)" s.2; do
		for error in EIO EMFILE; do
			fail_last openat "$file" "$error" bi-collect -j -o bad.zip E
			[ "$status" -gt 4 ]
			[[ $stderr == *bad.zip* ]]
			[ ! -e bad.zip ]
			run -0 bi-collect -o bad.zip E
			cmp good.zip bad.zip
		done
	done
	# One that goes between the two steps.
	fail_last openat s.2 ENOENT bi-collect -j -o bad.zip E
	assert_equal "$status" 75
	[ ! -e bad.zip ]
	# One that is damaged before: the other is collected, and there is no export.
	echo '{' >"$S/s.1/metadata.json"
	run -1 bi-collect -o bad.zip E
	assert_output --partial 'bad.zip is not written, because some files could not be collected'
	[ ! -e bad.zip ]
}

@test "a batch whose files/ cannot be looked into is not collected as an empty one" {
	batch E 2
	bi-collect E >/dev/null
	for error in EACCES EIO; do
		fail_last openat files "$error" bi-collect -j -a -o bad.zip E
		[ "$status" -gt 4 ]
		[[ $stderr == *'look into files/ of batch E'* ]]
		[ ! -e bad.zip ]
		assert_equal "$(find "$S" -name '*.txt' | wc -l)" 2
	done
}

@test "a file of the collection that cannot be looked at is not gone: nothing is removed" {
	local name

	batch E 2
	bi-collect E >/dev/null
	name=$(basename "$S/s.1/"*.txt)
	rm "$BI_ROOT"/batches/E/files/s.1_1.txt
	fail_last newfstatat "$name" EIO bi-collect E
	[ "$status" -gt 4 ]
	[ -e "$S/s.1/$name" ]
	assert_equal "$(jq '.choices | length' "$S/s.1/metadata.json")" 1
}

@test "where nothing is chosen there is no export, and it says what to do" {
	batch E 2
	rm "$BI_ROOT/batches/E/picks.ndjson"
	run -1 --separate-stderr bi-collect -o no.zip E
	[[ $stderr == *'no.zip is not written, because nothing was chosen'*'--all'* ]]
	[ ! -e no.zip ] && [ ! -e no.zip.sha256 ]
	# Also where it is decided that none is good enough, and where all is in dispute.
	printf '{"subject":"s.%s","choice":0,"reviewer":"ada","at":"2026-11-22T10:00:00.000Z"}\n' 1 2 >"$BI_ROOT/batches/E/picks.ndjson"
	run -1 bi-collect -o no.zip E
	printf '{"subject":"s.%s","choice":1,"reviewer":"bob","at":"2026-11-22T10:00:00.000Z"}\n' 1 2 >>"$BI_ROOT/batches/E/picks.ndjson"
	run -4 bi-collect --format webdataset -o no.tar E
	run -1 bash -c 'set -o pipefail; bi-collect --prefer ada -o - E | wc -c'
	assert_line 0
	assert_equal "$(find . -name 'no*')" ''
}

@test "an export that was written without a subject, or without a choice, does not verify" {
	batch E 3
	bi-collect -o x.tar E >/dev/null
	bi-collect --format webdataset --shard-size 1 -o w.tar E >/dev/null
	tar xOf x.tar collected/CONTENTS >contents
	assert_equal "$(<contents)" "$(printf 's.%s\t1\n' 1 2 3)"
	run -0 bi-collect --verify x.tar w.sha256 w-000001.tar
	# As a program would have written it that left one out: all lists of digests agree.
	mkdir y
	tar xf x.tar -C y
	rm -r y/collected/by_subject_id/s.2
	sed -i '/s\.2/d' y/collected/SHA256SUMS
	tar cf y.tar -C y collected
	run -1 --separate-stderr bi-collect --verify y.tar
	[[ $stderr == *'y.tar: s.2: 1 of 1 files that were chosen for it are not in the export'* ]]
	assert_equal "$(jq -r 'select(.member).error.code' <<<"$output")" subject_incomplete
	# A shard that the list does not have.
	sed -i '/w-000001/d' w.sha256
	run -1 bi-collect --verify w.sha256
	assert_output --partial 's.2: 1 of 1 files'
}


@test "--verify calls nothing damaged that it could not read: it says why, and that it may pass" {
	local call path error n fatal=0

	need_plain_strace
	batch E 2
	bi-collect -o x.zip E >/dev/null
	while read -r call path error; do
		for ((n = 1; n < 40; n++)); do
			run --separate-stderr strace -f -o trace -P "$path" -e "trace=$call" -e "inject=$call:error=$error:when=$n" \
				bi-collect --verify x.zip
			grep -q INJECTED trace || break
			[ "$status" != 0 ] || continue
			fatal=$((fatal + 1))
			assert_equal "$status" 1
			assert_regex "$stderr" "Input/output error|Too many open files"
			assert_equal "$(jq -c 'select(.error).error | [.code, .retryable]' <<<"$output" | sort -u)" '["system_error",true]'
		done
		[ "$n" -gt 1 ] && [ "$n" -lt 40 ]
	done <<-'END'
		pread64 x.zip EIO
		newfstatat x.zip EIO
		openat x.zip EMFILE
		read x.zip.sha256 EIO
		openat x.zip.sha256 EMFILE
	END
	[ "$fatal" -gt 8 ]
	run -1 --separate-stderr strace -f -o trace -e inject=socketpair:error=EMFILE bi-collect --verify x.zip
	assert_regex "$stderr" "^bi-collect: x.zip: cannot have bi-expand unpack it: Too many open files"
	run -1 --separate-stderr bi-collect --verify "$PWD"
	assert_regex "$stderr" "SHA256SUMS is missing"
	run -0 bi-collect --verify x.zip
}

# named LINE...: a batch N of these items.
named() {
	printf '%s\n' "$@" | bi-fetch -q -b N >/dev/null
}

@test "--name: by subject, number, title, the server's name, the local name and the URL" {
	faulty_start
	printf one >'My photo.TXT'
	named "{\"subject\":\"a\",\"file\":\"$PWD/My photo.TXT\",\"title\":\"A <b>dog</b>: 1/2\"}" \
		"{\"subject\":\"b\",\"url\":\"$FAULTY/header/Content-Disposition:%20attachment;filename*=UTF-8''na%25C3%25AFve.txt/says/200/two\"}" \
		"{\"subject\":\"c\",\"url\":\"$FAULTY/says/200/n%C3%A4h.txt?x=1/2\"}"
	bi-collect --all --name '{filename}' -o out/f.tar N >/dev/null
	run tar tf out/f.tar --wildcards --quoting-style=literal '*.txt'
	assert_output 'collected/by_subject_id/a/My photo.txt
collected/by_subject_id/b/naïve.txt
collected/by_subject_id/c/näh.txt'
	bi-collect --all --name '{subject}_{n} {title}.{ext}' -o out/t.zip N >/dev/null
	run -0 bi-collect --verify out/f.tar out/t.zip out/t.zip.sha256
	bi-collect --all --name '{subject}_{n} {title}.{ext}' -o out/t.tar N >/dev/null
	run tar tf out/t.tar --wildcards '*.txt'
	assert_output 'collected/by_subject_id/a/a_1 A dog_ 1_2.txt
collected/by_subject_id/b/b_1 .txt
collected/by_subject_id/c/c_1 .txt'
	mkdir x
	tar xf out/f.tar -C x
	(cd x && sha256sum -c --quiet collected/SHA256SUMS)
	assert_equal "$(jq -r '.choices[0].file' x/collected/by_subject_id/b/metadata.json)" naïve.txt
	grep -q 'by_subject_id/b/naïve.txt' x/collected/ATTRIBUTION.csv
	grep -q 'by_subject_id/b/naïve.txt' x/collected/ATTRIBUTION.json
	# The same again is the same, whatever the locale, and the collection keeps its own names.
	LC_ALL=C bi-collect --all --name '{filename}' -o out/g.tar N >/dev/null
	cmp out/f.tar out/g.tar
	assert_equal "$(find "$S" -name '*.txt' -printf '%f\n' | grep -cE '^[0-9a-f]{64}\.txt$')" 3
}

@test "--name: names that Windows forbids, that are taken, empty or too long" {
	local i=0 title

	mkdir d
	for title in CON con 'a:b?' A_B_ ÄÖ äö ... '' 'tail. ' metadata "$(printf 'x%.0s' {1..400})" $'\u202egnp' ../../up; do
		i=$((i + 1))
		printf '%s\n' "$i" >"d/$i.txt"
		jq -nc --arg t "$title" --arg f "$PWD/d/$i.txt" '{subject: "s", file: $f, title: $t}'
	done >list
	bi-fetch -q -b N <list >/dev/null
	bi-collect --all --name '{title}' -o out/n.tar N >/dev/null
	run tar tf out/n.tar --wildcards --quoting-style=literal '*.txt'
	assert_equal "$(sed 's/.*\///; s/x\{200,\}/LONG/' <<<"$output" | sort)" "$(
		printf '%s\n' _CON.txt _con_2.txt a_b_.txt A_B__2.txt ÄÖ.txt äö_2.txt s_7.txt s_8.txt tail..txt metadata.txt \
			LONG.txt gnp.txt _.._up.txt | sort
	)"
	assert_equal "$(wc -L <<<"${output//collected\/by_subject_id\/s\//}")" 240
	run -0 bi-collect --verify out/n.tar
}

@test "--name: a file that two batches chose has one name, and never that of the metadata" {
	printf '{"a":1}\n' >metadata.json
	bi-fetch -q -b N <<<"{\"subject\":\"s\",\"file\":\"$PWD/metadata.json\"}" >/dev/null
	bi-fetch -q -b O <<<"{\"subject\":\"s\",\"file\":\"$PWD/metadata.json\"}" >/dev/null
	bi-collect --all --name '{filename}' -o out/j.tar N O >/dev/null
	run tar tf out/j.tar --wildcards 'collected/by_subject_id/*'
	assert_output 'collected/by_subject_id/s/metadata_2.json
collected/by_subject_id/s/metadata.json'
	run -0 bi-collect --verify out/j.tar
	tar xf out/j.tar
	assert_equal "$(jq -c '[.choices[].file]' collected/by_subject_id/s/metadata.json)" '["metadata_2.json","metadata_2.json"]'
}

@test "--name: directories of subjects are safe too, and samples of a webdataset are unique in all files" {
	local id

	for id in con A a aux. x.y; do
		printf '%s\n' "$id" >"f-$id.txt"
		printf '{"subject":"%s","file":"%s","title":"v1.2 same"}\n' "$id" "$PWD/f-$id.txt"
	done | bi-fetch -q -b N >/dev/null
	bi-collect --all --name '{n}' -o out/d.tar N >/dev/null
	run tar tf out/d.tar --wildcards '*/1.txt'
	assert_equal "$(cut -d/ -f3- <<<"$output" | sort | xargs)" "$(printf '%s\n' A/1.txt _con/1.txt a_2/1.txt _aux/1.txt x.y/1.txt | sort | xargs)"
	run -0 bi-collect --verify out/d.tar
	bi-collect --all --name '{title}' --format webdataset --shard-size 2 -o out/w.tar N >/dev/null
	run -0 bi-collect --verify out/w.sha256
	for id in out/w-*.tar; do
		tar tf "$id"
	done | grep -v __bi__ >names
	assert_equal "$(grep -c json names)" 5
	assert_equal "$(head -n 2 names)" $'v1,2 same.txt\nv1,2 same.json'
	grep -qx 'v1,2 same_5.txt' names
	tar xf out/w-000000.tar 'v1,2 same.json'
	assert_equal "$(jq -r '.choices[0].file' 'v1,2 same.json')" 'v1,2 same.txt'
}

@test "--name: a template that is wrong is refused" {
	local template

	for template in '{what}' '{subject' 'a}' '{subject}/{n}' '{n}\x' plain '{ext}'; do
		run -2 bi-collect --all --name "$template" -o out/x.tar N
		assert_output --partial -- '--name'
	done
	run -2 bi-collect --all --name '{n}' N
	assert_output --partial 'needs --output'
}

@test "documents: a table, the metadata, the credits, the same to a file and to standard output" {
	local format

	batch E 3
	for format in csv json md; do
		run -0 bi-collect -o "out/a.$format" E
		assert_equal "$(jq -r 'select(.export) | "\(.export) \(.files)"' <<<"$output")" "$PWD/out/a.$format 3"
		bi-collect -o - --format "$format" E >"out/b.$format"
		cmp "out/a.$format" "out/b.$format"
	done
	assert_equal "$(find out -type f | wc -l)" 6
	# Each path is that of the file in an archive.
	bi-collect -o - E | tar x
	jq -r '.subjects[].choices[].file' out/a.json | while read -r name; do ls collected/by_subject_id/*/"$name"; done
	run python3 -c 'import csv, os, sys
for r in csv.DictReader(open("out/a.csv", newline="")):
    print(r["subject"], r["name"], r["candidate"], r["title"], r["license"], r["reviewers"], os.path.getsize(r["file"]) == int(r["bytes"]))'
	assert_line --index 1 's.2 S 2 1 T 2 CC0 1.0 ada True'
	assert_equal "${#lines[@]}" 3
	grep -q '^- \*\*S 2\*\* (s\.2): .*T 2' out/a.md
	# Names by a template are the same in both.
	bi-collect -o - --name '{title}' --format csv E | grep -q '"collected/by_subject_id/s.1/T 1.txt"'
}

@test "documents: a suffix and --format that contradict each other, and what is too full" {
	batch E 1
	run -2 bi-collect -o x.csv --format json E
	run -2 bi-collect -o x.zip --format coco E
	run -2 bi-collect -o x.json --format csv E
	run -2 bi-collect -o x.json --format xml E
	run -0 bi-collect -o x --format csv E
	run -74 bash -c 'bi-collect -o - --format json E >/dev/full'
	rm "$BI_ROOT/batches/E/picks.ndjson"
	run -1 bi-collect -o y.csv E
	[ ! -e y.csv ]
}

@test "COCO: sizes, categories, licences; what is not a picture is named" {
	local k

	for k in 1 2 3; do
		vips black "p$k.png" $((k * 100)) 50 2>/dev/null
		printf '{"subject":{"id":%d,"name":"N \\"%d\\" é","category":"M"},"file":"%s/p%d.png","license":"CC BY 4.0"}\n' "$k" "$k" "$PWD" "$k"
	done >items
	echo words >words.txt
	printf '{"subject":{"id":4,"name":"Words"},"file":"%s/words.txt"}\n' "$PWD" >>items
	bi-fetch -q -b C <items >/dev/null
	run -0 --separate-stderr bi-collect --all --format coco -o c.json C
	[[ $stderr == *"subject 4: collected/by_subject_id/4/"*"is left out of the export"* ]]
	run -0 jq -c '[.images[] | [.id, .width, .height, .license]], [.annotations[] | [.image_id, .category_id, .bbox, .area]], [.categories[] | [.id, .name, .supercategory]], .licenses' c.json
	assert_line --index 0 '[[1,100,50,1],[2,200,50,1],[3,300,50,1]]'
	assert_line --index 1 '[[1,1,[0,0,100,50],5000],[2,2,[0,0,200,50],10000],[3,3,[0,0,300,50],15000]]'
	assert_line --index 2 '[[1,"N \"1\" é","M"],[2,"N \"2\" é","M"],[3,"N \"3\" é","M"]]'
	assert_line --index 3 '[{"id":1,"name":"CC BY 4.0","url":"https://creativecommons.org/licenses/by/4.0/"}]'
	# Without any picture it is still a document.
	printf '{"subject":{"id":5,"name":"Words"},"file":"%s/words.txt"}\n' "$PWD" | bi-fetch -q -b D >/dev/null
	bi-collect --all --format coco -o - D | jq -e '.images == [] and .annotations == [] and .categories == [] and .licenses == []'
}

@test "--private: the same export, and the collection stays as it is" {
	batch E 2
	run -0 bi-collect --private -o x.tar E
	assert_equal "$(jq -c 'select(.status) | [.status, has("collected")]' <<<"$output" | sort -u)" '["collected",false]'
	[ ! -e "$BI_ROOT/collected" ]
	bi-collect -o y.tar E >/dev/null
	cmp x.tar y.tar
	cp -a "$BI_ROOT/collected" before
	# Other decisions change only what is collected without it.
	printf '{"subject":"s.1","choice":2,"reviewer":"ada","at":"2026-11-22T11:00:00.000Z"}\n' >>"$BI_ROOT/batches/E/picks.ndjson"
	bi-collect --private --strict -o z.tar E >/dev/null
	run ! cmp -s x.tar z.tar
	diff -r before "$BI_ROOT/collected"
	assert_equal "$(ls "$BI_ROOT/temp")" ''
}

@test "--private: what a killed process left is removed by the next one, and by bi-clean; what is in use is not" {
	batch E 1
	mkdir -p "$BI_ROOT/temp/collect-0123456789abcdef.scratch/by_subject_id/7" "$BI_ROOT/temp/other"
	echo x >"$BI_ROOT/temp/collect-0123456789abcdef.scratch/by_subject_id/7/x"
	mkdir "$BI_ROOT/temp/collect-used.scratch"
	exec 9<"$BI_ROOT/temp/collect-used.scratch"
	flock 9
	bi-collect --private -o x.tar E >/dev/null
	assert_equal "$(ls "$BI_ROOT/temp")" $'collect-used.scratch\nother'
	run -0 --separate-stderr bi-clean temp
	assert_output --partial '; 1 in use'
	[[ $stderr == *"temp/other is a directory"* ]]
	exec 9<&-
	run -0 bi-clean -n temp
	assert_line --partial 'would remove collect-used.scratch'
	run -0 bi-clean temp
	assert_equal "$(ls "$BI_ROOT/temp")" 'other'
}

# pictures NAME: a batch of three pictures of two subjects, with titles that are dangerous, and a text.
pictures() {
	local k

	for k in 1 2 3; do
		vips black "$1$k.png" $((k * 100)) 50 2>/dev/null
		jq -nc --argjson k "$k" --arg f "$PWD/$1$k.png" \
			'{subject: {id: (if $k == 3 then "7" else "5" end), name: "N \"\($k)\", é", category: "M"}, file: $f,
			  title: "=HYPERLINK(\"http://evil.example/\";\"a,b\")", author: "A\nB", license: "CC BY 4.0"}'
	done >items
	echo words >"$1.txt"
	printf '{"subject":{"id":"7"},"file":"%s"}\n' "$PWD/$1.txt" >>items
	bi-fetch -q -b "$1" <items >/dev/null
}

@test "imagefolder: metadata.csv names every picture, and the same bytes come in every container" {
	pictures I
	run -0 --separate-stderr bi-collect --all --format imagefolder -o out/i/ I
	assert_regex "$stderr" 'subject 7: .*left out of the export'
	assert_equal "$(jq -r 'select(.export) | "\(.export) \(.files)"' <<<"$output")" "$PWD/out/i 3"
	assert_equal "$(head -c 40 out/i/train/metadata.csv)" 'file_name,label,subject,category,title,a'
	run -0 python3 -c 'import csv, os
rows = list(csv.DictReader(open("out/i/train/metadata.csv", newline="")))
assert all(r["title"].startswith("\x27=HYPERLINK(\"http") for r in rows)
assert all(r["author"] == "A B" for r in rows)
names = {os.path.join("out/i/train", r["file_name"]) for r in rows}
have = {os.path.join(d, f) for d, _, fs in os.walk("out/i/train") for f in fs if f != "metadata.csv"}
assert names == have, (names, have)
print(*sorted((r["width"], r["label"], r["license"]) for r in rows))'
	assert_output "('100', 'N \"1\", é', 'CC BY 4.0') ('200', 'N \"1\", é', 'CC BY 4.0') ('300', 'N \"3\", é', 'CC BY 4.0')"
	(cd out/i && sha256sum -c --quiet __bi__/SHA256SUMS)
	for k in zip tar.zst tar; do
		bi-collect --all --format imagefolder -o "out/i.$k" I >/dev/null 2>&1
		bi-collect --all --format imagefolder -o "out/j.$k" I >/dev/null 2>&1
		cmp "out/i.$k" "out/j.$k"
	done
	bi-collect --all --format imagefolder -o - I 2>/dev/null | cmp - out/i.tar
	run -0 bi-collect --verify out/i/ out/i.zip out/i.tar.zst out/i.tar
	mkdir x
	python3 -m zipfile -e out/i.zip x
	diff -r x out/i
	# By a template, in the archive and in the table.
	bi-collect --all --format imagefolder --name 'p{n}' -o out/n/ I >/dev/null 2>&1
	[ -e out/n/train/images/5/p1.png ]
	grep -q '^"images/5/p1.png",' out/n/train/metadata.csv
}

@test "a directory: the same members as an archive, verified, and never over another" {
	batch E 2
	run -0 bi-collect -o out/d/ E
	bi-collect -o out/d.tar E >/dev/null
	mkdir x out/empty
	tar xf out/d.tar -C x
	diff -r x out/d
	run -0 bi-collect --verify out/d
	assert_line --index 0 '{"export":"out/d","status":"verified","members":8}'
	run -73 bi-collect -o out/d/ E
	assert_output --partial 'exists, and is not an empty directory'
	run -0 bi-collect -o out/empty/// E
	run -2 bi-collect -o out/w/ --format webdataset E
	run -2 bi-collect -o out/w/ --format zip E
	run -2 bi-collect -o out/w/ --format csv E
	run -2 bi-collect -o ../ E
	assert_equal "$(find out -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs)" 'd d.tar d.tar.sha256 empty'
	# What was changed, added, removed, or made a link.
	echo x >>"$(echo out/d/collected/by_subject_id/s.1/*.txt)"
	touch out/d/more
	rm out/d/collected/ATTRIBUTION.md
	rm out/d/collected/ATTRIBUTION.csv
	ln -s /etc/passwd out/d/collected/ATTRIBUTION.csv
	run -1 --separate-stderr bi-collect --verify out/d
	assert_equal "$(jq -r 'select(.member).error.code' <<<"$output" | sort | xargs)" \
		'member_added member_changed member_missing member_missing member_not_a_file'
}

@test "decisions: who chose and rejected what, when and why, and what nobody decided, disputes too" {
	batch E 3
	sed -i '/s\.3/d' "$BI_ROOT/batches/E/picks.ndjson"
	printf '{"subject":"s.1","choice":0,"reviewer":"bob","at":"2026-11-22T11:00:00.000Z","reason":"blurred","note":"=1+1, \\"no\\""}\n' \
		>>"$BI_ROOT/batches/E/picks.ndjson"
	run -4 bi-collect --private --format decisions -o d.csv E
	run -4 bi-collect --private --format decisions-ndjson -o d.ndjson E
	run -0 python3 -c 'import csv
for r in csv.DictReader(open("d.csv", newline="")):
    print(r["subject"], r["candidate"], r["decision"], r["reviewer"], r["at"], r["reason"], r["note"], r["disputed"], r["license"], r["status"])'
	assert_output "s.1 1 chosen ada 2026-11-22T10:00:00.000Z   true CC0 1.0 completed
s.1 1 rejected bob 2026-11-22T11:00:00.000Z blurred '=1+1, \"no\" true CC0 1.0 completed
s.1 2 rejected ada 2026-11-22T10:00:00.000Z   true CC0 1.0 completed
s.1 2 rejected bob 2026-11-22T11:00:00.000Z blurred '=1+1, \"no\" true CC0 1.0 completed
s.2 1 chosen ada 2026-11-22T10:00:00.000Z    CC0 1.0 completed
s.2 2 rejected ada 2026-11-22T10:00:00.000Z    CC0 1.0 completed
s.3 1 undecided      CC0 1.0 completed
s.3 2 undecided      CC0 1.0 completed"
	assert_equal "$(jq -r .note d.ndjson | grep -c '^=1+1')" 2
	assert_equal "$(jq -s 'length' d.ndjson)" 8
	# Nothing of this machine is in it.
	run ! grep -qF "$PWD" d.csv
	run ! grep -qF "$PWD" d.ndjson
	bi-collect --private --format decisions -o - E 2>/dev/null | cmp - d.csv
}

@test "a filter of the user: a document, an archive, and what it may not name" {
	local line

	batch E 2
	printf '# export document\ninputs | "\\(.id) \\(.choices[0].credit.title)\\n"\n' >mine.jq
	bi-collect --format ./mine.jq -o mine E >/dev/null
	assert_equal "$(<mine)" $'s.1 T 1\ns.2 T 2'
	printf '# export members\ninputs | {member: "all/\\(.id).txt", source}, {member: "all/list", text: "\\(.id)\\n"}\n' >mine.jq
	bi-collect --format ./mine.jq -o m/ E >/dev/null
	cmp m/all/s.2.txt f-2-1.txt
	assert_equal "$(<m/all/list)" $'s.1\ns.2'
	run -0 bi-collect --verify m
	while read -r line; do
		printf '# export members\n[inputs][0] | %s\n' "$line" >bad.jq
		run -65 bi-collect --format ./bad.jq -o b/ E
		[ ! -e b ]
	done <<-'END'
		{member: "../x", text: ""}
		{member: "/etc/x", source}
		{member: "__bi__/x", source}
		{member: "x", source: "../../batches/E/items.ndjson"}
		{member: "x", source: "s.1/metadata.json"}
		{member: "x", source, text: "x"}
		{member: "x", source}, {member: "x", text: "x"}
		"x"
	END
	assert_equal "$(find . -maxdepth 1 -name '.b.*')" ''
	echo 'error("no")' | cat <(echo '# export document') - >bad.jq
	run -70 bi-collect --format ./bad.jq -o b E
	assert_output --partial 'bad.jq failed'
	echo '"x"' >bad.jq
	run -78 bi-collect --format ./bad.jq -o b E
	assert_output --partial 'its first line'
	run -2 bi-collect --format none -o b E
	run -66 bi-collect --format none.jq -o b E
}

@test "a filter sees no environment, and one that never ends is ended" {
	batch E 1
	printf '# export document\n[env | keys[]], (0 | localtime | mktime) | tojson\n' >mine.jq
	BI_SECRET=x TZ=Asia/Tokyo bi-collect --format ./mine.jq -o mine E >/dev/null
	assert_equal "$(<mine)" '[]0'
	printf '# export document\nlast(repeat(1))\n' >bad.jq
	run -70 prlimit --cpu=3 -- bi-collect --format ./bad.jq -o b E
	assert_output --partial 'bad.jq took too much processor time'
	[ ! -e b ]
}

@test "with nothing decided there is exit 1 and no file, whatever the format, and without an export too" {
	local format

	batch E 2
	rm "$BI_ROOT/batches/E/picks.ndjson"
	: | bi-fetch -q -b empty >/dev/null || :
	run -1 bi-collect E
	assert_output --partial 'nobody has decided anything yet'
	for format in tar zip webdataset json md csv decisions decisions-ndjson coco imagefolder; do
		run -1 bi-collect --format "$format" -o no E
		assert_output --partial 'no is not written'
		[ "$format" = webdataset ] || run -1 bi-collect --format "$format" -o - E
	done
	run -1 bi-collect -o no/ E
	# All rejected: the table of decisions has that.
	printf '{"subject":"s.%s","choice":0,"reviewer":"ada","at":"2026-11-22T10:00:00.000Z"}\n' 1 2 >"$BI_ROOT/batches/E/picks.ndjson"
	run -0 bi-collect E
	run -1 bi-collect --format imagefolder -o no E
	run -0 bi-collect --format decisions -o table.csv E
	assert_equal "$(grep -c rejected table.csv)" 4
	# All chosen ones refused, and one of two.
	printf '{"subject":"u","file":"%s"}\n' "$PWD/f-1-1.txt" | bi-fetch -q -b U >/dev/null
	run -1 bi-collect --all --strict -o no.zip U
	batch F 1
	run -1 bi-collect --all --strict -o some.zip U F
	[ -e some.zip ]
	assert_equal "$(find . -maxdepth 1 -name 'no*')" ''
}
