#include "hosts/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct range4 {
	uint8_t net[4];
	unsigned bits;
	const char *what;
};

struct range6 {
	uint8_t net[16]; /* the rest is zero */
	unsigned bits;
	const char *what;
	unsigned inner; /* the offset of the embedded IPv4 address that is checked instead; 0: there is none */
};

static const struct range4 ranges4[] = {
	{{0}, 8, "an address of this network"},
	{{10}, 8, "a private address"},
	{{100, 64}, 10, "a carrier's private address"},
	{{127}, 8, "a loopback address"},
	{{169, 254}, 16, "a link-local address"},
	{{172, 16}, 12, "a private address"},
	{{192, 0, 0}, 24, "an address set aside for protocols"},
	{{192, 0, 2}, 24, "an address for documentation"},
	{{192, 31, 196}, 24, "an address set aside for protocols"},
	{{192, 52, 193}, 24, "an address set aside for protocols"},
	{{192, 88, 99}, 24, "a 6to4 relay's address"},
	{{192, 168}, 16, "a private address"},
	{{192, 175, 48}, 24, "an address set aside for protocols"},
	{{198, 18}, 15, "an address for benchmarks"},
	{{198, 51, 100}, 24, "an address for documentation"},
	{{203, 0, 113}, 24, "an address for documentation"},
	{{224}, 4, "a multicast address"},
	{{255, 255, 255, 255}, 32, "the broadcast address"},
	{{240}, 4, "a reserved address"},
};

/* The first match counts. An address without a match must be in 2000::/3. */
static const struct range6 ranges6[] = {
	{{0}, 128, "the unspecified address", 0},
	{{[15] = 1}, 128, "a loopback address", 0},
	{{[10] = 0xff, 0xff}, 96, NULL, 12},
	{{0x00, 0x64, 0xff, 0x9b}, 96, NULL, 12},
	{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, "a local NAT64 address", 0},
	{{0x01, 0x00}, 64, "an address that discards", 0},
	{{0x01, 0x00, [7] = 1}, 64, "an address set aside for protocols", 0},
	{{0x20, 0x01}, 32, "a Teredo address", 0},
	{{0x20, 0x01}, 23, "an address set aside for protocols", 0},
	{{0x20, 0x01, 0x0d, 0xb8}, 32, "an address for documentation", 0},
	{{0x20, 0x02}, 16, NULL, 2},
	{{0x26, 0x20, 0x00, 0x4f, 0x80}, 48, "an address set aside for protocols", 0},
	{{0x3f, 0xff}, 20, "an address for documentation", 0},
	{{0x5f, 0x00}, 16, "a segment routing address", 0},
	{{0xfc}, 7, "a private address", 0},
	{{0xfe, 0x80}, 10, "a link-local address", 0},
	{{0xfe, 0xc0}, 10, "a site-local address", 0},
	{{0xff}, 8, "a multicast address", 0},
};

static bool
is_in_net(const uint8_t *address, const uint8_t *net, unsigned bits)
{
	unsigned rest = bits % 8;

	return memcmp(address, net, bits / 8) == 0 &&
	       (rest == 0 || (address[bits / 8] ^ net[bits / 8]) >> (8 - rest) == 0);
}

static const char *
check_ipv4(const uint8_t *address)
{
	for (size_t i = 0; i < sizeof(ranges4) / sizeof(*ranges4); i++)
		if (is_in_net(address, ranges4[i].net, ranges4[i].bits))
			return ranges4[i].what;
	return NULL;
}

static const char *
check_ipv6(const uint8_t *address)
{
	static const uint8_t global[16] = {0x20};

	for (size_t i = 0; i < sizeof(ranges6) / sizeof(*ranges6); i++)
		if (is_in_net(address, ranges6[i].net, ranges6[i].bits))
			return ranges6[i].inner ? check_ipv4(address + ranges6[i].inner) : ranges6[i].what;
	return is_in_net(address, global, 3) ? NULL : "an address outside of global unicast";
}

const char *
address_check(const struct sockaddr *address)
{
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	switch (address->sa_family) {
	case AF_INET:
		memcpy(&four, address, sizeof(four));
		return check_ipv4((const uint8_t *)&four.sin_addr);
	case AF_INET6:
		memcpy(&six, address, sizeof(six));
		return check_ipv6(six.sin6_addr.s6_addr);
	default:
		return "no internet address";
	}
}

static bool
is_localhost(const char *name)
{
	static const char own[] = "localhost";
	size_t n = strlen(name), k = sizeof(own) - 1;

	return n >= k && strcasecmp(name + n - k, own) == 0 && (n == k || name[n - k - 1] == '.');
}

const char *
address_of_host_check(const char *host)
{
	char name[256];
	struct in6_addr six;
	struct in_addr four;
	size_t n;

	host += *host == '[';
	n = strcspn(host, "]%");
	while (n > 0 && host[n - 1] == '.')
		n--; /* the root of the name space; the name means the same without it */
	if (n >= sizeof(name))
		return NULL; /* longer than a name may be */
	snprintf(name, sizeof(name), "%.*s", (int)n, host);
	if (inet_pton(AF_INET6, name, &six) == 1)
		return check_ipv6(six.s6_addr);
	if (inet_aton(name, &four))
		return check_ipv4((const uint8_t *)&four);
	return is_localhost(name) ? "a loopback address" : NULL;
}
