# Measurements; included by the Makefile, and usable alone: make -f bench/bench.mk bench-loop
# BENCH_FLAGS adds to the command line: make bench-loop BENCH_FLAGS="--rounds 9"
.PHONY: bench-build bench-loop bench-http bench-incr bench-quick bench-client bench-start

bench-build:
	swift build -c release --product floor
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
