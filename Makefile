# bi: batches in isolation. `make demo` shows it, `make check` tests it; README.md has the rest.

VERSION = 0.1
PREFIX = /usr/local
PROGRAMS = fetch render serve status clean collect type thumb expand media api

# The libraries of each program beyond those of tools/lib, by their pkg-config names.
LIBS_fetch = libcurl
LIBS_type = libmagic
LIBS_thumb = vips cairo-ft fontconfig
LIBS_expand = libarchive
LIBS_collect = libarchive
LIBS_media = gumbo libcurl
LIBS_serve = libssl libcrypt
LIBS_expand_test = libarchive
LIBS_archive = libarchive

ifdef SANITIZE
BUILD = build/sanitized
BIN = $(BUILD)/bin
FLAGS_mode = -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else
BUILD = build
BIN = bin
FLAGS_mode = -O2 -D_FORTIFY_SOURCE=2
endif

CC = gcc
CFLAGS = -g
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Wformat=2
FLAGS = -std=c17 $(WARNINGS) $(FLAGS_mode) -fstack-protector-strong -fPIE -D_GNU_SOURCE \
	-DBI_VERSION='"$(VERSION)"' -Itools/lib $(LIB_CFLAGS)
LINK = -pie -Wl,-z,relro,-z,now -Wl,--as-needed

LIB_SOURCES = $(wildcard tools/lib/*.c)
LIB = $(BUILD)/libbi.a
BINARIES = $(PROGRAMS:%=$(BIN)/bi-%)
UNIT_TESTS = $(patsubst tests/unit/%.c,$(BUILD)/tests/%.t,$(wildcard tests/unit/*_test.c))
TEST_PROGRAMS = $(patsubst tests/integration/%.c,$(BUILD)/tests/%,$(wildcard tests/integration/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(1)))
SOURCES = $(wildcard tools/*/*.c tools/*/*.h tests/unit/*.c tests/unit/*.h tests/bench/*.c tests/integration/*.c \
	tests/integration/*/*.c tests/integration/*/*.h)

.SECONDARY:
.PHONY: all compile check demo screenshots bench lint format install clean
all: $(BINARIES)

# What the compiler needs to know of the installed libraries. Made first: it installs what is missing.
ifeq ($(filter clean format,$(MAKECMDGOALS)),)
include build/config.mk
endif

build/config.mk: share/packages/build share/packages/install Makefile
	@share/packages/install build
	@mkdir -p $(@D)
	@{ echo "LIB_CFLAGS = $$(pkg-config --cflags json-c)"; \
	echo "LIB_LIBS = $$(pkg-config --libs json-c libcrypto libseccomp) -lm -pthread"; \
	for l in $(sort $(LIBS_fetch) $(LIBS_serve) $(LIBS_type) $(LIBS_thumb) $(LIBS_expand) $(LIBS_media) cmocka); do \
	echo "CFLAGS_$$l = $$(pkg-config --cflags $$l)"; echo "LIBS_$$l = $$(pkg-config --libs $$l)"; done; } >$@.new
	@mv $@.new $@

$(LIB): $(call objects,tools/lib/*.c)
	@rm -f $@
	ar rcs $@ $^

define program
$(BIN)/bi-$(1): $(call objects,tools/$(1)/*.c) $(LIB)
	@mkdir -p $$(@D)
	$$(CC) $$(FLAGS_mode) $$(LINK) $$(LDFLAGS) -o $$@ $$^ $$(foreach l,$$(LIBS_$(1)),$$(LIBS_$$(l))) $$(LIB_LIBS)
$(call objects,tools/$(1)/*.c): FLAGS += $$(foreach l,$$(LIBS_$(1)),$$(CFLAGS_$$(l)))
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%.t: $(BUILD)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(FLAGS_mode) $(LINK) $(LDFLAGS) -o $@ $^ $(foreach l,$(LIBS_$*),$(LIBS_$(l))) $(LIBS_cmocka) $(LIB_LIBS)

# What the integration tests start beside the programs: origin, hold... One of several files has the others in a
# folder of its name.
$(foreach t,$(TEST_PROGRAMS),$(eval $(t): $(call objects,tests/integration/$(notdir $(t))/*.c)))
$(TEST_PROGRAMS): $(BUILD)/tests/%: $(BUILD)/tests/integration/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(FLAGS_mode) $(LINK) $(LDFLAGS) -o $@ $^ $(foreach l,$(LIBS_$*),$(LIBS_$(l))) $(LIB_LIBS)

# The least that a fetcher can do, for the bench to compare with.
$(BUILD)/tests/bench/minimal.o: FLAGS += $(CFLAGS_libcurl)
$(BUILD)/tests/bench/minimal: $(BUILD)/tests/bench/minimal.o
	$(CC) $(FLAGS_mode) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS_libcurl)

# All that is compiled, with nothing run: tests/lint calls it with each compiler.
compile: all $(UNIT_TESTS) $(TEST_PROGRAMS) $(BUILD)/tests/bench/minimal

check: all $(UNIT_TESTS) $(TEST_PROGRAMS)
	@share/packages/install run test
	BI_BIN=$(abspath $(BIN)) BI_BUILD=$(abspath $(BUILD)) SANITIZE=$(SANITIZE) tests/run

demo: all
	@share/packages/install run demo
	@share/examples/demo

# Pictures of the pages, of which README.md shows some.
SCREENSHOTS = build/screenshots
screenshots: all
	@share/packages/install run demo test
	cd tests/browser && npm ci --prefer-offline --loglevel=error
	BI_BIN=$(abspath $(BIN)) BI_SHARE=$(abspath share) tests/browser/screenshots.mjs $(abspath $(SCREENSHOTS))

bench: all $(BUILD)/tests/bench/minimal
	@share/packages/install run test bench
	BI_BIN=$(abspath $(BIN)) BI_BUILD=$(abspath $(BUILD)) tests/bench/run
	BI_BIN=$(abspath $(BIN)) BI_BUILD=$(abspath $(BUILD)) tests/bench/pictures

lint: compile
	@share/packages/install run test lint
	tests/lint

format:
	clang-format -i $(SOURCES)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/bi $(DESTDIR)$(PREFIX)/share/man
	install $(BINARIES) $(DESTDIR)$(PREFIX)/bin
	cp -R share/review share/serve share/hosts.conf $(DESTDIR)$(PREFIX)/share/bi
	for page in man/*.[1-8]; do install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; done

clean:
	rm -rf build $(PROGRAMS:%=bin/bi-%)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
