# The program and its unit tests. build.sh calls this inside the build root; on any Linux with libcjson-dev,
# libblkid-dev, libxxhash-dev, libyaml-dev and libssl-dev `make` alone gives a program for this machine.
#   make [STATIC=1 CC=musl-gcc PREFIX=/opt/musl]   $(BUILD)/rehost
#   make check                                      unit tests under ASan and UBSan (needs libcmocka-dev)
#   make fuzz                                       the fuzzers of tests/fuzz (needs clang with libFuzzer)
BUILD   ?= out/build
VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo unknown)

CC      ?= gcc
OPT     ?= -O2 -g
WARN    := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Werror
CFLAGS  ?= $(OPT)
ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DREHOST_VERSION='"$(VERSION)"' -pthread -MMD -MP \
              $(WARN) -fno-strict-aliasing -fstack-protector-strong $(CFLAGS) $(if $(PREFIX),-I$(PREFIX)/include) $(HEADERS)
ALL_LDFLAGS := -pthread -Wl,--gc-sections $(if $(STATIC),-static) $(if $(PREFIX),-L$(PREFIX)/lib) $(LDFLAGS)
LIBS    := -lcjson -lblkid -lxxhash -lyaml -lm -lssl -lcrypto

SOURCES := $(sort $(wildcard tools/*/*.c tools/*/*/*.c))
OBJECTS := $(SOURCES:tools/%.c=$(BUILD)/%.o)
TESTS   := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(sort $(wildcard tests/unit/*_test.c)))
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined

# What is done to what, and not the whole command: make V=1 shows that.
quiet = $(if $(V),,@printf '  %-3s %s\n' '$(1)' '$(patsubst $(CURDIR)/%,%,$(2))';)

all: $(BUILD)/rehost

$(BUILD)/rehost: $(BUILD)/rehost.o $(OBJECTS)
	$(call quiet,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/%.o: tools/%.c
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# The tests have objects of their own, as they are built with the sanitizers.
check: check-programs
	CMOCKA_MESSAGE_OUTPUT=TAP prove --exec '' $(TESTS:$(BUILD)/%=$(BUILD)/check/%)

check-programs:
	$(MAKE) BUILD=$(BUILD)/check CC=gcc STATIC= PREFIX= HEADERS= OPT="-O1 -g $(SANITIZE)" LDFLAGS="$(SANITIZE)" unit

unit: $(TESTS) $(BUILD)/rehost $(FUZZERS:=.o)

$(BUILD)/unit/%: tests/unit/%.c $(OBJECTS)
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -Itools -o $@ $< $(OBJECTS) $(LIBS) -lcmocka

# The same for the fuzzers, by clang (gcc has the say about warnings). Where one stands in for a function of the program, it is wrapped by the linker.
fuzz:
	$(MAKE) BUILD=$(BUILD)/fuzz CC=clang WARN=-w STATIC= PREFIX= HEADERS= OPT="-O1 -g -fsanitize=fuzzer-no-link $(SANITIZE)" LDFLAGS="$(SANITIZE)" fuzzers

fuzzers: $(FUZZERS)

$(BUILD)/nbd_fuzz: WRAPPED := stream_connect stream_read stream_write stream_close
$(BUILD)/initrd_fuzz: WRAPPED := program_start_reading program_wait
$(BUILD)/guest_fuzz: WRAPPED := program_start_reading

$(BUILD)/%_fuzz: $(BUILD)/%_fuzz.o $(OBJECTS)
	$(call quiet,LD,$@)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer $(WRAPPED:%=-Wl,--wrap=%) -o $@ $< $(OBJECTS) $(LIBS)

# `make check` compiles them as well, so that none falls behind what it looks into.
$(BUILD)/%_fuzz.o: tests/fuzz/%_fuzz.c
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) $(ALL_CFLAGS) -Itools -c -o $@ $<

clean:
	rm -rf $(BUILD)

.PHONY: all check check-programs unit fuzz fuzzers clean
-include $(OBJECTS:.o=.d) $(BUILD)/rehost.d $(FUZZERS:=.d)
