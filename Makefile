# make          build: BPF object, host library, TypeScript; installs what is missing when root
# make run      build, then run the sensor on the default interface (ARGS="-i eth0 --learn 0")
# make test     build, then every test; those that need root run when there is root (TESTS=test/config)
# make test-faults  power cuts, failing disks, outages, kill -9 through the whole chain (ROUNDS=20)
# make test-kafka   the Kafka tests against real brokers as well (KAFKA_BROKERS=host:port,…)
# make bench    build, then the benchmarks
# make fuzz     the parser and the decoders against hostile bytes (FUZZ_SECONDS=60 DECODER_SECONDS=30)
# make check    lint and types
# make clean    remove what was built
# V=1 shows the commands.

.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
.PHONY: all run test test-faults test-kafka bench fuzz check clean packages-build packages-test packages-fuzz
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
# As in the Linux kernel: headers and whole packets are also read as words.
DIALECT = -fno-strict-aliasing
# -target bpf has no architecture, so asm/types.h must be pointed at.
MULTIARCH := $(shell gcc -dumpmachine 2>/dev/null || echo $(shell uname -m)-linux-gnu)

HOST := $(if $(wildcard bpf/host.c),build/liborthrus.so)
SOURCES := $(shell find src -type d -o -name '*.ts')
BUILDERS := scripts/validators.mjs scripts/bundle.mjs
BENCHES := $(wildcard bench/*.ts)
GENERATORS := $(filter-out %.test.ts,$(shell find test/generate -name '*.ts')) test/protocols/quic-build.ts
FUZZ_SECONDS ?= 60
ROUNDS ?= 20
DECODER_SECONDS ?= 30
FUZZED := $(shell grep -l "'fuzz: " test/*/*.test.ts)

# Looked up at each run; when nothing is missing they do not exist and make has nothing to do.
NEED_BUILD := $(if $(shell scripts/packages.sh missing build),packages-build)
NEED_TEST := $(if $(shell scripts/packages.sh missing build test),packages-test)

NEED_FUZZ := $(if $(shell scripts/packages.sh missing fuzz),packages-fuzz)

all: build/sensor.bpf.o $(HOST) dist/.stamp build/asn.mmdb

run: all
	@bin/orthrus run $(ARGS)

test: $(NEED_TEST) all build/peers/syslog-ng build/peers/prometheus
	$(Q)npx vitest run $(TESTS)

test-faults: $(NEED_TEST) all build/peers/syslog-ng
	$(Q)ROUNDS=$(ROUNDS) npx vitest run --project faults $(TESTS)

test-kafka: $(NEED_TEST) all
	$(Q)test -n "$(KAFKA_BROKERS)" || { echo 'KAFKA_BROKERS=host:port,… says which brokers' >&2; exit 2; }
	$(Q)KAFKA_BROKERS="$(KAFKA_BROKERS)" npx vitest run test/sinks/kafka.test.ts

bench: all build/bench/.stamp
	$(Q)set -e; for file in $(BENCHES:bench/%.ts=build/bench/bench/%.js); do node $$file; done

# A fault of the parser is written to build/fuzz/crash-…; `build/fuzz/parser FILE` shows it again.
fuzz: $(NEED_FUZZ) all build/fuzz/parser build/bench/.stamp
	$(short) FUZZ 'parser ($(FUZZ_SECONDS) s)'
	$(Q)mkdir -p build/fuzz/corpus && node build/bench/test/generate/seeds.js build/fuzz/seeds
	$(Q)cd build/fuzz && { ./parser -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -timeout=10 \
		-print_final_stats=1 corpus seeds >parser.log 2>&1 || { tail -n 60 parser.log; exit 1; }; } && \
		sed -n 's/^stat::\(number_of_executed_units\|new_units_added\)/  \1/p' parser.log
	$(short) FUZZ 'decoders ($(DECODER_SECONDS) s each)'
	$(Q)FUZZ_SECONDS=$(DECODER_SECONDS) npx vitest run --project unit -t 'fuzz: ' $(FUZZED)

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

packages-fuzz:
	@scripts/packages.sh install build fuzz

build/sensor.bpf.o: bpf/sensor.bpf.c Makefile | $(NEED_BUILD) build
	$(short) BPF $@
	$(Q)$(CLANG) $(BPF_CFLAGS) $(DIALECT) -target bpf -I/usr/include/$(MULTIARCH) -MMD -MP -MF $(@:.o=.d) -c $< -o $@

build/liborthrus.so: bpf/host.c Makefile | $(NEED_BUILD) build
	$(short) CC $@
	$(Q)gcc $(HOST_CFLAGS) $(DIALECT) -shared -fPIC -fvisibility=hidden -MMD -MP -MF $(@:.so=.d) $< -o $@

# Packed structures of the wire lie where they lie; everything else undefined is a fault.
build/fuzz/parser: bpf/fuzz.c Makefile | $(NEED_FUZZ) build
	$(short) FUZZ $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -g -O1 -Wall -Werror $(DIALECT) -fsanitize=fuzzer,address,undefined -fno-sanitize=alignment \
		-fno-sanitize-recover=all -MMD -MP -MF build/fuzz/parser.d $< -o $@

-include build/sensor.bpf.d build/liborthrus.d build/fuzz/parser.d

# Compiled beside dist/ and moved there whole: a deleted source leaves nothing, a fault keeps the old.
dist/.stamp: $(SOURCES) tsconfig.json tsconfig.build.json $(BUILDERS) node_modules/.orthrus
	$(short) TSC dist
	$(Q)rm -rf dist.new && mkdir dist.new && touch dist.new/.stamp
	$(Q)npx tsc -p tsconfig.build.json --outDir dist.new && \
		node scripts/validators.mjs dist.new && node scripts/bundle.mjs dist.new
	$(Q)rm -rf dist && mv dist.new dist

# Who announces which addresses; where the package is not installed there is no such file, and all works without.
build/asn.mmdb: node_modules/.orthrus scripts/asn.mjs scripts/mmdb.mjs | build
	$(short) DATA $@
	$(Q)node scripts/asn.mjs

# The links let build/bench/src find the objects, the rules and the version where src/ looks for them.
build/bench/.stamp: $(SOURCES) $(BENCHES) $(GENERATORS) tsconfig.bench.json node_modules/.orthrus dist/.stamp | build
	$(short) TSC build/bench
	$(Q)npx tsc -p tsconfig.bench.json && ln -sfn .. build/bench/build && \
		ln -sfn ../../rules ../../dist ../../package.json build/bench/ && touch $@

# Inside node_modules, so that removing the folder asks for a new install.
node_modules/.orthrus: package-lock.json | $(NEED_BUILD)
	$(short) NPM node_modules
	$(Q)npm ci --ignore-scripts $(if $(Q),--loglevel=error >/dev/null) && touch $@

# Beside rsyslog, which its package excludes; without it those tests are skipped.
build/peers/syslog-ng: | $(NEED_TEST) build
	$(short) PEER syslog-ng
	$(Q)scripts/peer.sh $(CURDIR)/$@ usr/sbin/syslog-ng syslog-ng-core libivykis0 libnet1 libjson-c5 libwrap0 libpcre3

# For its promtool, which reads what we tell Prometheus.
build/peers/prometheus: | $(NEED_TEST) build
	$(short) PEER prometheus
	$(Q)scripts/peer.sh $(CURDIR)/$@ usr/bin/promtool prometheus

build:
	@mkdir -p $@
