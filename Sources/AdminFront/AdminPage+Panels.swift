extension AdminPage {
  /// Which plots, tiles and tables there are.
  static let panels: StaticString = #"""

    let front = "all";
    const plots = [
      new Plot("plot-rate", [["RESP", s => s.resp], ["HTTP", s => s.http]], count,
        { least: 4, filled: true }),
      new Plot("plot-hits", [["of keys looked up", s => s.hits]], percent,
        { ticks: () => [0, 0.25, 0.5, 0.75, 1], label: share => `${share * 100} %`, filled: true }),
      new Plot("plot-latency", [0, 1, 2].map(number =>
        [["p50", "p99", "p99.9"][number], s => s.latency[front][number]]), duration,
        { ticks: powerTicks }),
      new Plot("plot-redis", [["p50", s => s.tripMedian], ["p99", s => s.tripLate]], duration,
        { ticks: powerTicks }),
      new Plot("plot-limiter", [["at Redis", s => s.permits], ["waiting", s => s.waiters],
        ["refused a second", s => s.refusals]], count, { least: 4 }),
      new Plot("plot-memory", [["process", s => s.resident], ["cached", s => s.cached]], bytes,
        { least: 1024, ticks: byteTicks, filled: true }),
    ];

    for (const input of document.querySelectorAll("#front input")) {
      input.addEventListener("change", () => { front = input.value; draw(); });
    }

    // Invisible characters, and those that move others, are escaped.
    const visible = text => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu,
      character => `\\u{${character.codePointAt(0).toString(16)}}`);
    const keyName = ({ key, encoding, more_bytes }) => {
      const shown = encoding === "base64"
        ? atob(key).replace(/[^\x20-\x7e]/g,
          byte => "\\x" + byte.charCodeAt(0).toString(16).padStart(2, "0"))
        : visible(key);
      return more_bytes > 0 ? `${shown}… (${more_bytes} more bytes)` : shown;
    };

    const tile = (name, value, note) => make("div", { class: "tile" },
      make("span", { class: "name" }, name), make("span", { class: "value" }, value),
      make("span", { class: "note" }, note));

    const drawTiles = (now, sample) => {
      const { info, limits } = now;
      find("tiles").replaceChildren(
        tile("Hit ratio", percent(sample?.hits),
          sample?.hits === null
            ? "nothing was read" : `${count(info.proxy_cache_hits)} hits in all`),
        tile("Requests/s", count(sample ? sample.resp + sample.http : null),
          sample ? `RESP ${count(sample.resp)}, HTTP ${count(sample.http)}` : ""),
        tile("Latency, p99", duration(sample?.latency.all[1]),
          `half within ${duration(sample?.latency.all[0])}`),
        tile("Redis trips/s", count(sample?.trips), `half within ${duration(sample?.tripMedian)}`),
        tile("Cached", bytes(info.proxy_cache_bytes),
          `${count(info.proxy_cache_entries)} of ${count(limits.cache_entries)} entries`),
        tile("Clients", count(info.proxy_clients_resp + info.proxy_clients_http),
          `RESP ${count(info.proxy_clients_resp)}, HTTP ${count(info.proxy_clients_http)}`));
    };

    const number = (text, isZero) => make("td", { class: isZero ? "number zero" : "number" }, text);

    const drawKeys = now => {
      const most = Math.max(...now.hot_keys.map(key => key.share));
      find("keys").tBodies[0].replaceChildren(...now.hot_keys.slice(0, 10).map(key => {
        const name = keyName(key) + (key.database ? `  (db ${key.database})` : "");
        const share = make("td", { class: "number share" }, percent(key.share));
        share.style.setProperty("--share", `${key.share / most * 100}%`);
        return make("tr", {}, make("td", { title: name }, name),
          number(count(key.reads_per_second)), share);
      }));
      find("keys").hidden = now.hot_keys.length === 0;
      find("no-keys").hidden = now.hot_keys.length > 0;
    };

    const drawOutcomes = now => {
      const first = answers[0], seconds = answers[answers.length - 1].moment - first.moment;
      const rows = seconds <= 0 ? [] : fronts.flatMap(name => outcomes.map(outcome => {
        const histogram = requests(now, first.statistics, [name], [outcome]);
        if (histogram.count === 0) return null;
        const title = make("th", { scope: "row" }, `${name.toUpperCase()} ${outcome}`);
        if (["error", "refused"].includes(outcome)) title.className = "bad";
        return make("tr", {}, title, number(count(histogram.count / seconds)),
          ...[0.5, 0.99].map(p => number(duration(percentile(histogram, now.bucket_seconds, p)))));
      })).filter(row => row !== null);
      find("outcomes").tBodies[0].replaceChildren(...rows);
      find("outcomes").hidden = rows.length === 0;
      find("no-outcomes").hidden = rows.length > 0;
    };

    const drawLinks = now => {
      const kinds = { fill: "fill", shared: "shared", pinned: "clients' own", control: "control" };
      find("links").tBodies[0].replaceChildren(...Object.entries(kinds).map(([kind, name]) =>
        make("tr", {}, make("th", { scope: "row" }, name),
          ...["ready", "connecting", "resting", "idle"].map(state => {
            const links = now.links[kind][state];
            return number(plain(links), links === 0);
          }))));
    };

    const facts = (id, pairs) => find(id).replaceChildren(...pairs.map(([name, value]) =>
      make("div", {}, make("dt", {}, name), make("dd", {}, value))));

    const drawFacts = (now, sample) => {
      const { info, counters, limits, process, redis_server } = now;
      find("version").textContent = now.version;
      facts("facts", [
        ["Redis", redis_server.address
          + (redis_server.version ? ` (${redis_server.version})` : "")],
        ["up", span(Date.now() / 1000 - process.start_seconds)],
      ]);
      facts("cache", [
        ["kept right by", info.proxy_coherence === "tracking" ? "tracking" : "expiry only"],
        ["invalidations", count(info.proxy_invalidations)],
        ["evictions", count(info.proxy_cache_evictions)],
        ["expirations", count(info.proxy_cache_expirations)],
        ["fetches joined", count(info.proxy_flights_joined)],
        ["stale answers", count(info.proxy_stale_answers)],
        ["fences", count(info.proxy_fences)], ["emptied", count(counters.cache_flushes)],
        ["may take", bytes(limits.cache_bytes)], ["links lost", count(info.proxy_redis_links_lost)],
      ]);
      facts("process", [
        ["processor", sample ? percent(sample.processor) : missing],
        ["loops", plain(now.loops.length)], ["clients at most", count(info.proxy_clients_max)],
        ["turned away", count(info.proxy_clients_rejected)],
        ["unread answers", bytes(info.proxy_clients_output_bytes)],
        ["unfinished requests", bytes(info.proxy_clients_input_bytes)],
        ["permits", count(limits.permits)],
        ["files open", `${count(process.open_files)} of ${count(process.open_files_max)}`],
        ["threads", plain(process.threads)],
      ]);
    };

    function draw() {
      for (const plot of plots) plot.draw();
      const last = answers[answers.length - 1];
      if (!last) return;
      const sample = answers.length > 1 ? samples[samples.length - 1] : null;
      drawTiles(last.statistics, sample);
      drawKeys(last.statistics);
      drawOutcomes(last.statistics);
      drawLinks(last.statistics);
      drawFacts(last.statistics, sample);
    }

    turn();
    """#
}
