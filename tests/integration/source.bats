#!/usr/bin/env bats
# bi-source: which subjects, how Wikimedia Commons is asked, and what its candidates are.
# shellcheck disable=SC2154 # run --separate-stderr sets stderr
load helpers

# catalog N [CATEGORY]: N subjects in an order of their own.
catalog() {
	seq "$1" -1 1 | jq -c --arg c "${2:-M}" '{id: ., name: "Name \(. + 100)", category: $c}'
}

# Nothing that Wikimedia's rules forbid was asked.
nothing_bad() {
	run ! grep -h ^BAD "${ORIGIN_LOGS[@]}"
	assert_output ''
}

items() {
	command jq -c 'select(.rank)'
}

@test "a window of a category, sorted by category and name, named as people name it" {
	local window

	{ catalog 12 M; catalog 3 P | jq -c '.id += 100'; } | shuf >list
	run -0 --separate-stderr bash -c 'bi-source -s none --json M 5 5 <list || :'
	assert_equal "$(jq -r 'select(.subject) | .subject.name' <<<"$output" | paste -sd,)" 'Name 106,Name 107,Name 108,Name 109,Name 110'
	assert_equal "$(jq -c 'select(.subject) | [.batch, .label, .category]' <<<"$output" | sort -u)" '["M_batch2","Batch 2 (chars 6-10)","M"]'
	bi-source -s none --json M 5 10 <list 2>/dev/null >out || :
	assert_equal "$(jq -r 'select(.subject) | [.batch, .label, .subject.name] | join(";")' out)" \
		$'M_batch3;Batch 3 (chars 11-12);Name 111\nM_batch3;Batch 3 (chars 11-12);Name 112'
	bi-source -s none --json -f list ALL 13 0 2>/dev/null >out || :
	assert_equal "$(jq -r 'select(.subject) | [.batch, .label, .subject.category] | join(";")' out | uniq -c | sed 's/^ *//')" \
		$'12 ALL_chars1-13;Chars 1-13;M\n1 ALL_chars1-13;Chars 1-13;P'
	bi-source -s none --json -f list 2>/dev/null >out || :
	assert_equal "$(jq -r 'select(.subject) | .batch' out | uniq -c | sed 's/^ *//')" '15 ALL'
	# Every other window says where it is: no two have one name.
	for window in 'M 4 4' 'M 10 10' 'M 10 0' 'M 1 1' 'M' 'M 500'; do
		# shellcheck disable=SC2086 # operands
		bi-source -s none --json $window <list 2>/dev/null >out || :
		jq -r 'select(.subject) | [.batch, .label] | join(";")' out | sort -u
	done >names
	assert_equal "$(<names)" $'M_chars5-8;Chars 5-8\nM_chars11-20;Chars 11-12\nM_chars1-10;Chars 1-10\nM_chars2-2;Chars 2-2\nM;Chars 1-12\nM_chars1-500;Chars 1-12'
	bi-source -s none --json M 5 3 <list 2>/dev/null >out || :
	assert_equal "$(jq -r 'select(.subject) | [.batch, .label] | join(";")' out | sort -u)" 'M_chars4-8;Chars 4-8'
	bi-source -s none --json -b mine --label 'My own' M 2 <list 2>/dev/null >out || :
	assert_equal "$(jq -r 'select(.subject) | [.batch, .label] | join(";")' out | sort -u)" 'mine;My own'
}

@test "ids, with commas or spaces; those that are not there are named and the rest goes on" {
	catalog 300 >list
	bi-source -s none --json --ids 172,250,266 <list >one 2>/dev/null || :
	bi-source -s none --json --ids 172 250 266 <list >two 2>/dev/null || :
	diff one two
	assert_equal "$(jq -r 'select(.subject) | [.batch, .label, .subject.id] | join(";")' one)" \
		$'ids_172_250_266;Ids 172, 250, 266;172\nids_172_250_266;Ids 172, 250, 266;250\nids_172_250_266;Ids 172, 250, 266;266'
	run -1 --separate-stderr bi-source -s none --json --ids 266,999,172 1 2 3 3 <list
	assert_equal "$(jq -r 'select(.subject) | .subject.id' <<<"$output" | paste -sd' ')" '266 172 1 2 3'
	assert_equal "$(jq -r 'select(.subject) | .batch' <<<"$output" | sort -u)" ids_266_999_172_plus3
	[[ "$stderr" == *"there is no subject 999 in the catalog"* ]]
}

@test "a table with a BOM, quotes, newlines in cells, or tabs" {
	printf '\xef\xbb\xbfID,Name,category,biography,urls\r\n7,"Ada ""A"", Lovelace",M,"wrote\r\nnotes",https://a.example/1.jpg|https://a.example/2.jpg\r\n8,Bach,M,,https://a.example/3.jpg\r\n' >list.csv
	run -0 bi-source -s none --json -f list.csv M
	assert_equal "$(jq -c 'select(.rank) | [.subject.id, .subject.name, .subject.biography, .url, .rank]' <<<"$output")" \
		'["7","Ada \"A\", Lovelace","wrote\r\nnotes","https://a.example/1.jpg",1]
["7","Ada \"A\", Lovelace","wrote\r\nnotes","https://a.example/2.jpg",2]
["8","Bach",null,"https://a.example/3.jpg",1]'
	jq -es 'map(select(.subject)) | all(.[]; .subject | has("urls") | not)' <<<"$output" >/dev/null
	printf 'id\tname\turl\n1\tA, "B"\thttps://a.example/1.jpg\n' >list.tsv
	run -0 bi-source -s none --json <list.tsv
	assert_equal "$(jq -r 'select(.rank) | .subject.name' <<<"$output")" 'A, "B"'
}

# subjects ARG...: those of the catalog "list", without their candidates.
subjects() {
	bi-source -s none --json "$@" 2>err | command jq -c 'select(.subject) | .subject' || :
}

@test "a list of names, of Wikidata ids, or a result of SPARQL is a catalog" {
	printf '\xef\xbb\xbfAda Lovelace\r\n  Bach, Johann Sebastian \n\n# a comment\n"Fats" Waller\nЛев Толстой\n李白\n' >list
	run -0 subjects -f list
	assert_equal "$(sort <<<"$output")" '{"id":"37c8d0e9","name":"Лев Толстой"}
{"id":"ada-lovelace","name":"Ada Lovelace"}
{"id":"b23f840f","name":"李白"}
{"id":"bach-johann-sebastian","name":"Bach, Johann Sebastian"}
{"id":"fats-waller","name":"\"Fats\" Waller"}'
	# The id of a name does not depend on where it stands.
	{ tac list | head -n 3; echo Zuse; } >other
	run -0 subjects -f other --ids 37c8d0e9,zuse
	assert_output $'{"id":"37c8d0e9","name":"Лев Толстой"}\n{"id":"zuse","name":"Zuse"}'
	# With a comma in its first line a list needs a name that says so.
	printf 'Bach, Johann\nName\nHaydn, Joseph\n' >list.txt
	run -0 subjects -f list.txt
	assert_equal "$(jq -r .id <<<"$output" | paste -sd' ')" 'bach-johann haydn-joseph name'
	printf 'qid\nQ42\nhttp://www.wikidata.org/entity/Q7259\nwd:Q5\nhttps://www.wikidata.org/wiki/Q11\nQ0\n' >list
	run -0 subjects -f list
	assert_equal "$(sort <<<"$output")" '{"id":"Q11","name":"Q11","wikidata":"Q11"}
{"id":"Q42","name":"Q42","wikidata":"Q42"}
{"id":"Q5","name":"Q5","wikidata":"Q5"}
{"id":"Q7259","name":"Q7259","wikidata":"Q7259"}
{"id":"q0","name":"Q0"}'
	printf 'person,personLabel,born\r\nhttp://www.wikidata.org/entity/Q7259,"Lovelace, Ada",1815-12-10T00:00:00Z\r\nhttp://www.wikidata.org/entity/Q7259,"Lovelace, Ada",1816\r\nhttp://www.wikidata.org/entity/Q1339,Bach,\r\n' >list
	run -0 subjects -f list
	assert_output '{"person":"http://www.wikidata.org/entity/Q1339","id":"Q1339","name":"Bach","wikidata":"Q1339"}
{"person":"http://www.wikidata.org/entity/Q7259","born":"1815-12-10T00:00:00Z","id":"Q7259","name":"Lovelace, Ada","wikidata":"Q7259"}'
	grep -q '^bi-source: 1 lines of the catalog are about items that have an earlier line, which is used$' err
	printf 'item\tbirth_date\nhttp://www.wikidata.org/entity/Q1\t1900\nhttps://x.example/things/a7\t\n' >list
	run -0 subjects -f list
	assert_output '{"item":"http://www.wikidata.org/entity/Q1","birth_date":"1900","id":"Q1","name":"Q1","wikidata":"Q1"}
{"item":"https://x.example/things/a7","id":"a7","name":"a7"}'
}

@test 'a candidate has a thumbnail, the original, its author, licence, rank and score' {
	wiki_start
	people 'Clara Schumann' | command jq -c '. + {birth_date: "1819-09-13", biography: "Pianist"}' >list
	run -0 --separate-stderr source_wiki --json <list
	assert_equal "$stderr" ''
	items <<<"$output" >found.ndjson
	assert_equal "$(wc -l <found.ndjson)" 6
	assert_equal "$(head -n 1 found.ndjson | command jq -c '[.batch, .label, .category, .subject, .source, .rank, .title, .author, .license, .license_url, .credit, .page]')" \
		'["ALL","Chars 1-1","ALL",{"id":1,"name":"Clara Schumann","category":"M","birth_date":"1819-09-13","biography":"Pianist"},"wikimedia",1,"Clara Schumann 1","Anna Example","CC BY-SA 4.0","https://creativecommons.org/licenses/by-sa/4.0","Own work","https://commons.wikimedia.org/wiki/File:Clara_Schumann_1.jpg"]'
	assert_equal "$(head -n 1 found.ndjson | jq -r '.url, .original_url, .original_width, .original_height')" \
		"$WIKI/t/Clara_Schumann_1.jpg/960px-Clara_Schumann_1.jpg
$WIKI/o/Clara_Schumann_1.jpg
2900
2000"
	# The original's digest and size are its own, not the thumbnail's.
	curl -s "$WIKI/o/Clara_Schumann_1.jpg" >original
	assert_equal "$(head -n 1 found.ndjson | jq -r '.original_sha1, .original_bytes, .sha1, .bytes')" \
		"$(sha1sum original | cut -c 1-40)"$'\n'"$(stat -c %s original)"$'\nnull\nnull'
	assert_equal "$(jq -r .rank found.ndjson | paste -sd' ')" '1 2 3 4 5 6'
	jq -es 'map(.score) | . == (sort | reverse) and .[0] <= 100 and .[0] > .[5] and .[5] > 0' found.ndjson >/dev/null
	# The points that are named are those that were given.
	jq -es 'all(.[]; ([.score_why[] | split(" ")[0] | ltrimstr("+") | tonumber] | add) - .score | fabs <= 3)' found.ndjson >/dev/null
	jq -e '.score_why[0] | test("the name is in its title")' <(head -n 1 found.ndjson) >/dev/null
	jq -e '.extmetadata.Artist.value == "Anna Example"' <(head -n 1 found.ndjson) >/dev/null
	assert_equal "$(tail -n 1 <<<"$output" | command jq -c 'del(.asked)')" \
		'{"end":"bi-source","subjects":1,"candidates":6,"failed":0,"cached":0,"sources":[{"source":"wikimedia","title":"Wikimedia Commons","version":"MediaWiki 1.45.0-wmf.5","api":"'"$WIKI"'/w/api.php"}],"exit":0}'
	nothing_bad
}

@test "several ways are tried in turn until there are enough; what two of them find is one candidate" {
	wiki_start
	people 'Ada Lovelace' | jq -c '. + {wikidata: "Q7259", birth_date: "1815-12-10", category: "S"}' >list
	run -0 source_wiki --json --set category.S=mathematician <list
	assert_equal "$(origin_paths | grep -oE 'gsrsearch=[^&]*' | sed 's/gsrsearch=//; s/+/ /g' | python_free_decode)" \
'filetype:bitmap filew:>320 haswbstatement:P180=Q7259
filetype:bitmap filew:>320 intitle:"Ada Lovelace"
filetype:bitmap filew:>320 "Ada Lovelace" 1815
filetype:bitmap filew:>320 "Ada Lovelace" mathematician
filetype:bitmap filew:>320 "Ada Lovelace"
filetype:bitmap filew:>320 Ada Lovelace mathematician
filetype:drawing "Ada Lovelace"'
	# Five of them found the same six, one six others; each is there once.
	assert_equal "$(items <<<"$output" | jq -r .original_sha1 | sort | uniq -d)" ''
	assert_equal "$(items <<<"$output" | wc -l)" 12
	assert_equal "$(items <<<"$output" | head -n 1 | jq -c .found_by)" '["title","dated","kind","phrase","drawings"]'
	: >"${ORIGIN_LOGS[0]}"
	run -0 source_wiki --json --max 4 --set enough=4 <list
	assert_equal "$(origin_hits gsrsearch)" 2 # by what is depicted nothing, by the title six
	assert_equal "$(items <<<"$output" | wc -l)" 4
	nothing_bad
}

# Percent-encoding as it is.
python_free_decode() {
	local line

	while IFS= read -r line; do
		printf '%b\n' "${line//%/\\x}"
	done
}

@test "at most fifteen candidates of a subject, or as many as --max says; no second page is asked for without need" {
	wiki_start
	people 'Many One' >list
	run -0 source_wiki --json <list
	assert_equal "$(items <<<"$output" | wc -l)" 15
	assert_equal "$(origin_hits gsrsearch)" 1
	assert_equal "$(origin_hits gsroffset)" 0
	run -0 source_wiki --json --max 40 <list
	assert_equal "$(items <<<"$output" | wc -l)" 40
	nothing_bad
}

@test "a contact is required, and the program says how to give it" {
	wiki_start
	people 'Clara Schumann' >list
	run -2 --separate-stderr env -u BI_CONTACT bi-source --json --set "api=$WIKI/w/api.php" <list
	assert_equal "$output" ''
	[[ "$stderr" == *"--contact or BI_CONTACT"* ]]
	assert_equal "$(origin_hits .)" 0
	BI_CONTACT=ops@example.org run -0 bi-source --json --set "api=$WIKI/w/api.php" --set slow=0 <list
	[ "$(origin_hits .)" -gt 0 ]
	nothing_bad
	# Wikimedia itself is one of these, by the rules that come with the programs.
	run -2 --separate-stderr env -u BI_CONTACT -u BI_HOSTS_CONF bi-source --json <list
	[[ "$stderr" == *"Wikimedia Commons requires a contact"* ]]
}

@test "a reply in parts is put together; older versions are never asked for; continuing ends" {
	wiki_start
	people 'Pages One' 'Old Two' 'Endless Three' >list
	run -0 --separate-stderr source_wiki --json --set ways=title --set requests=4 <list
	assert_equal "$stderr" ''
	assert_equal "$(items <<<"$output" | jq -r 'select(.subject.id == 1) | .title' | sort | paste -sd,)" \
		'Pages One 1,Pages One 2,Pages One 3,Pages One 4,Pages One 5,Pages One 6'
	assert_equal "$(origin_hits 'Pages.*iicontinue=Four%7C20221209222801&continue=gsroffset%7C%7C')" 1
	assert_equal "$(items <<<"$output" | jq -r 'select(.subject.id == 2) | .title')" 'Old Two 1'
	assert_equal "$(origin_hits 'Old')" 1
	assert_equal "$(origin_hits 'Endless')" 4
	assert_equal "$(items <<<"$output" | jq -r 'select(.subject.id == 3) | .title' | wc -l)" 6 # all that the four had
	nothing_bad
}

@test "by rank, not as they stand in the reply; the format's first version is read too" {
	wiki_start
	people 'Plain One' 'Version1 Two' >list
	run -0 source_wiki --json --set ways=title --set weight.size=0 <list
	assert_equal "$(items <<<"$output" | jq -r .title | paste -sd,)" \
		'Plain One 1,Plain One 2,Plain One 3,Plain One 4,Plain One 5,Plain One 6,Version1 Two 1,Version1 Two 2,Version1 Two 3,Version1 Two 4,Version1 Two 5,Version1 Two 6'
}

@test "a reply of a real MediaWiki: only widths that the servers make, unless any is made" {
	local reply=$BATS_TEST_DIRNAME/mediawiki-1.39-search.json

	candidates() {
		jq -nc --slurpfile reply "$reply" '{subject: {name: "Grey heron"}, request: {name: "title", url: "http://w/", points: 18, why: "x"}, replies: $reply}' |
			jq -c -L "$BI_SHARE/source" --argjson conf "$(conf "$@")" 'include "wikimedia"; candidates($conf)'
	}
	conf() {
		{ sed '/^#/d' "$BI_SHARE/source/wikimedia.conf"; printf '%s\n' "$@"; } |
			jq -Rn '[inputs | select(test("=")) | capture("^(?<key>[^= ]+) *= *(?<value>.*)$") | {key, value: (.value as $v | $v | tonumber? // $v)}] | from_entries'
	}
	# 640 is no step: the originals are small enough but for one.
	run -0 candidates thumb_width=640
	assert_equal "$(jq -r '.candidates[] | .url' <<<"$output")" \
		$'http://127.0.0.1:18200/images/f/f2/Grey_heron_01.jpg\nhttp://127.0.0.1:18200/images/a/a5/Grey_heron_02.jpg'
	assert_equal "$(jq -c '[.passed_over, .whole, .more]' <<<"$output")" '[{"without a thumbnail of a usual width":1},true,null]'
	run -0 candidates thumb_width=640 widths=any
	assert_equal "$(jq -r '.candidates[] | .url | sub(".*/"; "")' <<<"$output" | paste -sd' ')" \
		'640px-Grey_heron_01.jpg 640px-Grey_heron_02.jpg 640px-Grey_heron_03.png'
	assert_equal "$(jq -c '.candidates[0] | [.title, .author, .license, .original_sha1, .original_width]' <<<"$output")" \
		'["Grey heron 01","[[User:Tester|Tester]]","CC BY-SA 4.0","b4aaf4dbf8a24204b579a4164ac0565c300ca22d",1200]'
}

@test "what cannot be a candidate is passed over, for a reason that is said where nothing is left" {
	wiki_start
	people 'Gone A' 'Nonfree B' 'Sound C' 'Odd D' 'Broken E' 'Small F' 'Few Nonfree G' >list
	run -1 --separate-stderr source_wiki --json --set ways=title <list
	items <<<"$output" >found.ndjson
	assert_equal "$(jq -r .subject.id found.ndjson | sort | uniq -c | sed 's/^ *//' | paste -sd,)" '5 1,5 2,5 3,5 4,5 5,6 6'
	# What is no wider than a thumbnail is looked at itself, and must then be what it is said to be.
	assert_equal "$(jq -r 'select(.title == "Small F 1") | [.url, .url == .original_url, .sha1 == .original_sha1, .bytes == .original_bytes] | join(" ")' found.ndjson)" \
		"$WIKI/o/Small_F_1.jpg true true true"
	jq -es 'map(select(.subject.id == 7))[0] | .status == "failed" and .error.code == "no_candidates" and (.error.message | test("1 not free"))' <<<"$output" >/dev/null
	nothing_bad
}

@test "HTML in fields becomes text, several licences are kept, and the raw block with them" {
	wiki_start
	people 'Markup One' 'Several Two' 'Bare Three' >list
	run -0 source_wiki --json --set ways=title <list
	items <<<"$output" >found.ndjson
	assert_equal "$(jq -c 'select(.rank == 1 and .subject.id == 1) | [.author, .attribution, .credit]' found.ndjson)" '["Anna & Berta","Photo: Anna <x>","Own work"]'
	jq -es 'map(select(.rank == 1 and .subject.id == 1))[0] | .extmetadata.Artist.value | test("<script>")' found.ndjson >/dev/null
	assert_equal "$(jq -c 'select(.rank == 1 and .subject.id == 2) | [.license, .usage_terms, .author_count]' found.ndjson)" '["CC BY-SA 3.0 or GFDL","Attribution","2"]'
	jq -es 'map(select(.rank == 1 and .subject.id == 3))[0] | .license == null and .author == null and .title == "Bare Three 1"' found.ndjson >/dev/null
}

@test "several processes: one request at a time, and as many a minute as Wikimedia allows" {
	local i pids=()

	wiki_start 200/m
	for i in 1 2 3; do
		people "A $i" "B $i" >"list$i"
		start source_wiki --json --set ways=title,phrase <"list$i" >"out$i" 2>"err$i"
		pids+=("$!")
	done
	for i in "${pids[@]}"; do
		poll 60 gone "$i"
	done
	assert_equal "$(cat err*)" ''
	assert_equal "$(origin_hits gsrsearch)" 12
	# The log has how many are under way, with each one that comes in.
	assert_equal "$(origin_peak gsrsearch)" 1
	# 200 a minute, evenly, are 300 ms each; a burst would be more than five in a second.
	grep -h gsrsearch "${ORIGIN_LOGS[@]}" | cut -d' ' -f1 | sort -n | awk '
		NR > 5 && $1 - t[NR - 5] < 1000 { print "more than five in a second"; exit 1 } { t[NR] = $1 }
		END { if (t[NR] - t[1] < 11 * 300 - 300) { print "too fast: " t[NR] - t[1] " ms"; exit 1 } }'
	nothing_bad
}

@test "a slow answer is followed by a rest, for every process" {
	local first second

	wiki_start
	people 'Slow One' 'Then Two' >list
	run -0 bi-source --contact t@example.org --set "api=$WIKI/w/api.php" --set slow=1 --set slow_wait=2 --set ways=title --json <list
	first=$(grep -h Slow "${ORIGIN_LOGS[@]}" | cut -d' ' -f1)
	second=$(grep -h Then "${ORIGIN_LOGS[@]}" | cut -d' ' -f1)
	[ $((second - first)) -ge 3100 ]
}

@test "replies are kept a day: a second run asks nothing" {
	local asked

	wiki_start
	people 'Clara Schumann' 'Nobody Here' 'Pages Three' >list
	run -1 --separate-stderr source_wiki --json --cache <list
	items <<<"$output" >first
	asked=$(origin_hits .)
	[ "$asked" -gt 3 ]
	assert_equal "$(tail -n 1 <<<"$output" | jq -c '[.asked, .cached]')" "[$asked,0]"
	run -1 --separate-stderr source_wiki --json --cache <list
	items <<<"$output" | diff first -
	assert_equal "$(origin_hits .)" "$asked"
	assert_equal "$(tail -n 1 <<<"$output" | jq -c '[.asked, .cached]')" "[0,$asked]"
	# Without the option it is asked; what is older than a day is removed, and asked for again.
	run -1 --separate-stderr source_wiki --json <list
	assert_equal "$(origin_hits .)" $((2 * asked))
	touch -d '25 hours ago' "$BI_ROOT"/cache/*
	run -1 --separate-stderr source_wiki --json --cache <list
	assert_equal "$(origin_hits .)" $((3 * asked))
	# One that is damaged does not count.
	find "$BI_ROOT/cache" -type f | head -n 1 >one
	echo '{"half' >"$(<one)"
	run -1 --separate-stderr source_wiki --json --cache <list
	assert_equal "$(origin_hits .)" $((3 * asked + 1))
	[ -z "$(ls -A "$BI_ROOT/temp")" ]
}

@test "a wiki without extensions is asked for plain phrases and words, and what is no picture of use is passed over here" {
	wiki_start
	people 'Plain One' 'Sound Two' 'Narrow Three' | jq -c '. + {wikidata: "Q7259"}' >list
	run -0 --separate-stderr bi-source --contact test@example.org --json --set "api=$WIKI/stock/api.php" --set slow=0 --set enough=100 <list
	assert_equal "$stderr" "bi-source: searching Our wiki (MediaWiki 1.39.0), $WIKI/stock/api.php"
	assert_equal "$(items <<<"$output" | jq -r .subject.id | sort | uniq -c | sed 's/^ *//' | paste -sd,)" '6 1,5 2,5 3'
	assert_equal "$(tail -n 1 <<<"$output" | command jq -c '.sources')" '[{"source":"wikimedia","title":"Our wiki","version":"MediaWiki 1.39.0","api":"'"$WIKI"'/stock/api.php"}]'
	nothing_bad
	assert_equal "$(origin_paths | grep -oE 'gsrsearch=[^&]*(&gsrwhat=[^&]*)?' | head -n 3 | paste -sd' ')" \
		'gsrsearch=%22Narrow%20Three%22&gsrwhat=title gsrsearch=%22Narrow%20Three%22 gsrsearch=Narrow%20Three'
	# The reasons are named when nothing is left.
	people 'Few Sound' 'Few Narrow' >list
	run -1 --separate-stderr source_wiki --json --set "api=$WIKI/stock/api.php" --set ways=title <list
	assert_equal "$(jq -r '.error.message // empty' <<<"$output")" 'no result of Our wiki for it can be a candidate: 1 narrower than 320 pixels
no result of Our wiki for it can be a candidate: 1 not pictures'
	# Such a wiki makes every width of thumbnails.
	people 'Odd One' >list
	run -0 source_wiki --json --set "api=$WIKI/stock/api.php" --set ways=title <list
	assert_equal "$(items <<<"$output" | jq -r .url | grep -c /640px-)" 1
	# Without CommonsMetadata, the templates of a page name its licences.
	people 'Bare One' >list
	run -0 source_wiki --json --set "api=$WIKI/stock/api.php" --set ways=title <list
	assert_equal "$(items <<<"$output" | jq -r '.license // "none"' | sort | uniq -c | sed 's/^ *//' | paste -sd,)" \
		'1 Cc-by-sa-4.0,1 GFDL or PD-old,4 none'
	run -0 source_wiki --json --set "api=$WIKI/stock/api.php" --set ways=title --set licences=metadata <list
	assert_equal "$(items <<<"$output" | jq -r '.license // "none"' | sort -u)" none
	# What the user says about the wiki counts.
	: >"${ORIGIN_LOGS[0]}"
	run -1 --separate-stderr source_wiki --json --set "api=$WIKI/stock/api.php" --set search=cirrus --set ways=phrase <list
	assert_equal "$(origin_hits '/stock/.*filetype')" 1
	run -78 --separate-stderr source_wiki --json --set "api=$WIKI/stock/api.php" --set ways=depicts,drawings <list
	assert_equal "$stderr" "bi-source: $WIKI/stock/api.php cannot be searched by depicts, drawings: it has no search for that"
}

@test "a wiki that does not say what it is, is searched all the same; with --cache it is asked once a day" {
	wiki_start
	people 'Plain One' >list
	run -0 --separate-stderr source_wiki --json --set tries=1 --set "api=$WIKI/silent/api.php" --set ways=title <list
	assert_equal "$(items <<<"$output" | wc -l)" 6
	assert_equal "$stderr" "bi-source: $WIKI/silent/api.php does not say what it is: Wikimedia Commons answers 503; it is searched for plain words and phrases"
	for _ in 1 2; do
		run -0 source_wiki --cache --json --set ways=title <list
		assert_equal "$(items <<<"$output" | wc -l)" 6
	done
	assert_equal "$(origin_hits '/w/.*siteinfo')" 1
	# Commons is known.
	run -0 jq -nc -L "$BI_SHARE/source" 'include "wikimedia";
		{api: "https://commons.wikimedia.org/w/api.php", ways: "depicts title", passing: "maxlag", maxlag_wait: 5} as $conf
		| ({failure: {message: "x answers 404", again: false}}, {text: "<html>"}, {reply: []}, {reply: {error: {code: "odd"}}}) | opened($conf).settings | [.search, .structured, .title]'
	assert_equal "$(sort -u <<<"$output")" '["cirrus","yes",null]'
}

@test "Openverse: its replies become candidates, with the licences as their makers write them" {
	mkdir origin
	cat >origin/images <<-'END'
		{"result_count": 2, "page_count": 1, "page": 1, "results": [
		{"id": "1", "title": "Ada", "url": "https://live.example/1.jpg", "creator": "X <b>Y</b>", "creator_url": "https://f.example/x",
		 "license": "by-sa", "license_version": "2.0", "license_url": "https://creativecommons.org/licenses/by-sa/2.0/",
		 "source": "flickr", "foreign_landing_url": "https://f.example/1", "attribution": "\"Ada\" by X", "width": 1024, "height": 768, "filesize": null, "thumbnail": "https://api.example/1/thumb/"},
		{"id": "2", "title": "Ada 2", "url": "https://live.example/2.jpg", "license": "cc0", "license_version": "1.0"},
		{"id": "3", "title": "no url"}]}
	END
	origin_start
	people 'Ada Lovelace' >list
	run -0 bi-source -s openverse --set "api=$ORIGIN/images" --json <list
	assert_equal "$(items <<<"$output" | jq -c 'select(.url | endswith("1.jpg")) | [.author, .license, .license_url, .credit, .page, .attribution, .original_width]')" \
		'["X Y","CC BY-SA 2.0","https://creativecommons.org/licenses/by-sa/2.0/","flickr","https://f.example/1","\"Ada\" by X",1024]'
	assert_equal "$(items <<<"$output" | jq -r .license | sort | paste -sd,)" 'CC BY-SA 2.0,CC0'
	assert_equal "$(origin_paths | head -n 1)" '/images?q=%22Ada%20Lovelace%22&page_size=20&license_type=commercial%2Cmodification&mature=false'
	echo '{"detail":"Request was throttled."}' >origin/images
	run -1 --separate-stderr bi-source -s openverse --set "api=$ORIGIN/images" --json <list
	[[ "$stderr" == *'the API answers: Request was throttled.'* ]]
}

@test "Wikidata: the images that an item names, then what depicts it in Commons, each once" {
	mkdir origin
	cp "$BATS_TEST_DIRNAME/mediawiki-1.39-search.json" origin/commons
	cat >origin/entities <<-'END'
		{"entities": {"Q42": {"type": "item", "id": "Q42", "claims": {"P18": [
		{"mainsnak": {"snaktype": "value", "property": "P18", "datavalue": {"value": "Grey heron 02.jpg", "type": "string"}, "datatype": "commonsMedia"}, "type": "statement", "rank": "normal"},
		{"mainsnak": {"snaktype": "somevalue", "property": "P18"}, "type": "statement", "rank": "normal"},
		{"mainsnak": {"snaktype": "value", "property": "P18", "datavalue": {"value": "Grey & heron 01.jpg", "type": "string"}}, "rank": "preferred"},
		{"mainsnak": {"snaktype": "value", "property": "P18", "datavalue": {"value": "Wrong.jpg", "type": "string"}}, "rank": "deprecated"}]}}}, "success": 1}
	END
	origin_start
	echo Q42 >list
	run -0 --separate-stderr bi-source -q --contact t@example.org -s wikidata --set "api=$ORIGIN/entities" --set "commons=$ORIGIN/commons" --set slow=0 --json <list
	assert_equal "$stderr" ''
	assert_equal "$(origin_paths | sed 's/&prop=imageinfo.*&titles/&titles/; s/&iiurl.*//' | cut -c 1-130)" \
		"/entities?action=wbgetentities&format=json&formatversion=2&maxlag=5&ids=Q42&props=claims
/commons?action=query&format=json&formatversion=2&maxlag=5&prop=imageinfo&iiprop=url%7Csize%7Cmime%7Cmediatype%7Csha1%7Ctimestamp%
/commons?action=query&format=json&formatversion=2&maxlag=5&generator=search&gsrnamespace=6&gsrlimit=50&gsrsearch=filetype%3Abitmap"
	origin_paths | grep -q 'titles=File%3AGrey%20%26%20heron%2001.jpg%7CFile%3AGrey%20heron%2002.jpg'
	assert_equal "$(items <<<"$output" | jq -c '[.title, .found_by, .source]' | sort)" '["Grey heron 01",["image","depicts"],"wikidata"]
["Grey heron 02",["image","depicts"],"wikidata"]'
	# An item that is not there, or names nothing, has nothing; a subject without an id cannot be asked about.
	echo '{"error":{"code":"no-such-entity","info":"Could not find an entity"}}' >origin/entities
	echo '{"batchcomplete":true}' >origin/commons
	printf '%s\n' '{"id":1,"name":"A","wikidata":"Q1"}' '{"id":2,"name":"B"}' >list
	run -1 --separate-stderr bi-source -q --contact t@example.org -s wikidata --set "api=$ORIGIN/entities" --set "commons=$ORIGIN/commons" --set slow=0 --json <list
	assert_equal "$(jq -r 'select(.error).error | "\(.code) \(.message)"' <<<"$output")" 'no_candidates Wikidata has nothing for it, searched in 2 ways
no_query it has nothing for which Wikidata can be searched'
	run -2 --separate-stderr bi-source -q --contact t@example.org -s wikidata --set ways=x --json <list
	[[ "$stderr" == *"there is no search called 'x'"* ]]
}

@test "Internet Archive: the pictures of the items found, with a smaller copy of what is large" {
	mkdir -p origin/metadata
	cat >origin/search <<-'END'
		{"responseHeader": {"status": 0, "QTime": 3, "params": {"query": "x", "rows": 50, "start": 0}},
		 "response": {"numFound": 3, "start": 0, "docs": [{"identifier": "heron-1900", "title": "Heron"}, {"identifier": "empty"}, {"identifier": "gone"}]}}
	END
	cat >origin/metadata/heron-1900 <<-'END'
		{"created": 1700000000, "dir": "/1/items/heron-1900", "server": "ia800.us.archive.org", "files": [
		{"name": "a heron.jpg", "source": "original", "format": "JPEG", "size": "20000", "sha1": "aaaabbbbccccddddeeeeffff0000111122223333"},
		{"name": "big.tif", "source": "original", "format": "TIFF", "size": "90000000", "sha1": "bbbbbbbbccccddddeeeeffff0000111122223333"},
		{"name": "big_thumb.jpg", "source": "derivative", "original": "big.tif", "format": "JPEG Thumb", "size": "900"},
		{"name": "big.jpg", "source": "derivative", "original": "big.tif", "format": "JPEG", "size": "400000"},
		{"name": "lent.jpg", "source": "original", "format": "JPEG", "size": "20000", "private": "true"},
		{"name": "heron-1900_meta.xml", "source": "original", "format": "Metadata", "size": "900"},
		{"name": "__ia_thumb.jpg", "source": "original", "format": "Item Tile", "size": "900"}],
		"metadata": {"identifier": "heron-1900", "mediatype": "image", "title": "Heron", "creator": ["Ann", "Ben"], "licenseurl": "https://creativecommons.org/licenses/by-nc/4.0/", "date": "1900"}}
	END
	echo '{}' >origin/metadata/empty
	echo '[]' >origin/metadata/gone
	origin_start
	people 'Grey Heron' >list
	run -0 --separate-stderr bi-source -s internetarchive --set "api=$ORIGIN/search" --set "site=$ORIGIN" --json <list
	assert_equal "$stderr" ''
	assert_equal "$(items <<<"$output" | jq -c '[.title, .author, .license, .date, .page, .url, .original_url, .original_sha1, .sha1]')" \
		'["Heron","Ann, Ben","CC BY-NC 4.0","1900","'"$ORIGIN"'/details/heron-1900","'"$ORIGIN"'/download/heron-1900/a%20heron.jpg","'"$ORIGIN"'/download/heron-1900/a%20heron.jpg","aaaabbbbccccddddeeeeffff0000111122223333","aaaabbbbccccddddeeeeffff0000111122223333"]
["Heron","Ann, Ben","CC BY-NC 4.0","1900","'"$ORIGIN"'/details/heron-1900","'"$ORIGIN"'/download/heron-1900/big.jpg","'"$ORIGIN"'/download/heron-1900/big.tif","bbbbbbbbccccddddeeeeffff0000111122223333",null]'
	assert_equal "$(origin_paths | head -n 4)" '/search?q=mediatype%3A(image)%20AND%20title%3A(%22Grey%20Heron%22)&fl%5B%5D=identifier&fl%5B%5D=title&rows=50&page=1&output=json
/metadata/heron-1900
/metadata/empty
/metadata/gone'
	echo '{"error":"[RANGE_OUT_OF_BOUNDS] page"}' >origin/search
	run -1 --separate-stderr bi-source -s internetarchive --set "api=$ORIGIN/search" --set "site=$ORIGIN" --json <list
	[[ "$stderr" == *'the API answers: [RANGE_OUT_OF_BOUNDS] page'* ]]
}

@test "a folder: files with the id or the name of a subject, in any case, and nothing else" {
	mkdir -p pictures/8
	touch pictures/{7.jpg,70.jpg,7-2.PNG,7.txt,ada_lovelace.jpg,'Ada Lovelace (2).webp','Ada Lovelace Smith.jpg',8/x.jpg,8/y.txt,'we[i]rd*{a,b}.jpg','weird.jpg'}
	printf '%s\n' '{"id":7,"name":"Ada Lovelace"}' '{"id":8,"name":"we[i]rd*{a,b}"}' '{"id":9,"name":"../pictures"}' >list
	run -1 --separate-stderr bi-source -s folder --set folder=pictures --json <list
	assert_equal "$(items <<<"$output" | jq -r '"\(.subject.id) \(.file)"' | sort)" "7 $PWD/pictures/7-2.PNG
7 $PWD/pictures/7.jpg
7 $PWD/pictures/Ada Lovelace (2).webp
7 $PWD/pictures/ada_lovelace.jpg
8 $PWD/pictures/8/x.jpg
8 $PWD/pictures/we[i]rd*{a,b}.jpg"
	assert_equal "$stderr" 'bi-source: subject 9 (../pictures): the folder has nothing for it, searched in 2 ways'
	run -2 --separate-stderr bi-source -s folder --json <list
	assert_equal "$stderr" 'bi-source: the source folder needs the directory: --set folder=DIR'
	run -66 --separate-stderr bi-source -s folder --set folder=none --json <list
	assert_equal "$stderr" "bi-source: cannot read the directory 'none': No such file or directory"
	# bi-fetch takes them as they are.
	rm -r pictures
	mkdir pictures
	echo one >pictures/7.jpg
	head -n 1 list >one
	bi-source -s folder --set folder=pictures --json <one | bi-fetch -q -b f >out
	cmp pictures/7.jpg "$(jq -r 'select(.path).path' out)"
	# A source on the web cannot name a file of this machine.
	echo 'title = Mine' >mine.conf
	echo 'def requests($conf): empty; def candidates($conf): {candidates: [{file: "/etc/passwd", title: "x"}, {url: "http://x.example/1", file: "/etc/passwd"}]};' >mine.jq
	run -0 bi-source -s ./mine --json <one
	assert_equal "$(items <<<"$output" | jq -c '[.url, .file]')" '["http://x.example/1",null]'
}

@test "several sources: what two of them have is one candidate, by digest or by where the original is" {
	wiki_start
	mkdir origin
	people 'Plain One' 'Nobody Two' >list
	cat >origin/images <<-END
		{"result_count": 2, "page_count": 1, "page": 1, "results": [
		{"id": "1", "title": "The same", "url": "$WIKI/o/Plain_One_2.jpg", "license": "by-sa", "license_version": "4.0"},
		{"id": "2", "title": "Another", "url": "https://live.example/2.jpg", "license": "cc0", "license_version": "1.0"}]}
	END
	origin_start
	run -0 --separate-stderr bi-source -q --contact t@example.org -s wikimedia,openverse --set "wikimedia.api=$WIKI/w/api.php" --set "openverse.api=$ORIGIN/images" --set slow=0 --set ways=title --json <list
	assert_equal "$stderr" ''
	items <<<"$output" | jq 'select(.subject.id == 1)' >found
	assert_equal "$(jq -r .source found | sort | uniq -c | sed 's/^ *//' | paste -sd,)" '1 openverse,6 wikimedia'
	assert_equal "$(jq -c 'select(.title | test("2$|same")) | .found_by' found)" '["wikimedia/title","openverse/phrase","openverse/words"]'
	assert_equal "$(items <<<"$output" | jq -r 'select(.subject.id == 2).title' | sort | paste -sd,)" 'Another,The same'
	assert_equal "$(tail -n 1 <<<"$output" | jq -r '.sources[].source')" wikimedia
	# Nothing anywhere is one failure, which names both.
	echo '{"result_count": 0, "page_count": 0, "page": 1, "results": []}' >origin/images
	people 'Nobody Two' >list
	run -1 --separate-stderr bi-source -q --contact t@example.org -s wikimedia,openverse --set "wikimedia.api=$WIKI/w/api.php" --set "openverse.api=$ORIGIN/images" --set slow=0 --set ways=title --json <list
	assert_equal "$(jq -c 'select(.error) | [.source, .error.code, .error.message]' <<<"$output")" \
		'["wikimedia,openverse","no_candidates","Wikimedia Commons has nothing for it, searched in 1 ways; Openverse has nothing for it, searched in 2 ways"]'
	run -2 --separate-stderr bi-source --contact t@example.org -s wikimedia,openverse --set "api=$ORIGIN/images" --json <list
	assert_equal "$stderr" 'bi-source: --set api=… is for one source: say which with --set wikimedia.api=…'
	run -2 --separate-stderr bi-source -s none,none --json <list
	assert_equal "$stderr" "bi-source: the source 'none' is given twice"
	run -2 --separate-stderr bi-source -s wikimedia,openverse --set openverse.thumbs=yes --json <list
	assert_equal "$stderr" "bi-source: the source 'openverse' has no setting 'thumbs'; near it are: thumbnails"
}

@test "a source of one's own is two files" {
	people 'A B' >list
	echo 'title = Mine' >mine.conf
	echo 'def requests($conf): empty; def candidates($conf): {candidates: [{url: "http://x.example/\(.subject.id).jpg", title: $conf.title, score: 3}]};' >mine.jq
	run -0 bi-source -s ./mine.conf --json --set title=Yours <list
	assert_equal "$(items <<<"$output" | jq -c '[.url, .title, .score, .source]')" '["http://x.example/1.jpg","Yours",3,"mine"]'
	echo 'def requests($conf): empty; def candidates($conf): error("no such luck");' >mine.jq
	run -1 --separate-stderr bi-source -s ./mine --json <list
	[[ "$stderr" == *'subject 1 (A B): its filter failed: no such luck'* ]]
	echo 'this is no filter' >mine.jq
	run -1 --separate-stderr bi-source -s ./mine --json <list
	[[ "$stderr" == *'jq ended; its message is above'* ]]
	run -78 --separate-stderr bi-source -s nowhere --json <list
	[[ "$stderr" == *"there is no source 'nowhere'"* ]]
	run -2 --separate-stderr bi-source --set nothing --json <list
	[[ "$stderr" == *'--set takes KEY=VALUE'* ]]
}
