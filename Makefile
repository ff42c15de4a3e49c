# confab: a non-recursive GNU Makefile. `make help` lists the targets.
#
# MODE=release|debug|asan|fuzz|coverage builds into build/$(MODE). CFLAGS and LDFLAGS of
# the user come last and override the others. WERROR=1 makes warnings errors, V=1 prints the
# commands.

MODE       ?= release
BUILD       = build/$(MODE)
PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR    ?=
DIR        ?= $(HOME)/public_html/chat
FUZZ_SECONDS ?= 20
SOAK_SECONDS ?= 600
CLUSTER_SECONDS ?= 3600
VERSION    := $(shell cat VERSION)
SHELL      := /bin/sh
export MODE BUILD SOAK_SECONDS

ifeq ($(filter $(MODE),release debug asan fuzz coverage),)
$(error MODE is '$(MODE)'; it can be release, debug, asan, fuzz or coverage)
endif

# ---- flags ------------------------------------------------------------------

HARDEN      := -fstack-protector-strong -D_FORTIFY_SOURCE=2
HARDEN_LINK := -Wl,-z,relro -Wl,-z,now
SANITIZE    := -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all

MODE_FLAGS_release  := -O2 $(HARDEN)
MODE_FLAGS_debug    := -Og
MODE_FLAGS_asan     := $(SANITIZE) -fsanitize=address,undefined
MODE_FLAGS_fuzz     := $(SANITIZE) -fsanitize=address,undefined,fuzzer-no-link
# Coverage is written by exit(), but the processes of fcgi-api call _exit().
MODE_FLAGS_coverage := -O0 --coverage -D_exit=exit
MODE_FLAGS          := $(MODE_FLAGS_$(MODE))
ifeq ($(MODE),fuzz)
CC := clang
endif

# pkg-config runs once, and only if something is compiled: `make run` and `make test` may have
# to install it first.
once = $(eval $(1) := $(2))$($(1))
pkg  = $(or $(shell pkg-config $(1) 2>/dev/null),$(error missing libraries; \
       `make packages` installs them (libmariadb, json-c, libsodium, hiredis, fcgi, \
       libuv, libwebsockets, libcurl)))
LIBRARIES    := libmariadb json-c libsodium hiredis libssl libcrypto
PUSH_LIBRARIES := libwebsockets libuv
CTL_LIBRARIES := libcurl
WORKER_LIBRARIES := libcurl libuv
PKG_CFLAGS    = $(call once,PKG_CFLAGS,$(call pkg,--cflags $(LIBRARIES) $(PUSH_LIBRARIES) \
                $(CTL_LIBRARIES)))
PKG_LIBS      = $(call once,PKG_LIBS,$(call pkg,--libs $(LIBRARIES)))
PUSH_LIBS     = $(call once,PUSH_LIBS,$(call pkg,--libs $(PUSH_LIBRARIES)))
CTL_LIBS      = $(call once,CTL_LIBS,$(call pkg,--libs $(CTL_LIBRARIES)))
WORKER_LIBS   = $(call once,WORKER_LIBS,$(call pkg,--libs $(WORKER_LIBRARIES)))

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
            -Wformat -Werror=format-security $(if $(filter 1,$(WERROR)),-Werror)
DEFINES  := -D_GNU_SOURCE -DCONFAB_VERSION='"$(VERSION)"' \
            -DCONFIG_PATH='"$(SYSCONFDIR)/confab/confab.conf"'
INCLUDES := -Icommon -Ifcgi-api -Iconfabctl -Ipushd -Iworker
COMPILE   = $(CC) -std=c11 $(DEFINES) $(INCLUDES) $(PKG_CFLAGS) $(WARNINGS) \
            -g -fPIE $(SECTIONS) $(MODE_FLAGS) $(CPPFLAGS) $(CFLAGS)
LINK      = $(CC) -pie $(MODE_FLAGS) $(HARDEN_LINK) $(CFLAGS) $(LDFLAGS)

Q   := $(if $(V),,@)
say := @$(if $(V),:,echo)

# ---- building -----------------------------------------------------------------

OBJ        := $(BUILD)/obj
SCHEMA     := $(sort $(wildcard schema/[0-9]*.sql))
COMMON_SRC := $(wildcard common/*/*.c common/store/*/*.c)
# Only for the program that writes the schemas.
DESCRIBE_SRC := $(addprefix fcgi-api/schema/,json_schema.c openapi.c asyncapi.c write_schemas.c)
API_SRC    := $(filter-out fcgi-api/main.c $(DESCRIBE_SRC),$(wildcard fcgi-api/*.c fcgi-api/*/*.c))
CTL_SRC    := $(filter-out confabctl/main.c,$(wildcard confabctl/*.c confabctl/*/*.c confabctl/*/*/*.c))
PUSH_SRC   := $(filter-out pushd/main.c,$(wildcard pushd/*.c pushd/*/*.c))
WORKER_SRC := $(filter-out worker/main.c,$(wildcard worker/*.c))
TEST_SRC   := $(wildcard tests/unit/test_*.c)
FUZZ_SRC   := $(wildcard tests/fuzz/fuzz_*.c)
SUPPORT_SRC := $(wildcard tests/unit/support/*.c)

objects     = $(patsubst %.c,$(OBJ)/%.o,$(1))
COMMON      := $(BUILD)/libcommon.a
API         := $(BUILD)/libapi.a
CTL         := $(BUILD)/libctl.a
PUSH        := $(BUILD)/libpush.a
WORKER      := $(BUILD)/libworker.a
SUPPORT     := $(BUILD)/libsupport.a
PROGRAMS    := $(patsubst %/main.c,$(BUILD)/%,\
               $(wildcard fcgi-api/main.c confabctl/main.c pushd/main.c)) $(BUILD)/confab-worker
TESTS       := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(TEST_SRC))
FUZZERS     := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
# Parsers of confabctl, which is not built for the fuzzers.
FUZZ_PARTS  := $(call objects,confabctl/import/slack_text.c confabctl/import/emoji_names.c)
FLOOR       := $(BUILD)/libfloor.a
FLOOR_PARTS := bench/floor/crew.c bench/floor/session.c
FLOORS      := $(patsubst bench/floor/%.c,$(BUILD)/bench/%, \
                 $(filter-out $(FLOOR_PARTS),$(wildcard bench/floor/*.c)))
CROWD       := $(BUILD)/bench/crowd
CROWD_SRC   := $(wildcard bench/load/*.c)

# A module that gives make the exit status of a command; only where make has this header.
MAKE_MODULE := $(if $(wildcard /usr/include/gnumake.h),$(BUILD)/exit_status.so)

.PHONY: all packages run start stop status reload test test-all check check-asan fuzz lint \
        soak cluster cluster-short cluster-soak coverage bench bench-push floors install uninstall shared-stage shared-install \
        shared-dist dist deb deb-test clean help tests fuzzers node-modules FORCE
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:

all: $(PROGRAMS) $(MAKE_MODULE) ## build the programs into build/$(MODE) (release)

tests: $(TESTS)

$(BUILD)/exit_status.so: scripts/make.d/exit_status.c
	@mkdir -p $(@D)
	$(say) '  LINK $@'
	$(Q)$(CC) -shared -fPIC $(WARNINGS) -o $@ $<

$(BUILD)/fcgi-api: $(OBJ)/fcgi-api/main.o $(API) $(COMMON)
	$(say) '  LINK $@'
	$(Q)$(LINK) -Wl,--gc-sections -o $@ $^ $(PKG_LIBS) -lfcgi

$(BUILD)/confabctl: $(OBJ)/confabctl/main.o $(CTL) $(COMMON)
	$(say) '  LINK $@'
	$(Q)$(LINK) -o $@ $^ $(CTL_LIBS) $(PKG_LIBS)

$(BUILD)/pushd: $(OBJ)/pushd/main.o $(PUSH) $(COMMON)
	$(say) '  LINK $@'
	$(Q)$(LINK) -o $@ $^ $(PUSH_LIBS) $(PKG_LIBS)

$(BUILD)/confab-worker: $(OBJ)/worker/main.o $(WORKER) $(COMMON)
	$(say) '  LINK $@'
	$(Q)$(LINK) -o $@ $^ $(WORKER_LIBS) $(PKG_LIBS)

# tests/unit/support has fakes of the modules of pushd that talk to servers, and fixtures. Its
# archive is linked before the others, so that a test that uses a fake gets it instead of the
# real module; the test of a module itself links the real one. Unused libraries are left out.
own_module = $(filter %/$(patsubst test_%,%,$(1)).o,$(call objects,$(PUSH_SRC)))

$(BUILD)/tests/%: $(OBJ)/tests/unit/%.o $(SUPPORT) $(API) $(CTL) $(PUSH) $(WORKER) $(COMMON)
	@mkdir -p $(@D)
	$(say) '  LINK $@'
	$(Q)$(LINK) -Wl,--as-needed -o $@ $< $(call own_module,$*) $(filter %.a,$^) $(PUSH_LIBS) \
	    $(CTL_LIBS) $(PKG_LIBS) -lfcgi -lcmocka

$(BUILD)/fuzz/%: $(OBJ)/tests/fuzz/%.o $(FUZZ_PARTS) $(SUPPORT) $(API) $(PUSH) $(WORKER) $(COMMON)
	@mkdir -p $(@D)
	$(say) '  LINK $@'
	$(Q)$(LINK) -fsanitize=fuzzer -Wl,--as-needed -o $@ $^ $(PUSH_LIBS) $(CTL_LIBS) $(PKG_LIBS) -lfcgi

floors: $(FLOORS) $(CROWD)

$(CROWD): $(call objects,$(CROWD_SRC)) $(COMMON)
	@mkdir -p $(@D)
	$(say) '  LINK $@'
	$(Q)$(LINK) -Wl,--as-needed -o $@ $^ $(PKG_LIBS)

$(BUILD)/bench/%: $(OBJ)/bench/floor/%.o $(FLOOR)
	@mkdir -p $(@D)
	$(say) '  LINK $@'
	$(Q)$(LINK) -Wl,--as-needed -o $@ $^ $(PKG_LIBS) -lfcgi

# Remove an archive before building it, so that it keeps no objects of deleted sources.
$(COMMON): $(call objects,$(COMMON_SRC)) $(OBJ)/gen/schema_data.o
$(API): $(call objects,$(API_SRC)) $(OBJ)/gen/schema_text.o
$(CTL): $(call objects,$(CTL_SRC))
$(PUSH): $(call objects,$(PUSH_SRC))
$(WORKER): $(call objects,$(WORKER_SRC))
$(SUPPORT): $(call objects,$(SUPPORT_SRC))
$(FLOOR): $(call objects,$(FLOOR_PARTS))
$(COMMON) $(API) $(CTL) $(PUSH) $(WORKER) $(SUPPORT) $(FLOOR):
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(OBJ)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) '  CC   $<'
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

$(OBJ)/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) '  CC   $<'
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

# The schemas of the API as texts, written by a program that has the whole tables. The server has
# what the checks of requests need: the rest of its tables is dropped when it is linked.
FULL := $(OBJ)/full

$(FULL)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) '  CC   $<'
	$(Q)$(COMPILE) -DSCHEMA_FULL -MMD -MP -c -o $@ $<

$(BUILD)/write-schemas: $(patsubst %.c,$(FULL)/%.o,$(DESCRIBE_SRC) fcgi-api/schema/schema.c) $(COMMON)
	$(say) '  LINK $@'
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

$(BUILD)/gen/schema_text.c: $(BUILD)/write-schemas
	@mkdir -p $(@D)
	$(say) '  GEN  $@'
	$(Q)$< > $@.new
	@mv $@.new $@

$(OBJ)/fcgi-api/schema/schema.o: SECTIONS := -fdata-sections

$(BUILD)/gen/schema_data.c: scripts/schema-to-c $(SCHEMA)
	@mkdir -p $(@D)
	$(say) '  GEN  $@'
	$(Q)scripts/schema-to-c $(SCHEMA) > $@

# Changes with the compiler and flags; everything is then recompiled. A tree that is up to date
# is not written to.
$(BUILD)/flags: FORCE
	@[ "$$(cat $@ 2>/dev/null)" = $(call quote,$(COMPILE) $(LINK)) ] || \
	    { mkdir -p $(@D) && printf '%s\n' $(call quote,$(COMPILE) $(LINK)) > $@; }

quote = '$(subst ','\'',$(1))'

-include $(wildcard $(OBJ)/*/*.d $(OBJ)/*/*/*.d $(OBJ)/*/*/*/*.d)

# ---- running ------------------------------------------------------------------------

# A recursive make, since it needs packages that are only installed now; under a lock, so that
# two of these in one tree do not interfere. The folder is the lock: it may be read-only.
build_first = @scripts/packages build run && mkdir -p build && \
              flock build $(MAKE) --no-print-directory $(JOBS) all
JOBS        = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

packages: ## install the Debian packages for building, running and testing
	@scripts/packages build run test

# A shell in the background passes an ignored SIGINT on, which a script cannot undo.
run: ## install packages, build, run until Ctrl-C (PORT=8000 STATE=.state DEMO=1 LISTEN=)
	+$(build_first)
	@exec env --default-signal=INT scripts/instance run

start: ## the same in the background; returns when all servers are ready
	+$(build_first)
	@exec scripts/instance start

stop: ## stop the servers of start or run; keep the data
	@exec scripts/instance stop

# Without the module, make exits with 2 for both 1 and 3.
ifeq ($(MAKECMDGOALS) $(MAKE_MODULE),status $(BUILD)/exit_status.so)
-load $(MAKE_MODULE)
endif

status: ## list servers, memory, addresses (exit status: 0 all run, 1 some, 3 none)
	@$(exit-status-of $(if $(STATE),STATE=$(call quote,$(STATE))) scripts/instance status)
	@exec scripts/instance status

reload: ## make fcgi-api, pushd and confab-worker reread STATE/confab.conf
	@exec scripts/instance reload

# ---- checks -----------------------------------------------------------------------

test: ## install packages, build, run the tests except slow ones, with private servers
	+@JOBS='$(JOBS)' exec scripts/test

test-all: ## the same including slow tests
	+@JOBS='$(JOBS)' exec scripts/test all

check: tests ## run the unit tests: no server, seconds
	@scripts/unit-tests $(BUILD)

check-asan: ## the unit tests under address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory MODE=asan BUILD=build/asan check

lint: build/lint/compile_flags.txt ## clang-tidy, cppcheck, shellcheck, eslint, project rules
	@scripts/packages lint
	@$(MAKE) --no-print-directory node-modules
	@scripts/lint

# One flag per line, for clang-tidy.
build/lint/compile_flags.txt: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' -xc -std=c11 $(DEFINES) $(INCLUDES:-I%=-I$(CURDIR)/%) $(PKG_CFLAGS) > $@

fuzz: ## fuzz the parsers of external input, FUZZ_SECONDS (20) each
	@scripts/packages build lint
	@$(MAKE) --no-print-directory MODE=fuzz BUILD=build/fuzz fuzzers
	@scripts/fuzz build/fuzz $(FUZZ_SECONDS)

fuzzers: $(FUZZERS)

soak: ## kill servers under load, then test sockets, SOAK_SECONDS (600) each (MODE=asan)
	@scripts/packages test
	+$(build_first)
	@exec scripts/soak

cluster: ## the faults of a cluster: three databases, Redis with Sentinels, two hosts, HAProxy
	@scripts/packages build run test cluster
	+$(build_first)
	@exec scripts/cluster all

cluster-short: ## three of them: of a database, of Redis, of a host
	@scripts/packages build run test cluster
	+$(build_first)
	@exec scripts/cluster short

cluster-soak: ## all of them in random orders, CLUSTER_SECONDS (3600); CLUSTER_SEED repeats an order
	@scripts/packages build run test cluster
	+$(build_first)
	@exec scripts/cluster soak

coverage: ## run all tests on instrumented programs, print the line coverage
	@scripts/packages build run test
	@scripts/coverage

bench: ## benchmark fcgi-api, write docs/performance.md (ONLY=row,row QUICK=1)
	@scripts/packages bench
	+$(build_first) floors
	@exec /usr/bin/python3 -B bench/run.py

bench-push: ## benchmark pushd, write docs/performance-push.md
	@scripts/packages bench
	+$(build_first) floors
	@exec /usr/bin/python3 -B bench/push.py

# npm packages for the tests and the lint of web/, as the lock file says.
NODE_MODULES := tests/web/node_modules/.package-lock.json

node-modules: $(NODE_MODULES)

$(NODE_MODULES): tests/web/package.json tests/web/package-lock.json
	cd tests/web && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
	@touch $@

# ---- installation ---------------------------------------------------------------------

SHARE := $(PREFIX)/share/confab

# Files for web servers, without those of the private instance.
SHARED_CONF := $(wildcard conf/apache/* conf/nginx/* conf/errors/* conf/prometheus/* conf/fail2ban/* conf/cluster/*) \
    $(filter-out conf/lighttpd/server.conf conf/lighttpd/cgi.conf,$(wildcard conf/lighttpd/*))

CLIENTS := $(wildcard clients/*/*)
# Confab.php in each is a link to that of the clients.
PLUGINS = $(shell find -L examples/wordpress examples/mediawiki -type f)
UNITS  := $(wildcard conf/systemd/*.service conf/systemd/*.socket)
DOCS   := README.md HACKING.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE \
          schema/README.md $(wildcard docs/*.md)
MANUALS := $(wildcard man/*.8)

# Installs the file $(1) as $(2), with the paths of this installation.
install_text = install -D -m 644 $(1) "$(DESTDIR)$(2)" && sed -i \
    's|/usr/local/|$(PREFIX)/|g; s|/etc/confab/|$(SYSCONFDIR)/confab/|g' "$(DESTDIR)$(2)"
# The same unless $(2) exists: never overwrites a configuration.
install_config = test -e "$(DESTDIR)$(2)" || { $(call install_text,$(1),$(2)); }

$(BUILD)/confab.conf.5: $(BUILD)/fcgi-api scripts/options-man
	@scripts/options-man $< > $@.new
	@mv $@.new $@

install: all $(BUILD)/confab.conf.5 ## install into PREFIX (/usr/local), below DESTDIR; keep the configuration
	install -d "$(DESTDIR)$(PREFIX)/sbin" "$(DESTDIR)$(PREFIX)/lib/confab" \
	    "$(DESTDIR)$(SHARE)" "$(DESTDIR)$(SYSCONFDIR)/confab"
	install $(BUILD)/confabctl "$(DESTDIR)$(PREFIX)/sbin/"
	install $(BUILD)/fcgi-api $(BUILD)/pushd $(BUILD)/confab-worker \
	    "$(DESTDIR)$(PREFIX)/lib/confab/"
	scripts/web-page "$(DESTDIR)$(SHARE)/web"
	@set -e; $(foreach file,$(SHARED_CONF), \
	    $(call install_text,$(file),$(SHARE)/$(file:conf/%=%));)
	@set -e; $(foreach file,$(CLIENTS) $(PLUGINS),$(call install_text,$(file),$(SHARE)/$(file));)
	@set -e; $(foreach file,$(UNITS), \
	    $(call install_text,$(file),$(PREFIX)/lib/systemd/system/$(notdir $(file)));)
	@set -e; $(foreach file,$(DOCS), \
	    $(call install_text,$(file),$(PREFIX)/share/doc/confab/$(file));)
	@set -e; $(foreach file,$(MANUALS), \
	    $(call install_text,$(file),$(PREFIX)/share/man/man8/$(notdir $(file)));)
	$(call install_text,$(BUILD)/confab.conf.5,$(PREFIX)/share/man/man5/confab.conf.5)
	$(call install_text,conf/systemd/sysusers.conf,$(PREFIX)/lib/sysusers.d/confab.conf)
	$(call install_text,conf/systemd/tmpfiles.conf,$(PREFIX)/lib/tmpfiles.d/confab.conf)
	$(call install_config,conf/systemd/logrotate.conf,$(SYSCONFDIR)/logrotate.d/confab)
	$(BUILD)/fcgi-api --example-config > "$(DESTDIR)$(SHARE)/confab.conf.example"
	test -e "$(DESTDIR)$(SYSCONFDIR)/confab/confab.conf" || install -m 640 \
	    "$(DESTDIR)$(SHARE)/confab.conf.example" "$(DESTDIR)$(SYSCONFDIR)/confab/confab.conf"

uninstall: ## remove the installed files; keep the configuration
	rm -rf "$(DESTDIR)$(PREFIX)/sbin/confabctl" "$(DESTDIR)$(PREFIX)/lib/confab" \
	    "$(DESTDIR)$(SHARE)" "$(DESTDIR)$(PREFIX)/share/doc/confab" \
	    $(foreach file,$(notdir $(MANUALS)),"$(DESTDIR)$(PREFIX)/share/man/man8/$(file)") \
	    "$(DESTDIR)$(PREFIX)/share/man/man5/confab.conf.5" \
	    $(foreach file,$(notdir $(UNITS)),"$(DESTDIR)$(PREFIX)/lib/systemd/system/$(file)") \
	    "$(DESTDIR)$(PREFIX)/lib/sysusers.d/confab.conf" \
	    "$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/confab.conf"

docs/configuration.md: common/config/options.def scripts/options-page $(BUILD)/fcgi-api
	scripts/options-page $(BUILD)/fcgi-api >$@.new
	mv $@.new $@

docs/access.md: all FORCE
	@CONFAB_WRITE=1 /usr/bin/python3 -B -m pytest -q -p no:cacheprovider tests/api/test_access_table.py

docs/errors.md: common/base/error_codes.def scripts/errors-page
	scripts/errors-page $< >$@.new
	mv $@.new $@

# All files for a user of a shared host, in one folder.
SHARED := build/confab-shared-$(VERSION)

shared-stage: all
	rm -rf $(SHARED)
	mkdir -p $(SHARED)/examples
	cp -RL examples/wordpress examples/mediawiki $(SHARED)/examples/
	scripts/web-page $(SHARED)/web
	cp -R conf/shared/. $(addprefix $(BUILD)/,fcgi-api pushd confab-worker confabctl) $(SHARED)/
	$(BUILD)/fcgi-api --example-config > $(SHARED)/confab.conf.example

shared-install: shared-stage ## install into DIR (public_html/chat) of a shared host
	$(SHARED)/install '$(DIR)'

shared-dist: shared-stage ## build/confab-shared-VERSION.tar.gz for a shared host
	tar -C build --owner=0 --group=0 -czf $(SHARED).tar.gz $(notdir $(SHARED))

deb: ## build the Debian packages in build/deb, check them with lintian
	@scripts/packages build deb
	@scripts/deb

deb-test: ## install, test and purge them in a debootstrap (root; some minutes)
	@scripts/packages build deb
	@[ -e build/deb/confab-web_$(VERSION)_all.deb ] || $(MAKE) deb
	@scripts/deb-test

dist: ## build/confab-VERSION.tar.gz from the last commit
	@mkdir -p build
	git archive --prefix=confab-$(VERSION)/ -o build/confab-$(VERSION).tar.gz HEAD

clean: ## remove build/ (not the data in .state)
	rm -rf build tests/web/node_modules

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
