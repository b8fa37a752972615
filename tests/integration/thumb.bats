#!/usr/bin/env bats
# bi-thumb: small pictures, made where nothing else can be done.

load helpers

field() {
	vipsheader -f "$1" "$2"
}

@test "a landscape, a portrait and a rotated picture become WebP of 512 pixels" {
	pictures M
	run -0 bi-thumb origin/M-1-1.jpg wide.webp
	assert_output 'wide.webp: 512 x 384, from 1600 x 1200'
	run -0 bi-thumb origin/M-1-2.jpg tall.webp
	assert_output 'tall.webp: 384 x 512, from 1200 x 1600'
	# Stored on its side, upright by its EXIF orientation.
	assert_equal "$(field width origin/M-1-3.jpg)" 1600
	run -0 bi-thumb origin/M-1-3.jpg turned.webp
	assert_output 'turned.webp: 384 x 512, from 1200 x 1600'
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
	printf '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>\n' >drawing.svg
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
	pictures M
	ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat,open,socket,connect,execve,seccomp,recvmsg -o trace "$BI_BIN/bi-thumb" origin/M-1-1.jpg out.webp
	run awk '/seccomp.*= 0/ { pid = $1 } pid && $1 == pid' trace
	assert_output --partial recvmsg
	# The C library asks for the time zone, and is refused.
	run grep -E '(open|openat|socket|connect|execve)\(.*= [0-9]' <<<"$output"
	assert_output ''
}

@test "--serve wants a socket" {
	run -2 bash -c 'bi-thumb --serve </dev/null'
	assert_output --partial SOCK_SEQPACKET
}
