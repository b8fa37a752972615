#!/usr/bin/env bats
# A server with many clients that want nothing but its time. tests/long/crowd.bats has more of them.
load helpers
load crowd

@test "600 clients that say nothing shut nobody off" {
	crowd_serve
	crowd 600 idle
	answered
}

@test 'slow clients of every kind shut nobody off' {
	crowd_serve
	crowd 90 header idle tls stream body stranger pick
	answered
}

@test "a server that may have few files open says how many clients it takes" {
	ulimit -n 2048
	crowd_serve
	assert_regex "$stderr" 'accepts 896 clients at once instead of 8192: RLIMIT_NOFILE allows 2048 open files'
	crowd 600 idle
	answered
}
