#include "testing.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include "hosts/address.h"

/* What is said of an address as text, "-" for nothing. */
static const char *
said_of(const char *text)
{
	struct sockaddr_storage at = {0};
	struct sockaddr_in *four = (struct sockaddr_in *)&at;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&at;
	const char *said;

	if (strchr(text, ':')) {
		six->sin6_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
	} else {
		four->sin_family = AF_INET;
		assert_int_equal(inet_pton(AF_INET, text, &four->sin_addr), 1);
	}
	said = address_check((const struct sockaddr *)&at);
	return said ? said : "-";
}

/* SAID is in what is said; "-" for a public address. */
struct vector {
	const char *address, *said;
};

static void
check(const struct vector *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *said = said_of(v[i].address);

		if (!strstr(said, v[i].said))
			fail_msg("%s is said to be '%s', not '%s'", v[i].address, said, v[i].said);
	}
}

static void
special_ranges_of_ipv4_are_not_public(void **state)
{
	static const struct vector v[] = {
		{"0.0.0.0", "this network"},
		{"0.255.255.255", "this network"},
		{"1.0.0.0", "-"},
		{"9.255.255.255", "-"},
		{"10.0.0.0", "private"},
		{"10.255.255.255", "private"},
		{"11.0.0.0", "-"},
		{"100.63.255.255", "-"},
		{"100.64.0.0", "carrier"},
		{"100.127.255.255", "carrier"},
		{"100.128.0.0", "-"},
		{"126.255.255.255", "-"},
		{"127.0.0.1", "loopback"},
		{"127.255.255.254", "loopback"},
		{"128.0.0.0", "-"},
		{"169.253.255.255", "-"},
		{"169.254.169.254", "link-local"},
		{"169.255.0.0", "-"},
		{"172.15.255.255", "-"},
		{"172.16.0.0", "private"},
		{"172.31.255.255", "private"},
		{"172.32.0.0", "-"},
		{"192.0.0.8", "protocols"},
		{"192.0.1.0", "-"},
		{"192.0.2.1", "documentation"},
		{"192.0.3.0", "-"},
		{"192.31.196.1", "protocols"},
		{"192.52.193.1", "protocols"},
		{"192.88.99.1", "6to4"},
		{"192.88.100.1", "-"},
		{"192.167.255.255", "-"},
		{"192.168.1.1", "private"},
		{"192.169.0.0", "-"},
		{"192.175.48.6", "protocols"},
		{"198.17.255.255", "-"},
		{"198.18.0.0", "benchmarks"},
		{"198.19.255.255", "benchmarks"},
		{"198.20.0.0", "-"},
		{"198.51.100.7", "documentation"},
		{"203.0.113.7", "documentation"},
		{"203.0.114.0", "-"},
		{"223.255.255.255", "-"},
		{"224.0.0.1", "multicast"},
		{"239.255.255.255", "multicast"},
		{"240.0.0.0", "reserved"},
		{"255.255.255.254", "reserved"},
		{"255.255.255.255", "broadcast"},
	};

	(void)state;
	check(v, sizeof(v) / sizeof(*v));
}

static void
special_ranges_of_ipv6_are_not_public(void **state)
{
	static const struct vector v[] = {
		{"::", "unspecified"},
		{"::1", "loopback"},
		{"::2", "outside"},
		{"100::1", "discards"},
		{"100:0:0:1::1", "protocols"},
		{"200::1", "outside"},
		{"2000::1", "-"},
		{"2001::1", "Teredo"},
		{"2001:1::1", "protocols"},
		{"2001:20::1", "protocols"},
		{"2001:1ff:ffff::1", "protocols"},
		{"2001:200::1", "-"},
		{"2001:db7:ffff::1", "-"},
		{"2001:db8::1", "documentation"},
		{"2001:db9::1", "-"},
		{"2001:4860:4860::8888", "-"},
		{"2620:4f:8000::1", "protocols"},
		{"2620:4f:8001::1", "-"},
		{"2a00:1450::1", "-"},
		{"3ffe:ffff::1", "-"},
		{"3fff:fff::1", "documentation"},
		{"3fff:1000::1", "-"},
		{"4000::1", "outside"},
		{"5f00::1", "segment routing"},
		{"fbff::1", "outside"},
		{"fc00::1", "private"},
		{"fdff::1", "private"},
		{"fe00::1", "outside"},
		{"fe80::1", "link-local"},
		{"febf::1", "link-local"},
		{"fec0::1", "site-local"},
		{"feff::1", "site-local"},
		{"ff02::1", "multicast"},
	};

	(void)state;
	check(v, sizeof(v) / sizeof(*v));
}

static void
ipv4_within_ipv6_is_judged_as_ipv4(void **state)
{
	static const struct vector v[] = {
		{"::ffff:127.0.0.1", "loopback"},
		{"::ffff:10.1.2.3", "private"},
		{"::ffff:169.254.169.254", "link-local"},
		{"::ffff:1.1.1.1", "-"},
		{"::ffff:0:1.1.1.1", "outside"}, /* of SIIT */
		{"::127.0.0.1", "outside"},
		{"::1.1.1.1", "outside"},
		{"64:ff9b::10.0.0.1", "private"},
		{"64:ff9b::100.64.0.1", "carrier"},
		{"64:ff9b::8.8.8.8", "-"},
		{"64:ff9b::1:8.8.8.8", "outside"},
		{"64:ff9b:1::8.8.8.8", "local NAT64"},
		{"2002:7f00:1::1", "loopback"},
		{"2002:c0a8:101::1", "private"},
		{"2002:a9fe:a9fe::", "link-local"},
		{"2002:808:808::1", "-"},
	};

	(void)state;
	check(v, sizeof(v) / sizeof(*v));
}

static void
other_families_are_not_public(void **state)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct sockaddr none = {.sa_family = AF_UNSPEC};

	(void)state;
	assert_non_null(address_check((const struct sockaddr *)&un));
	assert_non_null(address_check(&none));
}

static void
hosts_of_urls_are_judged_as_their_addresses(void **state)
{
	static const struct vector v[] = {
		{"127.0.0.1", "loopback"},
		{"127.1", "loopback"},
		{"2130706433", "loopback"},
		{"0x7f000001", "loopback"},
		{"0x7f.1", "loopback"},
		{"017700000001", "loopback"},
		{"0177.0.0.01", "loopback"},
		{"0", "this network"},
		{"10.0.0.1.", "private"},
		{"192.168.257", "private"},
		{"8.8.8.8", "-"},
		{"134744072", "-"},
		{"[::1]", "loopback"},
		{"::1", "loopback"},
		{"[::ffff:127.0.0.1]", "loopback"},
		{"[::ffff:7f00:1]", "loopback"},
		{"[fe80::1%25eth0]", "link-local"},
		{"fe80::1%eth0", "link-local"},
		{"[2001:4860:4860::8888]", "-"},
		{"localhost", "loopback"},
		{"LocalHost.", "loopback"},
		{"a.localhost", "loopback"},
		{"notlocalhost", "-"},
		{"example.org", "-"},
		{"10.0.0.1.example.org", "-"},
		{"", "-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		const char *said = address_of_host_check(v[i].address);

		said = said ? said : "-";
		if (!strstr(said, v[i].said))
			fail_msg("%s is said to be '%s', not '%s'", v[i].address, said, v[i].said);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_ranges_of_ipv4_are_not_public),
		cmocka_unit_test(special_ranges_of_ipv6_are_not_public),
		cmocka_unit_test(ipv4_within_ipv6_is_judged_as_ipv4),
		cmocka_unit_test(other_families_are_not_public),
		cmocka_unit_test(hosts_of_urls_are_judged_as_their_addresses),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
