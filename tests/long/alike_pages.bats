#!/usr/bin/env bats
# bi-render: what is alike, what changed, and pages while records come.

load ../integration/helpers
load ../integration/alike

setup() {
	bi_setup
	R=$BI_ROOT/review
}

# Every file of the batch's pages with what tells that it was written again.
written() {
	find "$R/$1" -type f -printf '%p %i %T@ %C@\n' | sort
}

@test "copies are folded behind their original, near duplicates behind the best of them" {
	plain_pages
	pictures M
	cp origin/M-1-1.jpg copy.jpg
	vips thumbnail origin/M-1-1.jpg half.webp 800
	vips copy origin/M-1-1.jpg 'again.jpg[Q=40,strip]'
	vips thumbnail origin/M-1-1.jpg large.v 512
	vips gaussblur large.v blurred.png 5
	vips resize blurred.png blurred.jpg 6
	cp half.webp half2.webp
	for file in origin/M-2-2.png half.webp origin/M-1-1.jpg copy.jpg blurred.jpg again.jpg origin/M-1-2.jpg half2.webp missing.jpg; do
		item 1 "$file"
	done >in
	bi-fetch -b near <in >records || [ $? -eq 1 ]
	bi-render near
	run candidates 1 '"\(.idx) \(.same_as) \(.near) \(.distance != null and .distance <= 8)\(if .blurred then " blurred" else "" end)"'
	# The group comes where its first member was asked for; the blurred one has the most pixels and is last.
	assert_output - <<-'END'
		1 null null false
		3 null null false
		4 3 null false
		6 null 3 true
		2 null 3 true
		8 2 null false
		5 null 3 true blurred
		7 null null false
		9 null null false
	END
}

@test "pages have marks, the aspect of pictures, and the next subject's thumbnails" {
	plain_pages
	pictures M
	vips thumbnail origin/M-1-1.jpg small.png 150
	vips thumbnail origin/M-1-1.jpg mid.v 1000
	vips gaussblur mid.v blurred.jpg 9
	vips arrayjoin 'small.png small.png' two.v --across 1
	vips copy two.v 'film.gif[page-height=113]'
	printf '<svg xmlns="http://www.w3.org/2000/svg" width="145" height="100"><circle cx="50" cy="50" r="40"/></svg>' >drawing.svg
	vips black odd.png 300 207 --bands 3
	{
		item 1 origin/M-1-1.jpg
		for file in small.png blurred.jpg film.gif drawing.svg odd.png origin/M-1-2.jpg; do
			item 2 "$file"
		done
		for i in 1 2 3 4; do
			for file in origin/M-"$i"-[123].*; do
				item 3 "$file"
			done
		done
		item 4 origin/M-5-1.jpg
	} >in
	printf 'words\n' >words.txt
	item 2 words.txt >>in
	bi-fetch -b marks <in | bi-render >out
	run candidates 2 '"\(.idx) \(.aspect) \([.tiny, .blurred, .animated, .vector, .shows] | map(. // false | if . then 1 else 0 end) | join(""))"'
	assert_equal "$(sort <<<"$output")" "$(sort <<-'END'
		1 4:3 10001
		2 4:3 01001
		3 4:3 10101
		4 1.45:1 00011
		5 1.45:1 00001
		6 3:4 00001
		7 null 00000
	END
	)"
	run jq -c .subject.next_files "$R/marks/1_review.html"
	assert_equal "$(sed -E 's/\?v=[0-9a-f]{8}//g' <<<"$output")" '["thumbs/2_1.webp","thumbs/2_2.webp","thumbs/2_3.webp","thumbs/2_4.webp","thumbs/2_5.webp","thumbs/2_6.webp"]'
	run jq -c '.subject.next_files | length' "$R/marks/2_review.html"
	assert_output 9
	run jq -c .subject.next_files "$R/marks/4_review.html"
	assert_output null
}

@test 'where nothing changed nothing is written and no jq is started' {
	pictures M
	for i in 1 2 3; do
		item "$i" "origin/M-$i-1.jpg"
	done | bi-fetch -b still | bi-render
	written still >before
	# Not even a jq is needed.
	ln -s "$(command -v bi-render)" .
	run -0 env PATH=/nowhere "$BI_BIN/bi-render" still
	written still | diff before -
}

@test "what changed is written, what is gone goes" {
	pictures M
	for i in 1 2 3 4; do
		item "$i" "origin/M-$i-1.jpg"
	done | bi-fetch -b some | bi-render
	written some >before
	# A page that was lost or edited is made again, and only that.
	rm "$R/some/2_review.html"
	echo edited >>"$R/some/3_review.html"
	bi-render some
	written some | diff before - | grep -o '[a-z0-9_]*\.html' | sort -u >changed || :
	assert_equal "$(tr '\n' ' ' <changed)" '2_review.html 3_review.html '
	grep -q 'Subject 2' "$R/some/2_review.html"
	run ! grep edited "$R/some/3_review.html"
	# Another picture of the same name in a batch made anew, a subject less.
	cp "$R/some/thumbs/1_1.webp" old.webp
	rm -r "$BI_ROOT/batches/some"
	{
		item 1 origin/M-5-1.jpg
		item 2 origin/M-2-1.jpg
		item 3 origin/M-2-2.png
	} | bi-fetch -b some | bi-render
	run -1 cmp old.webp "$R/some/thumbs/1_1.webp"
	cmp origin/M-5-1.jpg "$R/some/1_1.jpg"
	run bash -c "cd '$R/some' && ls *_* thumbs"
	assert_output - <<-'END'
		1_1.jpg
		1_review.html
		2_1.jpg
		2_review.html
		3_1.png
		3_review.html

		thumbs:
		1_1.webp
		2_1.webp
		3_1.webp
	END
	# A picture whose file is gone.
	rm "$BI_ROOT/batches/some/files/2_1.jpg"
	bi-render some
	[ ! -e "$R/some/2_1.jpg" ]
	[ ! -e "$R/some/thumbs/2_1.webp" ]
	grep -q 'its file is missing' "$R/some/2_review.html"
	# A page's program that changed makes all pages anew.
	cp -r "$BI_SHARE" share
	sed -i 's/No candidates/Not one/; s/All subjects/Every subject/' share/review/*.jq
	BI_SHARE=$PWD/share bi-render some
	grep -q 'Every subject' "$R/some/submit.html"
}

@test "subjects are rendered as they complete" {
	pictures M
	mkfifo pipe
	exec {feed}<>pipe
	start bi-render <pipe >out 2>err {feed}>&-
	item 1 origin/M-1-1.jpg | bi-fetch -b flow | grep -v '"end"' >&"$feed"
	poll 20 test -e "$R/flow/index.html"
	[ -e "$R/flow/thumbs/1_1.webp" ]
	[ ! -s out ]
	item 2 origin/M-2-1.jpg | bi-fetch -b flow | grep -v '"end"' >&"$feed"
	poll 20 grep -q 'Subject 2' "$R/flow/index.html"
	[ -e "$R/flow/2_review.html" ]
	kill -0 "${STARTED[0]}"
	item 3 origin/M-3-1.jpg | bi-fetch -b flow >&"$feed"
	exec {feed}>&-
	poll 20 gone "${STARTED[0]}"
	wait "${STARTED[0]}"
	run cat out err
	assert_output - <<-END
		{"batch":"flow","review":"$R/flow/index.html","subjects":3,"candidates":3}
		{"end":"bi-render","batches":1,"exit":0}
	END
	grep -q 'Subject 3' "$R/flow/index.html"
}
