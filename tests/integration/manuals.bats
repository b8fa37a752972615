#!/usr/bin/env bats
# The manual pages are sound, and say the same as the programs.

load helpers

top=$BATS_TEST_DIRNAME/../..
man=$top/man

# The options of text with a line for each, but for the two that every program has.
options_of_lines() {
	grep -oE '^ +(-[A-Za-z0-9]( [A-Z]+)?, )?--[a-z][a-z0-9-]*' | grep -oE -- '--?[A-Za-z0-9][a-z0-9-]*' |
		grep -vxE -- '-h|--help|--version' | sort -u
}

# A page as text, each paragraph a line.
text_of() {
	mandoc -T utf8 -O width=1000 "$1" | sed 's/.\x08//g'
}

options_of_synopsis() {
	text_of "$1" | sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' | grep -oE '(^|[ [|])--?[A-Za-z0-9][a-z0-9-]*' |
		tr -d ' [|' | grep -vxE -- '-h|--help|--version' | sort -u
}

programs() {
	basename -a "$BI_BIN/bi" "$BI_BIN"/bi-*
}

@test "mandoc finds nothing wrong with any page" {
	# References are looked at below: mandoc knows only what is installed. One by one,
	# or its two outputs mix within lines.
	run ! grep -vE 'referenced manual not found|mandoc\.db' <(printf '%s\n' "$man"/*.[1-9] | xargs -n 1 mandoc -T lint 2>&1)
	assert_output ''
}

# lost FILE...: of each page, the lines of which other letters and digits are printed than stand there. mdoc takes a word
# that is the name of a macro for that, behind another macro: ".Ql No active servers", ".Ss An item's line".
lost() {
	local page

	for page; do
		text_of "$page" | perl -CSD -e '
			use strict;
			my ($page, $name, @numbers, @lines) = shift;
			my %macro = map { $_ => 1 } qw(Sh Ss Pp Bl El It Bd Ed D1 Dl Nm Nd Fl Ar Op Oo Oc Xr Ev Pa Cm Ic Li Ql Sq
				Dq Bq Pq Po Pc Pf Ns Sx Dv Va Fn Em Sy Ta Mt Lk);
			open my $source, "<", $page or die "$page: $!";
			while (<$source>) {
				next if /^\.(\\"|Dd|Dt|Os|El|Ed|Bd)/;
				if (s/^\.//) {
					my @words = split;
					push @numbers, "@words" =~ /-enum/ ? 0 : undef if $words[0] eq "Bl";
					next if $words[0] eq "Bl";
					$name //= $words[1] if $words[0] eq "Nm";
					my $number = $words[0] eq "It" && defined $numbers[-1] ? ++$numbers[-1] : "";
					# .Nm without a name is the one of the page.
					$_ = join " ", $number, map {
						my $next = $words[$_ + 1] // ".";
						!$macro{$words[$_]} ? $words[$_]
							: $words[$_] eq "Nm" && ($macro{$next} || $next =~ /^[[:punct:]]+$/) ? $name : "";
					} 0 .. $#words;
				}
				s/\\[&-]//g; s/\\e/\\/g; s/\\\((dq|aq)//g;
				s/[^[:alnum:]\\]//g;
				push @lines, [$., $_] if length;
			}
			my $printed = do { local $/; <STDIN> };
			$printed =~ s/^.*\n//;
			$printed =~ s/\n.*\n\z//;
			$printed =~ s/[^[:alnum:]\\]//g;
			my $lost;
			for (@lines) {
				my ($line, $letters) = @$_;
				my $at = index $printed, $letters;
				my $near = $at >= 0 && $at < 200;
				print "$page:$line: of $letters is printed: ", substr($printed, 0, length $letters), "\n"
					unless $at == 0 || $near && $lost;
				$lost = $at < 0;
				substr($printed, 0, $at + length $letters) = "" if $near;
			}
			print "$page: nothing stands for the last of it: $printed\n" if length $printed && !$lost' "$page"
	done
}

@test "each page is printed with all its words" {
	run -0 lost "$man"/*.[1-9]
	assert_output ''
}

@test "a word that is lost in print is found" {
	printf '.%s\n' 'Dd November 22, 2026' 'Dt X 1' Os 'Sh NAME' 'Nm x' 'Nd page' 'Sh DESCRIPTION' 'Ss An item' \
		'Bl -tag -width Ds' 'It No port is free' 'It Fl k' 'Ql \&No server' El >x.1
	printf '%s\n' 'Text that has In it.' "printf '%s\\n'" >>x.1
	run -0 lost x.1
	assert_equal "$(sed 's/ is printed.*//' <<<"$output")" \
		"$(printf 'x.1:%s: of %s\n' 8 Anitem 10 Noportisfree 15 'printfs\n')"
}

@test "each program has a page, and each page of a program a program" {
	local program page

	for program in $(programs); do
		ls "$man/$program".[18]
	done
	for page in "$man"/bi{,-*}.[18]; do
		page=${page##*/}
		[ -x "$BI_BIN/${page%.*}" ] || fail "there is no program to $page"
	done
}

@test "each option of a program is in its page, and each option of the page in the program" {
	local program page

	for program in $(programs); do
		page=$(ls "$man/$program".[18])
		"$program" --help | options_of_lines >program.options
		text_of "$page" | options_of_lines >page.options
		diff --label "$program --help" program.options --label "$page" page.options
		options_of_synopsis "$page" >synopsis.options
		run -0 comm -13 program.options synopsis.options
		assert_output ''
		cat program.options >>all.options
	done
	[ "$(wc -l <all.options)" -gt 20 ] # of all programs: else --help or this test is broken
}

@test "--help fits into 80 columns, and no line but that of an option begins as one" {
	local program

	for program in $(programs); do
		# The first line is the usage, from which the completions take the operands.
		"$program" --help | sed -e 1d -e '/^The whole manual/d' >lines
		[ -s lines ]
		run ! grep -nE '.{81}|^ {7,}-' lines
		assert_output ''
	done
}

@test "each page has the sections that people look for" {
	local page section

	for page in "$man"/*.[18]; do
		for section in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
			grep -qx "\.Sh $section" "$page" || fail "${page##*/} has no section $section"
		done
	done
}

@test "each program answers --help and --version, and an unknown option with exit 2 and one line" {
	local program

	for program in $(programs); do
		run -0 --separate-stderr "$program" --help
		assert_line --index 0 --regexp "^usage: $program "
		assert_equal "$stderr" ''
		# Where its pages are not installed, it says where they are.
		[ ! "$BI_BIN" -ef "$top/bin" ] || assert_line "The whole manual: man $(realpath "$man/$program.1")"
		run -0 "$program" --version
		assert_output --regexp "^$program \(bi\) [0-9]"
		run -2 --separate-stderr "$program" --no-such-option
		assert_output ''
		assert_equal "${#stderr_lines[@]}" 1
		[ ! -e "$BI_ROOT" ]
	done
}

@test "each bi- word of manuals, README and demo is a program, a page or a unit" {
	local word

	grep -hoE '(^|[^A-Za-z0-9./_-])bi-[a-z]+' "$man"/* "$top/README.md" "$BI_SHARE/examples/demo" | grep -oE 'bi-[a-z]+' |
		sort -u >words
	[ "$(wc -l <words)" -ge 9 ]
	while read -r word; do
		[ "$word" = bi-demo ] || [ -x "$BI_BIN/$word" ] || compgen -G "$man/$word.[1-9]" >/dev/null ||
			compgen -G "$top/share/systemd/${word}[.@]*" >/dev/null ||
			fail "$word is no program, no page and no unit"
	done <words
}

@test "each page that another refers to is there" {
	local name section

	grep -hoE '^\.Xr bi[a-z-]* [0-9]' "$man"/*.[1-9] | sort -u | while read -r _ name section; do
		[ -f "$man/$name.$section" ] || fail "$name($section) is referred to and is not there"
	done
}

# section PAGE TITLE: that section, as text.
section() {
	text_of "$1" | sed -n "/^$2\$/,/^[A-Z]/p"
}

# The variables that a page has under ENVIRONMENT.
variables_of() {
	sed -n '/^\.Sh ENVIRONMENT/,/^\.Sh [^E]/s/^\.It Ev //p' "$1" | tr -d ' ' | tr ',' '\n'
}

# What the sources in these folders read of the environment. BI_REVIEW is what bi-serve sets for its own lighttpd.
variables_read() {
	grep -rhoE 'getenv\("[A-Za-z_]+"\)' "$@" | cut -d'"' -f2 | grep -vx BI_REVIEW | sort -u
}

@test "each environment variable that a program reads is in its page and in bi(7), and these have no others" {
	local program page folder

	variables_read "$top/tools" >known
	[ "$(wc -l <known)" -ge 8 ]
	# Those that libcurl reads, by the name that it has for them.
	printf '%s\n' http_proxy HTTPS_PROXY NO_PROXY >>known
	# BI_HOSTS is between bi-serve and bi-api.
	run -0 comm -3 <(grep -vx BI_HOSTS known | sort) <(variables_of "$man/bi.7" | sort)
	assert_output ''
	for program in $(programs); do
		page=$(ls "$man/$program".[18])
		folder=$top/tools/${program#bi-}
		{
			variables_read "$folder" || :
			! "$program" --help | grep -q -- --root || echo BI_ROOT
			! grep -rq path_of_share "$folder" || echo BI_SHARE
		} | sort -u >needs
		run -0 comm -23 needs <(variables_of "$page" | sort)
		[ -z "$output" ] || fail "${page##*/} does not have under ENVIRONMENT: $output"
		run -0 comm -13 <(sort known) <(variables_of "$page" | sort)
		[ -z "$output" ] || fail "nobody reads what ${page##*/} has under ENVIRONMENT: $output"
	done
}

@test "bi(7) has each exit status that the programs have, and no other" {
	local name

	grep -rhoE '\bEX_[A-Z]+(_[A-Z]+)*\b' "$top/tools" | sort -u | while read -r name; do
		# By their headers; what is in neither is another constant.
		sed -nE "s/^#define[[:space:]]+${name}[[:space:]]+([0-9]+).*/\1/p; s/^[[:space:]]+$name = ([0-9]+),.*/\1/p" \
			/usr/include/sysexits.h "$top/tools/lib/base/msg.h"
	done | sort -n >had
	[ "$(wc -l <had)" -ge 10 ]
	sed -n '/^\.Sh EXIT STATUS/,/^\.El/s/^\.It //p' "$man/bi.7" | diff --label programs had --label 'bi(7)' -
}

@test "each page has the exit statuses of its program, and of those of bi(7) no others" {
	local page

	sed -n '/^\.Sh EXIT STATUS/,/^\.El/s/^\.It //p' "$man/bi.7" | sort >had
	for page in "$man"/bi-*.1; do
		section "$page" 'EXIT STATUS' >said
		grep -q 'bi(7)' said || fail "${page##*/} says nothing of the statuses of bi(7)"
		grep -oE '(^|[ ;,])[0-9]+( |$)' said | tr -d ' ;,' | sort -u >numbers
		run -0 comm -23 numbers had
		[ -z "$output" ] || fail "${page##*/} has statuses that are not in bi(7): $output"
	done
}

# The codes that the sources give to errors of records, a line each: what stands as a word of its own in a call that
# fails something, or in a table that such a call takes it from, or in a filter for jq. Answers over HTTP are another
# matter; so are the codes of other people's API, which all begin with api_.
codes_given() {
	find "$top/tools" "$top/share/source" -name '*.[ch]' -print0 -o -name '*.jq' -print0 | xargs -0 perl -0777 -ne '
		my @codes;
		unless ($ARGV =~ m{/api/}) {
			push @codes, $2 =~ /"([a-z][a-z0-9_]*)"/g
				while /\b(verdict_fail|item_fail(?:_\w+)?|verdict_set|refuse(?:_member|_job)?|report_refused|fail(?:_(?!read\b)\w+)?|expand_fail(?:_\w+)?|verify_report_problem|c->report|make_bad|ask_bad(?:_as)?)\(([^;{]*);/g;
			push @codes, /\bcode = "([a-z][a-z0-9_]*)"/g;
		}
		push @codes, /\{CURLE_\w+, "([a-z_]+)"/g, /\{"[a-z]+ ", "([a-z_]+)"\}/g, /\{"((?:archive|not|member)_[a-z_]+)", "/g,
			/\brec_add_error\([^,;]*, "([a-z_]+)"/g, /\\"code\\":\\"([a-z_]+)\\"/g,
			/\bcode: [^,}\n]*?then "([a-z_]+)"/g, /#define TROUBLE_CODE "([a-z_]+)"/g;
		print "$_\n" for @codes' | grep -v '^api_' | sort -u
}

# Those that bi-records(5) has in its tables.
codes_said() {
	sed -n '/^\.Ss Error codes/,/^\.S[sh] [^E]/s/^\.It Li //p' "$man/bi-records.5" | sed 's/ , /\n/g'
}

@test "bi-records(5) has each code that an error of a record may have, and no other" {
	codes_given >given
	codes_said | grep -v '[A-Z]' | sort -u >said
	[ "$(wc -l <given)" -ge 60 ]
	diff --label sources given --label 'bi-records(5)' said
	assert_equal "$(codes_said | grep '[A-Z]' | xargs)" 'http_NNN api_CODE'
}

@test "bi-clean(1) has each kind of thing that check finds, and no other" {
	perl -0777 -ne 'print "$_\n" for /\bchecking_found\([^,;]*,[^,;]*, "([a-z_]+)"/g' "$top"/tools/clean/*.c | sort -u >found
	[ "$(wc -l <found)" -ge 5 ]
	sed -n '/^\.It Cm check/,/^\.It Cm legacy/s/^\.It Li //p' "$man/bi-clean.1" | sed 's/ , /\n/g' | sort |
		diff --label sources found --label 'bi-clean(1)' -
}

# misnamed PAGE: what the page says of the source and is not so: files, functions and constants that are not there, and lines
# whose function is in none of the files of that line. A file is named as in an #include, or from the top. NAME stands for
# the name of a new file.
misnamed() {
	(cd "$top" && find tools -name '*.[ch]' -exec cat {} + | grep -oE '\b[A-Z_0-9]{3,}\b' | sort -u) >constants
	(cd "$top" && find tools -name '*.c' -exec grep -oE '^[a-z_0-9]+\(' {} +) >functions
	perl -e '
		use strict;
		my ($top, $page, %constant, %defines) = @ARGV;
		sub lines_of { open my $in, "<", shift or die; my @lines = <$in>; chomp @lines; @lines }
		$constant{$_} = 1 for lines_of("constants");
		/^tools\/(?:lib\/)?(.*):(.*)\(/ and $defines{$2}{$1} = 1 for lines_of("functions");
		for (lines_of($page)) {
			next if /^\.Bd/ .. /^\.Ed/ or /^\.Bl/;
			my @files;
			for my $name (m{\bPa ((?:[\w-]+/)+[\w.-]+\w)}g) {
				next if $name =~ /NAME|BATCH|PORT|\.port$|^queue/ or $name !~ m{^(?:tools|tests|share)/|\.[a-z0-9]+$};
				push @files, $name;
				print "there is no file $name\n" unless grep { -e "$top/$_/$name" } qw(tools/lib tools .);
			}
			for my $name (/\bFn (\w+)/g) {
				print "there is no function $name()\n" unless $defines{$name};
				print "$name() is not in @files\n"
					if $defines{$name} && @files && !grep { $defines{$name}{$_} } @files;
			}
			$constant{$_} or print "there is no $_\n" for /\bDv (\w+)/g;
		}' "$top" "$1"
}

@test "bi-internals(7) names only files, functions and constants that are there" {
	[ "$(grep -o '\bFn [a-z]' "$man/bi-internals.7" | wc -l)" -gt 50 ]
	run -0 misnamed "$man/bi-internals.7"
	assert_output ''
}

@test "a file or function that has moved is found in the page that names it" {
	printf '.%s\n' 'It who works on it Ta Fn batch_claim Ta Pa batch/batch_claim.c' 'Pa tests/unit/NAME_test.c' >x.7
	run -0 misnamed x.7
	assert_output ''
	printf '.%s\n' 'It who works on it Ta Fn batch_claim Ta Pa batch/batch.c' 'Pq Fn claim_batch , Pa batch/batch.c' \
		'Pa fetch/batch.c' 'Pa tests/units' 'Dv KEEP_TO' >x.7
	run -0 misnamed x.7
	assert_output 'batch_claim() is not in batch/batch.c
there is no function claim_batch()
there is no file fetch/batch.c
there is no file tests/units
there is no KEEP_TO'
}

@test "bi-internals(7) has each program, and the floors of tests/floors" {
	local program

	for program in "$top"/tools/*/; do
		program=$(basename "$program")
		[ "$program" = lib ] || grep -qE "^\.It (Pa $program|Li bi-$program) " "$man/bi-internals.7" ||
			fail "$program is not in the tables of programs and helpers"
	done
	sed -n "/^floors='/,/'\$/p" "$top/tests/floors" | tr -d "'" | sed 's/floors=//' |
		awk '{ for (i = 1; i <= NF; i++) print NR, $i }' >floors
	[ "$(wc -l <floors)" -gt 5 ]
	sed -nE 's/^\.It ([1-9]) Ta Pa ([a-z]+) Ta .*/\1 \2/p' "$man/bi-internals.7" |
		diff --label tests/floors floors --label 'bi-internals(7)' -
}
