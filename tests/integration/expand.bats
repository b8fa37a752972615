#!/usr/bin/env bats
# bi-expand: what is in archives.

load helpers

@test "members, refused ones and failed archives are records, and the rest goes on" {
	mkdir in
	printf hello >in/a
	: >in/empty
	ln -s /etc/passwd in/link
	tar -czf good.tgz --mtime=@1700000000 --sort=name in
	printf 'no archive\n' >words
	head -c 150 good.tgz >cut.tgz
	run -1 --separate-stderr bi-expand words good.tgz missing
	assert_output - <<-'END'
		{"file":"words","status":"failed","error":{"code":"not_an_archive","message":"it is not an archive that can be unpacked here","retryable":false}}
		{"file":"good.tgz","member":"in/a","bytes":5,"mtime":"2023-11-14T22:13:20Z"}
		{"file":"good.tgz","member":"in/empty","bytes":0,"mtime":"2023-11-14T22:13:20Z"}
		{"file":"good.tgz","member":"in/link","status":"refused","error":{"code":"member_not_a_file","message":"it is a symbolic link","retryable":false}}
		{"file":"missing","status":"failed","error":{"code":"not_found","message":"No such file or directory","retryable":false}}
		{"end":"bi-expand","members":2,"refused":1,"failed":2,"exit":1}
	END
	assert_equal "${#stderr_lines[@]}" 3
	run -1 --separate-stderr bi-expand cut.tgz
	assert_line --partial '"archive_damaged"'
}

@test "names come from standard input, plain and as records" {
	printf hello >a
	tar -cf a.tar a
	run -0 bi-expand < <(printf 'a.tar\n{"path":"a.tar"}\n{"file":"a.tar"}\n')
	assert_equal "$(grep -c '"member":"a","bytes":5' <<<"$output")" 3
	assert_line --index 3 '{"end":"bi-expand","members":3,"refused":0,"failed":0,"exit":0}'
}

@test '--serve is refused without a socket, or with files' {
	run -2 --separate-stderr bi-expand --serve </dev/null
	assert_equal "${#stderr_lines[@]}" 1
	run -2 bi-expand --serve a.tar
}

@test "limits are options" {
	"$BI_BUILD/tests/archive" zip big.zip 'zeros*30000000' a=1
	run -0 --separate-stderr bi-expand big.zip
	assert_line --partial '"members":2,"refused":0,"failed":0'
	for limit in --archive-bytes=20M --archive-member=20M --archive-members=1 '--archive-ratio=10 --archive-free=1M'; do
		# shellcheck disable=SC2086
		run -1 --separate-stderr bi-expand $limit big.zip
		assert_line --regexp '"code":"archive_(too_large|too_many|ratio)"'
	done
	# The ratio alone is none within what every archive may unpack to.
	run -0 --separate-stderr bi-expand --archive-ratio=1 big.zip
	run -2 bi-expand --archive-ratio=0 big.zip
}

@test "an archive of directories and an encrypted one get true records" {
	"$BI_BUILD/tests/archive" zip dirs.zip only/
	"$BI_BUILD/tests/archive" locked locked.zip a=1
	run -1 --separate-stderr bi-expand dirs.zip locked.zip
	assert_line --partial '{"file":"dirs.zip","status":"failed","error":{"code":"archive_empty"'
	assert_line --partial '{"file":"locked.zip","member":"a","status":"failed","error":{"code":"member_encrypted"'
	assert_line --partial '{"file":"locked.zip","status":"failed","error":{"code":"archive_encrypted"'
	run -0 bi-parse dirs.zip locked.zip
	assert_line --regexp 'dirs.zip.*"members":1,"files":0'
	assert_line --regexp 'locked.zip.*"members":1,"files":1,"encrypted":1'
}
