#!/usr/bin/env bats
# A thousand clients of each kind at once before a server, and as many as it takes.
load ../integration/helpers
load ../integration/crowd

@test "a thousand clients of each kind at once leave page and pick as they are" {
	crowd_serve
	crowd 1000 header idle tls stream body stranger pick
	answered
}

@test "a thousand connections without a handshake leave a server with TLS as it is" {
	echo 'a long enough password' >password
	crowd_serve --share --address 127.0.0.1 --password-file password
	crowd 1000 idle tls
	answered -u 'review:a long enough password'
}

@test "8000 slow clients leave page and pick as they are" {
	crowd_serve
	crowd 8000 header
	answered
}
