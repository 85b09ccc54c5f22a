internal import Synchronization

extension Proxy {
  /// What `INFO proxy` says, in its order. Each shard of the cache is locked once, for a moment; all else
  /// is read as it stands. From any thread. O(shards).
  package var figures: [Figure] {
    let cached = cache.statistics
    let permits = limiter.counts
    func count(_ counter: borrowing Atomic<Int>) -> Int { counter.load(ordering: .relaxed) }
    return [
      Figure("proxy_cache_hits", Int(clamping: cached.hits)),
      Figure("proxy_cache_misses", Int(clamping: cached.misses)),
      Figure("proxy_cache_entries", cached.entries),
      Figure("proxy_cache_bytes", cached.cost),
      Figure("proxy_cache_evictions", Int(clamping: cached.evictions)),
      Figure("proxy_cache_expirations", Int(clamping: cached.expirations)),
      Figure("proxy_invalidations", count(counters.invalidations)),
      Figure("proxy_fetches", count(counters.fetches)),
      Figure("proxy_flights", count(counters.flights)),
      Figure("proxy_flights_joined", count(counters.joined)),
      Figure("proxy_fences", count(counters.fences)),
      Figure("proxy_passed", count(counters.passed)),
      Figure("proxy_stale_answers", count(counters.staleAnswers)),
      Figure("proxy_coherence", isTracking ? "tracking" : "ttl"),
      Figure("proxy_redis_connected", isConnected ? 1 : 0),
      Figure("proxy_redis_links_lost", count(counters.linksLost)),
      Figure("proxy_redis_links_pinned", count(pinnedCount)),
      Figure("proxy_clients_http", clients.count(.http)),
      Figure("proxy_clients_resp", clients.count(.resp)),
      Figure("proxy_clients_max", clients.limit),
      Figure("proxy_clients_rejected", clients.rejected),
      Figure("proxy_clients_output_bytes", clientOutput.bytes),
      Figure("proxy_clients_output_closed", clientOutput.closed),
      Figure("proxy_clients_input_bytes", clientInput.bytes),
      Figure("proxy_clients_input_closed", clientInput.closed),
      Figure("proxy_permits_in_use", permits.permitsInUse),
      Figure("proxy_waiters", permits.waiting),
      Figure("proxy_permits_refused", Int(clamping: permits.refused)),
      Figure("proxy_permits_timed_out", Int(clamping: permits.timedOut)),
    ]
  }

  /// Whether any link is ready, and Redis answers.
  package var isConnected: Bool {
    readyLinks.load(ordering: .relaxed) > 0 && silentSince.load(ordering: .relaxed) == 0
  }
}
