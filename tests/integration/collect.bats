#!/usr/bin/env bats
# bi-collect: what reviewers chose, in the collection.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

setup() {
	bi_setup
	C=$BI_ROOT/collected
	S=$C/by_subject_id
}

# batch NAME SUBJECTS CANDIDATES [CATEGORY]: fetches a batch of text files, the same ones for all batches.
batch() {
	local i k

	for ((i = 1; i <= $2; i++)); do
		for ((k = 1; k <= $3; k++)); do
			echo "file $i $k" >"f-$i-$k.txt"
			printf '{"subject":{"id":"%s","name":"Subject %s","category":"%s"},"file":"%s","title":"T %s %s","author":"A","license":"CC BY 4.0"}\n' \
				"$i" "$i" "${4-M}" "$PWD/f-$i-$k.txt" "$i" "$k"
		done
	done | bi-fetch -q -b "$1" >/dev/null
}

# pick BATCH SUBJECT CHOICE [REVIEWER] [TIME]
pick() {
	printf '{"subject":"%s","choice":%s,"reviewer":"%s","at":"%s"}\n' "$2" "$3" "${4-ada}" \
		"${5-2026-11-22T10:00:00.000Z}" >>"$BI_ROOT/batches/$1/picks.ndjson"
}

# sum FILE: its SHA-256.
sum() {
	sha256sum "$1" | cut -d' ' -f1
}

# collected ID TEXT...: the directory has exactly these files, and metadata that says so.
collected() {
	local id=$1 text

	shift
	assert_equal "$(find "$S/$id" -type f -name '*.txt' -exec cat {} + | sort)" "$(printf '%s\n' "$@" | sort)"
	assert_equal "$(jq -r '.choices[].file' "$S/$id/metadata.json" | sort -u)" "$(find "$S/$id" -type f -name '*.txt' -printf '%f\n' | sort)"
	for text in "$S/$id"/*.txt; do
		assert_equal "$(basename "$text")" "$(sum "$text").txt"
	done
}

# everything: what is in the collection, with inodes and times of change.
everything() {
	find "$C" -printf '%p %i %C@\n' | sort
}

@test "picks go to the collection with who, when, and the credit" {
	batch M_batch1 3 2
	pick M_batch1 1 2
	pick M_batch1 2 0
	run -0 bi-collect M_batch1
	assert_equal "$(jq -r 'select(.status=="collected").collected' <<<"$output")" "$S/1/$(sum f-1-2.txt).txt"
	assert_line --index 1 '{"end":"bi-collect","collected":1,"new":1,"removed":0,"conflicts":0,"failed":0,"exit":0}'
	collected 1 'file 1 2'
	[ ! -e "$S/2" ]
	[ ! -e "$S/3" ]
	run -0 command jq -c '.choices[0] | [.batch, .idx, .how, .reviewers, .name, .category, .credit.licenses[0].id, .item.license]' "$S/1/metadata.json"
	assert_output '["M_batch1",2,"picked",[{"reviewer":"ada","at":"2026-11-22T10:00:00.000Z"}],"Subject 1","M","CC-BY-4.0","CC BY 4.0"]'
	grep -q '^- \*\*Subject 1\*\* (1): .T 1 2. by A; licence: \[CC BY 4.0\]' "$C/ATTRIBUTION.md"
	[ -z "$(ls -A "$BI_ROOT/temp")" ]
}

@test "what has no title is called by the name of its file, or by its place" {
	echo 1 >"it's one.txt"
	echo 2 >two.txt
	echo 3 >three.txt
	faulty_start
	{
		printf '{"subject":{"id":7,"name":"Ada"},"file":"%s"}\n' "$PWD/it's one.txt"
		printf '{"subject":{"id":7,"name":"Ada"},"url":"%s/bytes/30/named.bin?x=1"}\n' "$FAULTY"
		printf '{"subject":{"id":8},"url":"%s/bytes/31/"}\n' "$FAULTY"
		printf '{"subject":{"id":9,"name":"Mary"},"url":"%s/bytes/32/?q=a/b"}\n' "$FAULTY"
		printf '{"file":"%s","title":"Two"}\n' "$PWD/two.txt"
	} | bi-fetch -q -b labels >records
	bi-collect --all labels >out
	grep -o '“[^”]*”' "$C/ATTRIBUTION.md" | sort >called
	assert_equal "$(<called)" "$(sort <<-'END'
		“it's one.txt”
		“named.bin”
		“candidate 1 of 8”
		“candidate 1 of Mary”
		“Two”
	END
	)"
	# A title is what the item said, and no more.
	jq -e '[.attributions[] | select(.title)] | length == 1' "$C/ATTRIBUTION.json"
}

@test "a batch that nobody reviewed, and a preferred reviewer whom nobody knows, are said" {
	batch new 1 2
	run -1 --separate-stderr bi-collect new
	assert_equal "$stderr" 'bi-collect: batch new: nobody has decided anything yet: review it, or take every item by --all'
	pick new 1 1
	run -0 --separate-stderr bi-collect --prefer adda --prefer newest --prefer ada new
	assert_equal "$stderr" 'bi-collect: batch new: no reviewer adda has decided anything in it'
}

@test "run again, nothing is written" {
	batch again 2 2
	pick again 1 1
	pick again 2 2
	bi-collect again >first
	everything >before
	run -0 bi-collect again
	everything | diff before -
	assert_equal "$(jq -c 'select(.status) | .new' <<<"$output" | sort -u)" false
	# What was lost from the collection comes back, and nothing else is touched.
	rm "$S/1/"*.txt "$C/ATTRIBUTION.csv"
	bi-collect again
	collected 1 'file 1 1'
	[ -e "$C/ATTRIBUTION.csv" ]
	grep by_subject_id/2 before >two
	everything | grep by_subject_id/2 | diff two -
}

@test "a decision that changes changes the collection; another batch's choice stays" {
	batch one 2 3
	batch two 2 3
	pick one 1 1
	pick two 1 2
	bi-collect one two
	collected 1 'file 1 1' 'file 1 2'
	pick one 1 2
	run -0 bi-collect one
	assert_equal "$(jq -r 'select(.status=="removed").file' <<<"$output")" "$(sum f-1-1.txt).txt"
	collected 1 'file 1 2'
	assert_equal "$(jq -r '[.choices[].batch] | join(" ")' "$S/1/metadata.json")" 'one two'
	pick one 1 null
	run -1 bi-collect one
	collected 1 'file 1 2'
	assert_equal "$(jq -r '[.choices[].batch] | join(" ")' "$S/1/metadata.json")" two
	echo mine >"$S/1/notes"
	pick two 1 0
	bi-collect two
	assert_equal "$(ls "$S/1")" notes
	rm "$S/1/notes"
	bi-collect two
	[ ! -e "$S/1" ]
	grep -qx 'Nothing is collected.' "$C/ATTRIBUTION.md"
	# A batch that has gone leaves what it chose.
	pick one 2 1
	bi-collect one
	rm -r "$BI_ROOT/batches/one"
	bi-collect two
	collected 2 'file 2 1'
}

@test "reviewers who differ: named, exit 4, the rest is collected; --prefer resolves" {
	batch D 2 3
	pick D 1 1 ada 2026-11-22T10:00:00.5Z
	pick D 1 2 bob 2026-11-22T10:00:00.123456Z
	pick D 2 3 ada
	pick D 2 3 bob
	run -4 --separate-stderr bi-collect D
	[[ $stderr == *'subject 1: reviewers differ: ada chose 1, bob chose 2;'* ]]
	assert_equal "$(jq -r 'select(.status=="refused").error.code' <<<"$output")" disagreement
	assert_line --partial '"conflicts":1,"failed":0,"exit":4}'
	[ ! -e "$S/1" ]
	collected 2 'file 2 3'
	assert_equal "$(wc -l <"$BI_ROOT/batches/D/picks.ndjson")" 4
	run -0 bi-collect --prefer carol --prefer bob D
	collected 1 'file 1 2'
	run -0 command jq -c '.choices[0] | [.how, .reviewers[0].reviewer, .overruled]' "$S/1/metadata.json"
	assert_output '["preferred","bob",[{"reviewer":"ada","choice":1,"at":"2026-11-22T10:00:00.5Z"}]]'
	run -0 bi-collect --prefer newest D
	collected 1 'file 1 1'
	# Without it they differ again: what was collected stays, marked, and is not exported.
	run -4 bi-collect -o x.tar D
	collected 1 'file 1 1'
	assert_equal "$(jq '.choices[0].disputed' "$S/1/metadata.json")" true
	run tar tf x.tar
	refute_output --partial by_subject_id/1/
	assert_output --partial by_subject_id/2/
	# One of them decides again.
	pick D 1 2 ada
	run -0 bi-collect D
	collected 1 'file 1 2'
	assert_equal "$(jq '.choices[0].disputed' "$S/1/metadata.json")" null
	# Two at the same time: no newest.
	pick D 2 1 bob
	run -4 bi-collect --prefer newest D
}

@test "two batches that mean different subjects by one id: refused, named, exit 4" {
	batch M_batch1 2 1
	batch P_batch1 2 1 P
	pick M_batch1 1 1
	pick P_batch1 1 1
	pick P_batch1 2 1
	run -4 --separate-stderr bi-collect M_batch1 P_batch1
	[[ $stderr == *"batch P_batch1: subject 1: it is 'Subject 1' (M) in batch M_batch1 and 'Subject 1' (P) here; collect it by another id"* ]]
	assert_equal "$(jq -r '.choices[].batch' "$S/1/metadata.json")" M_batch1
	assert_equal "$(jq -r '.choices[].batch' "$S/2/metadata.json")" P_batch1
	# It is free when the other has taken it back.
	pick M_batch1 1 0
	run -0 bi-collect M_batch1 P_batch1
	assert_equal "$(jq -r '.choices[].batch' "$S/1/metadata.json")" P_batch1
	# Items without a subject have numbers of their batch alone.
	printf '%s\n' "$PWD/f-1-1.txt" | bi-fetch -q -b x >/dev/null
	printf '%s\n' "$PWD/f-2-1.txt" | bi-fetch -q -b y >/dev/null
	run -0 bi-collect --all x y
	collected x_i1 'file 1 1'
	collected y_i1 'file 2 1'
}

@test "--all takes what is completed of a batch that nobody reviewed" {
	batch all 2 2
	printf '{"subject":{"id":"3"},"file":"/nowhere"}\n' | bi-fetch -q -b all >/dev/null || [ $? -eq 1 ]
	run -1 bi-collect all
	assert_output --partial '"collected":0'
	run -0 bi-collect --all all
	assert_output --partial '"collected":4'
	collected 2 'file 2 1' 'file 2 2'
	[ ! -e "$S/3" ]
	# Without it they stay; once somebody decides, only that.
	run -0 bi-collect all
	collected 2 'file 2 1' 'file 2 2'
	pick all 1 2
	run -0 bi-collect --all all
	assert_output --partial 'has been reviewed'
	collected 1 'file 1 2'
	[ ! -e "$S/2" ]
}

@test "--strict refuses what has no licence or is not free" {
	for i in 1 2 3; do
		echo "s $i" >"s$i.txt"
	done
	{
		printf '{"subject":"1","file":"%s","license":"CC0"}\n' "$PWD/s1.txt"
		printf '{"subject":"2","file":"%s","title":"none"}\n' "$PWD/s2.txt"
		printf '{"subject":"3","file":"%s","license":"CC BY 4.0","non_free":"true"}\n' "$PWD/s3.txt"
	} | bi-fetch -q -b strict >/dev/null
	for i in 1 2 3; do
		pick strict $i 1
	done
	run -0 bi-collect strict
	collected 2 's 2'
	run -1 --separate-stderr bi-collect --strict -o s.zip strict
	[[ $stderr == *'subject 2: candidate 1 has no licence'* ]]
	[[ $stderr == *'subject 3: candidate 1 is not free to use'* ]]
	assert_output --partial '"collected":1,"new":0,"removed":2,"conflicts":0,"failed":2,"exit":1}'
	[ ! -e "$S/2" ]
	run ! grep -q 's2\|"2"' "$C/ATTRIBUTION.json"
}

@test "--allow widens what --strict takes" {
	local i=0 licence

	for licence in 'CC BY 4.0' 'CC BY-NC 4.0' 'CC BY-ND 4.0' 'CC BY-NC-ND 4.0' '|licenseurl=' 'CC BY-NC 4.0 or GFDL'; do
		i=$((i + 1))
		echo "w $i" >"w$i.txt"
		jq -nc --arg i $i --arg l "$licence" --arg f "$PWD/w$i.txt" '{subject:$i,file:$f,license:$l}'
	done | bi-fetch -q -b wide >/dev/null
	run -1 --separate-stderr bi-collect --private --all --strict wide
	assert_equal "$(grep -oE 'subject [0-9]' <<<"$stderr" | tr -d 'a-z \n')" 2345
	[[ $stderr == *'subject 4: candidate 1 may not be changed or sold (NC, ND); choose another, or allow it: --allow'* ]]
	[[ $stderr == *'subject 5: candidate 1 has a licence that is not known'* ]]
	run -1 --separate-stderr bi-collect --private --all --allow nc wide
	assert_equal "$(grep -oE 'subject [0-9]' <<<"$stderr" | tr -d 'a-z \n')" 345
	run -1 --separate-stderr bi-collect --private --all --allow nc --allow ND wide
	assert_equal "$(grep -oE 'subject [0-9]' <<<"$stderr" | tr -d 'a-z \n')" 5
	run -1 --separate-stderr bi-collect --private --all --allow nc,nd wide
	assert_equal "$(grep -oE 'subject [0-9]' <<<"$stderr" | tr -d 'a-z \n')" 5
	run -2 bi-collect --all --allow sale wide
	# The table is a file, which can have more lines.
	mkdir -p mine
	cp -r "$BI_SHARE/." mine/
	printf -- '-\tHouse licence\thttps://house.example/terms\tuse,change,commerce\t| licenseurl=\n' >>mine/licences
	BI_SHARE=$PWD/mine run -0 bi-collect --private --all --allow nc,nd wide
	printf 'two\tfields\n' >>mine/licences
	BI_SHARE=$PWD/mine run -69 bi-collect --private --all wide
	assert_output --partial "mine/licences: the line of 'two' has not five fields"
	rm mine/licences
	BI_SHARE=$PWD/mine run -69 bi-collect --private --all wide
	assert_output --partial 'licences'
}

@test "thirty items come to the credits that were written down" {
	local n=0 line

	while read -r line; do
		n=$((n + 1))
		printf 'picture %d\n' "$n" >"p$n.txt"
		jq -c --arg id "$(printf F%02d "$n")" --arg file "$PWD/p$n.txt" \
			'{subject:{id:$id,name:.what},file:$file} + del(.what)' <<<"$line"
	done <"$BATS_TEST_DIRNAME/credits/items.ndjson" >in
	assert_equal "$n" 30
	bi-fetch -q -b credits <in >/dev/null
	bi-collect --all credits >out
	for n in csv json md; do
		diff "$BATS_TEST_DIRNAME/credits/ATTRIBUTION.$n" "$C/ATTRIBUTION.$n"
	done
	jq -e '.attributions | length == 30' "$C/ATTRIBUTION.json"
	# Those without a licence, and those that are not free, are named.
	run -1 --separate-stderr bi-collect --all --strict credits
	assert_equal "$(grep -oE 'subject F[0-9]+' <<<"$stderr" | tr '\n' ' ')" 'subject F09 subject F10 subject F13 subject F20 subject F22 subject F23 subject F24 subject F29 '
	# An export has the same.
	bi-collect --all -o x.tar credits >out
	tar xf x.tar
	for n in csv json md; do
		diff "$BATS_TEST_DIRNAME/credits/ATTRIBUTION.$n" "collected/ATTRIBUTION.$n"
	done
}

@test "hostile names, titles and licences stay text in metadata, CSV and Markdown" {
	local evil=$'a\nb | =cmd() </td><script>alert(1)</script> `x` \u202e\U1F600'

	echo x >x.txt
	jq -nc --arg e "$evil" --arg f "$PWD/x.txt" \
		'{subject:{id:"E",name:$e,category:$e},file:$f,title:("="+$e),author:("+"+$e),license:("@"+$e),credit:$e,page:("https://example.org/"+$e)}' |
		bi-fetch -q -b evil >/dev/null
	pick evil E 1 $'\U1F600 r\u00e9'
	run -0 bi-collect evil
	assert_equal "$(jq -r '.choices[0].item.title' "$S/E/metadata.json")" "=$evil"
	assert_equal "$(wc -l <"$C/ATTRIBUTION.md")" 3
	run ! grep -qP '(?<!\\)[<`|]|\x{202e}' "$C/ATTRIBUTION.md"
	assert_equal "$(grep -c '' "$C/ATTRIBUTION.csv")" 2
	run ! grep -qE '(^|,)"[=+@-]' "$C/ATTRIBUTION.csv"
	jq -e '.attributions[0].author' "$C/ATTRIBUTION.json"
}

@test "a pick whose file is not there, or is not what was fetched" {
	batch gone 3 1
	for i in 1 2 3; do
		pick gone $i 1
	done
	rm "$BI_ROOT/batches/gone/files/1_1.txt"
	rm "$BI_ROOT/batches/gone/files/2_1.txt"
	echo 'other' >"$BI_ROOT/batches/gone/files/2_1.txt"
	run -1 --separate-stderr bi-collect gone
	assert_equal "$(jq -r 'select(.status=="refused") | .subject + .error.code' <<<"$output" | tr '\n' ' ')" '1not_completed 2file_changed '
	collected 3 'file 3 1'
	[ ! -e "$S/1" ]
	[ ! -e "$S/2" ]
	# What is collected stays when the batch loses it.
	rm "$BI_ROOT/batches/gone/files/3_1.txt"
	run -1 bi-collect gone
	collected 3 'file 3 1'
}

@test "damaged metadata is named, and the others go on" {
	batch bad 3 1
	for i in 1 2 3; do
		pick bad $i 1
	done
	bi-collect bad >/dev/null
	: >"$S/2/metadata.json"
	rm -r "$S/3"
	run -1 bi-collect bad
	assert_output --partial 'subject 2: its items or its metadata.json'
	collected 3 'file 3 1'
	rm "$S/2/metadata.json"
	run -0 bi-collect bad
	collected 2 'file 2 1'
}

@test "metadata of another form is damaged too, and nothing of it is overwritten" {
	local text

	batch bad 2 1
	pick bad 2 1
	bi-collect bad >/dev/null
	mkdir "$S/9"
	for text in '[]' '"x"' '{"choices":1}' '{"choices":[1,null]}' '{"choices":[{"batch":"bad","file":"short"}]}' \
		'{"choices":[{"batch":"o","file":"../../../../x"}]}' \
		"$(jq -c '.choices[0].credit = 3' "$S/2/metadata.json")" \
		"$(jq -c '.choices[0].credit.licenses = [null]' "$S/2/metadata.json")"; do
		echo "$text" >"$S/9/metadata.json"
		run -1 bi-collect --format webdataset -o x.tar bad
		assert_output --partial 'by_subject_id/9/metadata.json is damaged'
		cp "$S/2/metadata.json" good
		echo "$text" >"$S/2/metadata.json"
		run -1 bi-collect bad
		assert_output --partial 'subject 2: its items or its metadata.json'
		assert_equal "$(cat "$S/2/metadata.json")" "$text"
		cp good "$S/2/metadata.json"
	done
	rm -r "$S/9"
	run -0 bi-collect bad
}

@test "what is in a subject's way is named, not followed, and the others go on" {
	local i file

	batch way 5 1
	for i in 1 2 3 4 5; do
		pick way $i 1
	done
	file=$(sum f-2-1.txt).txt
	mkdir -p out "$S/2/$file" "$S/3/metadata.json" "$S/4"
	ln -s "$PWD/out" "$S/1"
	ln -s /etc/passwd "$S/4/metadata.json"
	run -1 bi-collect way
	for i in 1 2 3 4; do
		assert_output --partial "subject $i cannot be collected: something that is not a file or directory of bi"
	done
	assert_line --partial '"collected":1,"new":1,"removed":0,"conflicts":0,"failed":4,"exit":1}'
	collected 5 'file 5 1'
	[ -z "$(ls -A out)" ]
}

@test "a subject with more candidates than descriptors is collected as a whole" {
	batch many 1 80
	run -0 bash -c 'ulimit -n 40 && bi-collect --all many'
	assert_line --partial '"collected":80,"new":80,'
	assert_equal "$(find "$S/1" -name '*.txt' | wc -l)" 80
}

@test "lines of picks that are no decisions are said" {
	batch torn 2 1
	pick torn 1 1
	echo '{"subject":"2","choice":1,"rev' >>"$BI_ROOT/batches/torn/picks.ndjson"
	run -1 bi-collect torn
	assert_output --partial '1 lines of its picks.ndjson are not decisions'
	collected 1 'file 1 1'
}

@test "a limit on file sizes is said like a full disk" {
	batch limit 2 1
	pick limit 1 1
	run -74 bash -c 'ulimit -f 0 && bi-collect limit | cat; exit "${PIPESTATUS[0]}"'
	assert_output --partial 'File too large'
	run -0 bi-collect limit
	collected 1 'file 1 1'
}

@test "picks from a file: taken in once, and collected" {
	batch P 3 2
	echo '{"batch":"P","reviewer":"eve","selections":{"1":2,"2":0,"3":1},"at":{"1":"2026-11-22T12:00:00Z"}}' >sel.json
	run -0 bi-collect --picks sel.json
	assert_output --partial '"collected":2'
	assert_equal "$(wc -l <"$BI_ROOT/batches/P/picks.ndjson")" 3
	run -0 bi-collect --picks sel.json P
	assert_equal "$(jq -r 'select(.subject=="1").at' "$BI_ROOT/batches/P/picks.ndjson" | sort -u)" 2026-11-22T12:00:00Z
	# What the reviewer decided since is not undone by an older file.
	pick P 1 1 eve 2026-11-22T13:00:00.000Z
	run -0 bi-collect --picks sel.json P
	assert_output --partial 'older than later decisions of the same reviewer'
	collected 1 'file 1 1'
	pick P 1 null eve 2026-11-22T14:00:00.000Z
	run -0 bi-collect --picks sel.json P
	[ ! -e "$S/1" ]
	# What today's pages write.
	echo '{"batch":"P","selections":{"1":1}}' >sel.json
	run -0 bi-collect --picks sel.json
	assert_equal "$(tail -n 1 "$BI_ROOT/batches/P/picks.ndjson" | jq -r .reviewer)" anonymous
}

@test "a decision of a time that has not come yet does not win for ever" {
	batch P 3 2
	# It is stored as now, and what is decided after it counts.
	echo '{"batch":"P","reviewer":"eve","selections":{"1":2},"at":{"1":"2999-01-01T00:00:00Z"}}' >sel.json
	run -0 bi-collect --picks sel.json
	[ "$(jq -r .at "$BI_ROOT/batches/P/picks.ndjson" | cut -c 1-4)" -lt 2900 ]
	echo '{"batch":"P","reviewer":"eve","selections":{"1":1},"at":{"1":"'"$(date -u +%FT%TZ -d '+1 second')"'"}}' >sel.json
	run -0 bi-collect --picks sel.json
	refute_output --partial 'older'
	collected 1 'file 1 1'
	# One that was stored by an older version is not the newest, and undoes nothing from a file.
	pick P 2 1 eve 2999-01-01T00:00:00.000Z
	pick P 2 2 bob 2026-11-22T13:00:00.000Z
	run -0 bi-collect --prefer newest P
	collected 2 'file 2 2'
	echo '{"batch":"P","reviewer":"eve","selections":{"2":2},"at":{"2":"2026-11-23T00:00:00Z"}}' >sel.json
	run -0 bi-collect --picks sel.json
	refute_output --partial 'older'
	assert_equal "$(tail -n 1 "$BI_ROOT/batches/P/picks.ndjson" | jq -r '.subject + .at')" 22026-11-23T00:00:00Z
}

@test "picks from a file that is wrong are refused, and those on disk untouched" {
	local bad

	batch P 2 2
	batch Q 2 2
	pick P 1 1
	cp "$BI_ROOT/batches/P/picks.ndjson" before
	good='{"batch":"P","selections":{"1":2}}'
	echo "$good" >good.json
	for bad in '{"batch":"Q","selections":{"1":2}}|batch Q, which was not named' \
		'{"batch":"P","selections":{"1":2,"9":1}}|subject '"'9' is not in the batch" \
		'{"batch":"P","selections":{"1":2,"2":3}}|candidates 1 to 2, not 3' \
		'{"batch":"P","selections":{"1":-4}}|' \
		'{"batch":"P","selections":{"1":1.5}}|' \
		'{"batch":"P","selections":{"1":2|not JSON' \
		'|empty' \
		'[1]|not an object' \
		'{"selections":{"1":2}}|which batch' \
		'{"batch":"../P","selections":{"1":2}}|which batch' \
		'{"batch":"P","selections":[1]}|' \
		'{"batch":"P","reviewer":"a\u0007b","selections":{"1":2}}|'; do
		printf '%s' "${bad%|*}" >bad.json
		run -65 --separate-stderr bi-collect --picks good.json --picks bad.json P
		[[ $stderr == *"bad.json: "*"${bad##*|}"* ]] || fail "$bad: $stderr"
		cmp before "$BI_ROOT/batches/P/picks.ndjson"
		[ ! -e "$S/1" ]
	done
	run -65 bi-collect --picks <(echo "$good") P
	run -66 bi-collect --picks nowhere.json P
	run -65 bi-collect --picks <(:)
	echo '{"batch":"none","selections":{"1":2}}' >bad.json
	run -65 bi-collect --picks bad.json
	assert_output --partial 'there is no batch of that name'
}

@test "killed at any moment, it leaves whole files and goes on when run again" {
	local call i at file steps='1 3'

	need_strace
	[ -z "${BI_LONG-}" ] || steps='1 2 3 4 5 6'
	batch K 3 2
	for i in 1 2 3; do
		pick K $i 1
	done
	for call in linkat renameat unlinkat fsync mkdirat; do
		for i in $steps; do
			timeout -s KILL 120 env ASAN_OPTIONS=detect_leaks=0 strace -f -o /dev/null -e "inject=$call:signal=KILL:when=$i" \
				"$BI_BIN/bi-collect" K >/dev/null 2>&1 || [ $? -eq 137 ]
			for file in "$S"/*/*.txt; do
				[ ! -e "$file" ] || assert_equal "$(basename "$file")" "$(sum "$file").txt"
			done
			for file in "$S"/*/metadata.json; do
				[ -e "$file" ] || continue
				for at in $(jq -r '.choices[].file' "$file"); do
					[ -e "$(dirname "$file")/$at" ]
				done
			done
		done
		# The decisions change, so that there is something to remove as well.
		for i in 1 2 3; do
			pick K $i $((1 + (RANDOM & 1)))
		done
	done
	run -0 bi-collect K
	for i in 1 2 3; do
		collected $i "file $i $(grep "\"subject\":\"$i\"" "$BI_ROOT/batches/K/picks.ndjson" | tail -n 1 | jq .choice)"
	done
	everything >before
	bi-collect K
	everything | diff before -
}

@test 'several runs at once on the same subjects leave a whole collection' {
	local i k

	for i in 1 2 3 4; do
		batch "B$i" 4 4
		for k in 1 2 3 4; do
			pick "B$i" $k "$i"
		done
	done
	for i in 1 2 3 4 1 2 3 4; do
		start bi-collect "B$i" >"out.$i"
	done
	for i in "${STARTED[@]}"; do
		wait "$i"
	done
	for k in 1 2 3 4; do
		collected $k "file $k 1" "file $k 2" "file $k 3" "file $k 4"
		assert_equal "$(jq -r '[.choices[].batch] | join(" ")' "$S/$k/metadata.json")" 'B1 B2 B3 B4'
	done
	assert_equal "$(jq '.attributions | length' "$C/ATTRIBUTION.json")" 16
	[ -z "$(ls -A "$BI_ROOT/temp")" ]
	# One adds while another takes away the last.
	for i in 1 2 3 4 5; do
		pick B1 1 0
		pick B2 1 0
		pick B3 1 0
		pick B4 1 $((i % 4 + 1))
		start bi-collect B1 B2 B3 >"out.1"
		start bi-collect B4 >"out.2"
		wait "${STARTED[@]: -2:1}"
		wait "${STARTED[@]: -1:1}"
		collected 1 "file 1 $((i % 4 + 1))"
	done
}

@test 'a batch that is not there, no batch, a cut stream and a full disk are named with their exit codes' {
	batch W 1 1
	pick W 1 1
	run -66 bi-collect -o x.tar missing W
	assert_output --partial 'no batch missing'
	assert_output --partial 'x.tar is not written'
	[ ! -e x.tar ]
	grep -q 'Subject 1' "$C/ATTRIBUTION.md"
	collected 1 'file 1 1'
	run -2 bi-collect ../W
	run -1 bi-collect </dev/null
	printf '{"batch":"W","item":1,"status":"completed"}\n' >cut.ndjson
	run -1 bi-collect <cut.ndjson
	assert_output --partial 'end record'
	bi-render W | bi-collect >out
	jq -e 'select(.end=="bi-collect").exit == 0' out
	run -74 bash -c 'bi-collect W >/dev/full'
	run -2 bi-collect --format tar W
	run -2 bi-collect --format cpio -o x W
	run -2 bi-collect -o x.rar W
	run -2 bi-collect --format zip -o x.tar W
	run -2 bi-collect --verify
}
