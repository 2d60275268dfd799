# make          build: BPF object, host library, TypeScript; installs what is missing when root
# make run      build, then run the sensor on the default interface (ARGS="-i eth0 --learn 0")
# make test     build, then every test; those that need root run when there is root (TESTS=test/config)
# make bench    build, then the benchmarks
# make check    lint and types
# make clean    remove what was built
# V=1 shows the commands.

.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
.PHONY: all run test bench check clean packages-build packages-test
MAKEFLAGS += --no-builtin-rules

ifeq ($(V),1)
short = @:
Q :=
else
short = @printf '  %-7s %s\n'
Q := @
endif
export V

CLANG ?= clang
BPF_CFLAGS ?= -g -O2 -Wall -Werror
HOST_CFLAGS ?= -g -O2 -Wall -Werror
# -target bpf has no architecture, so asm/types.h must be pointed at.
MULTIARCH := $(shell gcc -dumpmachine 2>/dev/null || echo $(shell uname -m)-linux-gnu)

HOST := $(if $(wildcard bpf/host.c),build/liborthrus.so)
SOURCES := $(shell find src -type d -o -name '*.ts')
BENCHES := $(wildcard bench/*.ts)

# Looked up at each run; when nothing is missing they do not exist and make has nothing to do.
NEED_BUILD := $(if $(shell scripts/packages.sh missing build),packages-build)
NEED_TEST := $(if $(shell scripts/packages.sh missing build test),packages-test)

all: build/sensor.bpf.o $(HOST) dist/.stamp

run: all
	@bin/orthrus run $(ARGS)

test: $(NEED_TEST) all
	$(Q)npx vitest run $(TESTS)

bench: all build/bench/.stamp
	$(Q)set -e; for file in $(BENCHES:bench/%.ts=build/bench/bench/%.js); do node $$file; done

check: node_modules/.orthrus
	$(short) BIOME .
	$(Q)npx biome check --error-on-warnings .
	$(short) TSC 'src test'
	$(Q)npx tsc -p tsconfig.json

clean:
	rm -rf build dist dist.new coverage

packages-build:
	@scripts/packages.sh install build

packages-test:
	@scripts/packages.sh install build test

build/sensor.bpf.o: bpf/sensor.bpf.c Makefile | $(NEED_BUILD) build
	$(short) BPF $@
	$(Q)$(CLANG) $(BPF_CFLAGS) -target bpf -I/usr/include/$(MULTIARCH) -MMD -MP -MF $(@:.o=.d) -c $< -o $@

build/liborthrus.so: bpf/host.c Makefile | $(NEED_BUILD) build
	$(short) CC $@
	$(Q)gcc $(HOST_CFLAGS) -shared -fPIC -fvisibility=hidden -MMD -MP -MF $(@:.so=.d) $< -o $@

-include build/sensor.bpf.d build/liborthrus.d

# Compiled beside dist/ and moved there whole: a deleted source leaves nothing, a fault keeps the old.
dist/.stamp: $(SOURCES) tsconfig.json tsconfig.build.json node_modules/.orthrus
	$(short) TSC dist
	$(Q)rm -rf dist.new && mkdir dist.new && touch dist.new/.stamp
	$(Q)npx tsc -p tsconfig.build.json --outDir dist.new
	$(Q)rm -rf dist && mv dist.new dist

# The link lets build/bench/src find the objects where src/ looks for them: in ../build.
build/bench/.stamp: $(SOURCES) $(BENCHES) tsconfig.bench.json node_modules/.orthrus | build
	$(short) TSC build/bench
	$(Q)npx tsc -p tsconfig.bench.json && ln -sfn .. build/bench/build && touch $@

# Inside node_modules, so that removing the folder asks for a new install.
node_modules/.orthrus: package-lock.json | $(NEED_BUILD)
	$(short) NPM node_modules
	$(Q)npm ci --ignore-scripts $(if $(Q),--loglevel=error >/dev/null) && touch $@

build:
	@mkdir -p $@
