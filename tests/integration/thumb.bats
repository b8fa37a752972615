#!/usr/bin/env bats
# bi-thumb: small pictures, made where nothing else can be done.

load helpers

field() {
	vipsheader -f "$1" "$2"
}

@test "a landscape, a portrait and a rotated picture become WebP of 512 pixels" {
	pictures M
	run -0 bi-thumb origin/M-1-1.jpg wide.webp
	assert_output --regexp '^wide.webp: 512 x 384, from 1600 x 1200, hash [0-9a-f]{16}, sharpness [0-9]+$'
	run -0 bi-thumb origin/M-1-2.jpg tall.webp
	assert_output --partial 'tall.webp: 384 x 512, from 1200 x 1600,'
	# Stored on its side, upright by its EXIF orientation.
	assert_equal "$(field width origin/M-1-3.jpg)" 1600
	run -0 bi-thumb origin/M-1-3.jpg turned.webp
	assert_output --partial 'turned.webp: 384 x 512, from 1200 x 1600,'
	assert_equal "$(field width turned.webp) $(field height turned.webp)" '384 512'
	run -0 bi-thumb origin/M-2-2.png png.webp
	run -0 bi-thumb origin/M-2-3.webp webp.webp
	run bi-type --json wide.webp tall.webp turned.webp png.webp webp.webp
	[ "$(grep -c image/webp <<<"$output")" -eq 5 ]
}

@test "nothing is enlarged, and --size is the longest side" {
	vips black small.png 40 30 --bands 3
	run -0 bi-thumb small.png out.webp
	assert_output --partial '40 x 30, from 40 x 30'
	vips black wide.png 1000 100 --bands 3
	run -0 bi-thumb -s 100 wide.png out.webp
	assert_output --partial '100 x 10, from 1000 x 100'
	run -2 bi-thumb -s 0 wide.png out.webp
}

@test "no metadata of the picture is in the thumbnail" {
	pictures M
	# EXIF with an ImageDescription, and a colour profile.
	vips icc_export origin/M-1-1.jpg profile.jpg --output-profile srgb
	{
		printf '\377\330\377\341\000\052Exif\000\000MM\000*\000\000\000\010'
		printf '\000\001\001\016\000\002\000\000\000\010\000\000\000\032\000\000\000\000secrets\000'
		tail -c +3 profile.jpg
	} >secret.jpg
	run vipsheader -a secret.jpg
	assert_output --partial secrets
	assert_output --partial icc-profile
	bi-thumb secret.jpg out.webp
	run vipsheader -a out.webp
	refute_output --partial secrets
	refute_output --regexp 'xmp|icc|iptc'
	run ! grep -qa secrets out.webp
}

@test "other colours become sRGB" {
	vips black grey.png 60 40
	vips black rgb.png 60 40 --bands 3
	vips colourspace rgb.png cmyk.tif cmyk --source-space srgb
	vips cast rgb.png deep.png ushort
	for picture in grey.png cmyk.tif deep.png; do
		run -0 bi-thumb "$picture" out.webp
		run vipsheader out.webp
		assert_output --partial '60x40 uchar, 3 bands, srgb'
	done
}

@test "what cannot be decoded fails with a reason and leaves no file" {
	pictures M
	head -c 20000 origin/M-1-1.jpg >truncated.jpg
	printf 'no picture\n' >words.jpg
	: >empty.jpg
	printf '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><g>' >drawing.svg
	printf '%%PDF-1.4\n' >a.pdf
	printf '\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\377\377\0\0\377\377\010\002\0\0\0' >huge.png
	for picture in truncated.jpg words.jpg empty.jpg drawing.svg a.pdf huge.png; do
		run -1 bi-thumb "$picture" out.webp
		assert_output --regexp "^bi-thumb: no thumbnail of $picture: .+"
		[ ! -e out.webp ]
	done
	run -66 bi-thumb missing.jpg out.webp
	run -73 bi-thumb truncated.jpg no/such/folder/out.webp
}

@test "a picture of too many pixels is refused from its header" {
	local at

	# The height and width of a small JPEG, made 15000 and 20000 where its header says so.
	vips black big.jpg 8 8
	at=$(LC_ALL=C grep -obUaP '\xff\xc0' big.jpg | head -n 1 | cut -d: -f1)
	printf '\072\230\116\040' | dd of=big.jpg bs=1 seek=$((at + 5)) conv=notrunc status=none
	run -1 bi-thumb big.jpg out.webp
	assert_output --partial '20000 x 15000 pixels'
}

@test "the process that decodes can open nothing" {
	need_strace
	pictures M
	ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat,open,socket,connect,execve,seccomp,recvmsg -o trace "$BI_BIN/bi-thumb" origin/M-1-1.jpg out.webp
	run awk '/seccomp.*= 0/ { pid = $1 } pid && $1 == pid' trace
	assert_output --partial recvmsg
	# The C library asks for the time zone, and is refused.
	run grep -E '(open|openat|socket|connect|execve)\(.*= [0-9]' <<<"$output"
	assert_output ''
}

@test '--serve is refused without a socket' {
	run -2 bash -c 'bi-thumb --serve </dev/null'
	assert_output --partial SOCK_SEQPACKET
}

# The hash and the sharpness that bi-thumb prints.
hash_of() {
	bi-thumb "$1" hash.webp | sed 's/.*hash \([0-9a-f]*\).*/\1/'
}
sharpness_of() {
	bi-thumb "$1" hash.webp | sed 's/.*sharpness //'
}

@test "a film gives one frame of it, that shows something" {
	pictures M
	vips thumbnail origin/M-1-1.jpg a.png 300
	vips black b.png 300 225 --bands 3
	vips arrayjoin 'a.png b.png' ab.v --across 1
	vips arrayjoin 'b.png a.png' ba.v --across 1
	for kind in gif webp; do
		for frames in ab ba; do
			vips copy "$frames.v" "${frames}.${kind}[page-height=225]"
			run -0 bi-thumb "$frames.$kind" "$frames-$kind.webp"
			assert_output --partial '300 x 225, from 300 x 225, animated, hash '
			refute_output --partial 'hash 0000000000000000'
			assert_equal "$(field n-pages "$frames-$kind.webp" 2>/dev/null || echo 1)" 1
		done
	done
	# One frame is no film, and black alone is shown as it is.
	vips copy a.png one.gif
	run -0 bi-thumb one.gif one.webp
	refute_output --partial animated
	vips arrayjoin 'b.png b.png' bb.v --across 1
	vips copy bb.v 'bb.gif[page-height=225]'
	run -0 bi-thumb bb.gif bb.webp
	assert_output --partial 'animated, hash 0000000000000000'
}

@test "a drawing is drawn at the thumbnail's size, and reaches nothing" {
	need_strace
	cat >drawing.svg <<-END
		<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="60" height="30">
		<script>alert(1)</script><rect width="20" height="30" fill="#0f0"/>
		<image xlink:href="file://$PWD/secret.png" x="20" width="20" height="30"/>
		<image href="secret.png" x="20" width="20" height="30"/>
		<image href="http://127.0.0.1:1/x.png" x="20" width="20" height="30"/>
		<text x="42" y="20" font-size="16">Wm</text></svg>
	END
	vips black red.v 20 30 --bands 3
	vips linear red.v secret.png 1 '255 0 0'
	ASAN_OPTIONS=detect_leaks=0 run -0 --separate-stderr strace -f -e trace=openat,connect -o trace "$BI_BIN/bi-thumb" drawing.svg out.webp
	assert_output --partial 'out.webp: 512 x 256, from 60 x 30, drawn, '
	run grep -E 'secret|connect\(' trace
	assert_output ''
	# Green on the left, nothing in the middle, a text on the right.
	vips crop out.webp middle.png 180 0 150 256
	assert_equal "$(vips max middle.png)" 0.000000
	vips crop out.webp text.png 345 0 160 256
	assert_equal "$(vips max text.png)" 255.000000
}

@test "texts in drawings have letters, in the confined process too" {
	[ "$(fc-list)" ] || fail 'there are no fonts'
	# Letters differ from each other; the boxes that stand for a font that cannot be opened do not.
	for letters in iiii WWWW; do
		printf '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="30"><text y="25" font-size="20">%s</text></svg>' "$letters" >"$letters.svg"
		bi-thumb "$letters.svg" "$letters.webp"
		vips extract_band "$letters.webp" "$letters.v" 3
		vips avg "$letters.v" >"$letters.avg"
	done
	awk 'NR == 1 { i = $1 } NR == 2 { w = $1 } END { exit !(i > 0 && w > 2 * i) }' iiii.avg WWWW.avg
}

@test "a page of PDF is drawn" {
	{
		printf '%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n'
		printf '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 200]/Contents 4 0 R>>endobj\n'
		printf '4 0 obj<</Length 29>>stream\n1 0 0 rg 10 10 50 100 re f   \nendstream endobj\ntrailer<</Root 1 0 R>>\n'
	} >page.pdf
	run -0 bi-thumb page.pdf page.webp
	assert_output --partial 'page.webp: 256 x 512, from 100 x 200, drawn'
}

@test "drawings that never end, or make too much of themselves, fail alone" {
	local i

	{
		printf '<!DOCTYPE svg [<!ENTITY a0 "aaaaaaaaaa">'
		for i in 1 2 3 4 5 6 7 8 9; do
			# shellcheck disable=SC2183
			printf '<!ENTITY a%d "%s">' "$i" "$(printf "&a$((i - 1));%.0s" 1 2 3 4 5 6 7 8 9 10)"
		done
		printf ']><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&a9;</text></svg>'
	} >laughs.svg
	run -1 bi-thumb laughs.svg out.webp
	assert_output --partial 'no thumbnail of laughs.svg: '
	printf '<svg xmlns="http://www.w3.org/2000/svg" width="1000000" height="1000000"><rect width="9" height="9"/></svg>' >wide.svg
	run -1 bi-thumb wide.svg out.webp
	assert_output --partial '1000000 x 1000000 pixels are more than a drawing may have here'
	sed 's/1000000/60000/g' wide.svg >most.svg
	run -0 bi-thumb most.svg out.webp
	assert_output --partial 'out.webp: 512 x 512'
}

@test 'pictures of a single pixel, of 16 bits and in CMYK become thumbnails' {
	vips black one.png 1 1 --bands 3
	run -0 bi-thumb one.png out.webp
	assert_output --partial '1 x 1, from 1 x 1, hash 0000000000000000, sharpness 0'
	pictures M
	vips cast origin/M-1-1.jpg deep.v ushort --shift
	vips copy deep.v deep.png --interpretation rgb16
	vips icc_export origin/M-1-1.jpg cmyk.jpg --output-profile cmyk
	assert_equal "$(field format deep.png) $(field interpretation cmyk.jpg)" '((VipsBandFormat) VIPS_FORMAT_USHORT) ((VipsInterpretation) VIPS_INTERPRETATION_CMYK)'
	for picture in deep.png cmyk.jpg; do
		run -0 bi-thumb "$picture" out.webp
		assert_output --partial '512 x 384, from 1600 x 1200,'
		run vipsheader out.webp
		assert_output --partial '512x384 uchar, 3 bands, srgb'
	done
	assert_equal "$(hash_of deep.png)" "$(hash_of origin/M-1-1.jpg)"
}

@test "blurred pictures are less sharp than 20, sharp ones more" {
	pictures M
	for picture in M-1-1.jpg M-2-2.png M-1-3.jpg; do
		[ "$(sharpness_of "origin/$picture")" -ge 20 ]
		vips thumbnail "origin/$picture" small.v 512
		vips gaussblur small.v blurred.png 4
		[ "$(sharpness_of blurred.png)" -lt 20 ]
	done
}

@test "a pipe as a picture is refused, not waited for" {
	mkfifo pipe.png
	run -1 timeout 60 bi-thumb pipe.png out.webp
	assert_output --partial 'it is no file of bytes'
	[ ! -e out.webp ]
}
