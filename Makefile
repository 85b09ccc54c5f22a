# proxyd: `make help` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help run start stop restart deps deps-web deps-budgets build static dist install uninstall coverage test check soak suites fuzz budgets budgets-measure sanitize sanitize-thread sanitize-address races lint format examples docs bench-core clean

# CI sets this to -Xswiftc -warnings-as-errors; it then holds for every build, so that nothing is built twice.
SWIFT_FLAGS ?=
export SWIFT_FLAGS
# So many tests at a time: they share a few threads, so that all at once would wait for each other for minutes.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 8

# Installs Debian packages that are named behind it, as root.
INSTALL_PACKAGES = bash -c '. scripts/lib.sh && install_packages "$$@"' install

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build proxyd and run it in the foreground, with a Redis of its own where there is none
	@scripts/run.sh

start: ## the same in the background
	@scripts/service.sh start

stop: ## end what start has started, when it has answered what it was asked
	@scripts/service.sh stop

restart: ## both
	@scripts/service.sh restart

deps: ## install what the tests talk to: redis-server, redis-cli, redis-benchmark, redis-py, hiredis
	@bash -c '. scripts/lib.sh && need_swift && need_redis'
	@test -x .build/python/bin/python || python3 -c "import redis" 2>/dev/null || \
	  { python3 -m venv .build/python && .build/python/bin/pip -q install redis; } || \
	  echo "without redis-py: its tests are skipped"
	@test -x .build/python/bin/python || python3 -m venv .build/python || true
	@.build/python/bin/python -c "import prometheus_client" 2>/dev/null || \
	  .build/python/bin/pip -q install prometheus_client redis || \
	  echo "without prometheus_client: its test is skipped"
	@test -f /usr/include/hiredis/hiredis.h || $(INSTALL_PACKAGES) libhiredis-dev || \
	  echo "without hiredis: its tests are skipped"
	@command -v iptables >/dev/null || $(INSTALL_PACKAGES) iptables || \
	  echo "without iptables: the test of silent loss is skipped"

deps-web: deps ## what the HTTP front is tested with besides: wrk, h2load, chromium, aiohttp, httpx
	@for pair in wrk=wrk h2load=nghttp2-client chromium=chromium; do \
	  if command -v $${pair%%=*} >/dev/null; then continue; fi; \
	  $(INSTALL_PACKAGES) $${pair#*=} || \
	    echo "without $${pair%%=*}: its tests are skipped"; \
	done
	@test -x .build/python/bin/python || python3 -m venv .build/python || true
	@.build/python/bin/python -c "import aiohttp, httpx, redis" 2>/dev/null || \
	  .build/python/bin/pip -q install aiohttp httpx redis || \
	  echo "without aiohttp and httpx: their tests are skipped"

build: ## build everything, optimized
	swift build -c release $(SWIFT_FLAGS)

# What is handed out, and what is measured, is the same on every machine.
dist budgets budgets-measure: export LTO ?= yes

static: ## build proxyd as it is shipped: with all of Swift in it, and optimized as one; LTO=no takes less memory
	scripts/build-static.sh

dist: static ## the same with its settings, units and manual, as an archive for machines without Swift
	scripts/dist.sh

install: ## put what static has built where it belongs: PREFIX, SYSCONFDIR, DESTDIR
	scripts/install.sh install

uninstall: ## take it away again
	scripts/install.sh uninstall

# In two parts: a test that waits shares its threads with all those that work at the same time.
test: deps ## all tests, against a redis-server of their own
	@echo "builds, then tests in two parts: on two cores 2 and 5 minutes, where the build takes 3 the first time"
	swift build --build-tests $(SWIFT_FLAGS)
	scripts/test.sh --filter '^ProxyCoreTests\.'
	scripts/test.sh --skip '^ProxyCoreTests\.'

check: lint ## formatting, rules of style, build and the fast tests: under two minutes once all is built; installs nothing
	swift build --build-tests $(SWIFT_FLAGS)
	scripts/test.sh --skip '^(EndToEndTests|RESPFrontTests)\.' --skip '^ProxyCoreTests\.Heart'

soak: export SOAK_MINUTES ?= 3
soak: deps ## traffic of every kind and faults for SOAK_MINUTES (3), every answer checked; SEED replays
	swift build --build-tests $(SWIFT_FLAGS)
	swift test --skip-build $(SWIFT_FLAGS) --filter '^EndToEndTests\.SoakTests'

suites: deps ## redis-py's, fakeredis' and hiredis' own tests, against Redis and through the proxy; shows what differs
	swift build -c release $(SWIFT_FLAGS) --product proxyd
	python3 Tests/Suites/suites.py .build/release/proxyd .build/suites

# Of two options about sanitizers Swift heeds the last, so one names both; the others are for C and for
# the package manager, which leaves main to the fuzzer.
fuzz: ## feed parsers and sessions what nobody would send: FUZZ_SECONDS each (60), FUZZ_TARGETS for some
	swift build -c release --scratch-path .build/fuzz --product fuzz --disable-dead-strip \
	  --sanitize=fuzzer --sanitize=address -Xswiftc -sanitize=fuzzer,address \
	  -Xswiftc -assert-config -Xswiftc Debug -Xswiftc -DFUZZING
	Tests/Fuzz/run "$(CURDIR)/.build/fuzz/release/fuzz" "$(CURDIR)/.build/fuzz/found"

BUDGETS_FLAGS = -c release -Xswiftc -enable-testing $(SWIFT_FLAGS) --scratch-path .build/budgets

budgets: export BUDGETS_ONLY = 1
budgets: deps deps-budgets static ## what must not grow: allocations, locks and instructions, memory, the program
	swift build $(BUDGETS_FLAGS) --build-tests
	swift test --skip-build $(BUDGETS_FLAGS) --filter Budget
	.build/budgets/release/bench-core memory --check
	.build/budgets/release/bench-budgets .build/static/release/proxyd

budgets-measure: deps-budgets static ## write down in bench/budgets.txt what instructions and bytes there are now
	swift build -c release $(SWIFT_FLAGS) --product bench-budgets
	.build/release/bench-budgets .build/static/release/proxyd --measure

deps-budgets: deps ## install what counts instructions: valgrind
	@command -v valgrind >/dev/null || $(INSTALL_PACKAGES) valgrind || \
	  echo "without valgrind: instructions are not counted"

sanitize: sanitize-thread sanitize-address ## all tests under the thread sanitizer, then under the address sanitizer

# In two parts, as they are without. Leaks are not looked for: what lives until the end would be one. Of the
# first part two tests at a time: some compute for a minute here, and others would wait for them that long.
sanitize-thread sanitize-address: sanitize-%: deps
	swift build --build-tests --sanitize=$* --scratch-path .build/$*
	ASAN_OPTIONS=detect_leaks=0 SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=2 \
	  swift test --skip-build --sanitize=$* --scratch-path .build/$* --filter '^ProxyCoreTests\.'
	ASAN_OPTIONS=detect_leaks=0 swift test --skip-build --sanitize=$* --scratch-path .build/$* --skip '^ProxyCoreTests\.'

races: ## the fast part of that, which CI runs
	swift test --sanitize=thread --scratch-path .build/thread \
	  --filter 'Lock|Loop|Limiter|RedisClient|Cache|LineWriter|Ledger'

coverage: deps ## how much of the sources all tests execute
	scripts/coverage.sh

lint: ## formatting and style, strictly
	for script in scripts/*.sh .ci/run; do bash -n $$script || exit 1; done
	swift format lint --strict --recursive Package.swift Sources Tests bench Examples

format: ## format everything in place
	swift format --in-place --recursive Package.swift Sources Tests bench Examples

examples: ## build the package that uses ProxyCore from outside, and run it
	swift run --package-path Examples/NearCache NearCache

docs: ## the documentation of ProxyCore, by DocC
	scripts/docs.sh

bench-core: bench-client ## the library: the client beside redis-benchmark, caches beside Dictionary and NSCache
	swift build -c release --product bench-core
	.build/release/bench-core operations
	.build/release/bench-core memory

include bench/bench.mk

clean: ## forget all builds
	rm -rf .build Examples/*/.build
