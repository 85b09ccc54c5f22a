extension AdminPage {
  /// Asks for the figures every second, and makes samples of what has changed between two answers.
  static let script: StaticString = #"""
    "use strict";
    const everyMilliseconds = 1000, patienceMilliseconds = 5000;
    const samplesMax = 180, samplesShownMin = 60, answersMax = 11;

    const find = id => document.getElementById(id);

    // Text only: names of keys are whatever clients have sent.
    const make = (tag, attributes = {}, ...children) => {
      const element = document.createElement(tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      element.append(...children);
      return element;
    };

    // How figures are written.

    const plain = (value, digits = 0) =>
      value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    const missing = "–";
    const scaled = (value, units, step) => {
      let unit = 0;
      while (Math.abs(value) >= step * 0.9995 && unit < units.length - 1) { value /= step; unit++; }
      const digits = value !== 0 && Math.abs(value) < 9.995 ? (Math.abs(value) < 0.9995 ? 2 : 1)
        : Math.abs(value) < 99.95 && unit > 0 ? 1 : 0;
      return plain(value, Number.isInteger(value) ? 0 : digits) + units[unit];
    };
    const written = format => value =>
      value === null || value === undefined || Number.isNaN(value) ? missing : format(value);
    const count = written(value => value < 10000 && (value >= 1000 || Number.isInteger(value))
      ? plain(Math.round(value)) : scaled(value, ["", " k", " M", " G"], 1000));
    const bytes = written(value => scaled(value, [" B", " KiB", " MiB", " GiB", " TiB"], 1024));
    const percent = written(value =>
      plain(value * 100, value > 0.995 && value < 1 ? 2 : 1) + " %");
    const duration = written(value => value < 1e-3
      ? scaled(value * 1e6, [" µs"], 1000) : value < 1
        ? scaled(value * 1e3, [" ms"], 1000) : scaled(value, [" s"], 1000));
    const span = written(seconds => {
      const [days, hours, minutes] =
        [seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60].map(Math.floor);
      if (days > 0) return `${days} d ${hours} h`;
      if (hours > 0) return `${hours} h ${minutes} min`;
      return minutes > 0 ? `${minutes} min` : `${Math.max(0, Math.floor(seconds))} s`;
    });

    // What has happened between two answers.

    const fronts = ["resp", "http"];
    const outcomes =
      ["hit", "miss", "joined", "stale", "passed", "blocked", "local", "refused", "error"];

    const sum = list => list.reduce((left, right) => left + right, 0);
    const difference = (now, before) => ({
      count: now.count - before.count,
      seconds: now.seconds - before.seconds,
      buckets: now.buckets.map((value, index) => value - before.buckets[index]),
    });
    const together = parts => ({
      count: sum(parts.map(part => part.count)),
      seconds: sum(parts.map(part => part.seconds)),
      buckets: parts[0].buckets.map((_, i) => sum(parts.map(part => part.buckets[i]))),
    });

    // Within a bucket as if all of it were evenly spread, by orders of magnitude.
    const percentile = (histogram, bounds, share) => {
      if (histogram.count <= 0) return null;
      let left = histogram.count * share;
      for (const [index, value] of histogram.buckets.entries()) {
        if (value > 0 && left <= value) {
          const high = bounds[Math.min(index, bounds.length - 1)];
          const low = index === 0 ? high / 2 : bounds[Math.min(index, bounds.length - 1) - 1];
          return index >= bounds.length ? high : low * Math.pow(high / low, left / value);
        }
        left -= value;
      }
      return bounds[bounds.length - 1];
    };

    const requests = (now, before, names, kinds = outcomes) => together(names.flatMap(front =>
      kinds.map(kind => difference(now.requests[front][kind], before.requests[front][kind]))));

    // What may wait for others as long as it likes says nothing of latency.
    const timed = outcomes.filter(kind => kind !== "blocked");

    const sampleOf = (now, before, seconds) => {
      const rate = name => (now.info[name] - before.info[name]) / seconds;
      const latency = {};
      for (const [name, names] of [["all", fronts], ["resp", ["resp"]], ["http", ["http"]]]) {
        const histogram = requests(now, before, names, timed);
        latency[name] = [0.5, 0.99, 0.999].map(p => percentile(histogram, now.bucket_seconds, p));
      }
      const trips = together(Object.keys(now.redis)
        .map(kind => difference(now.redis[kind], before.redis[kind])));
      const looked = rate("proxy_cache_hits") + rate("proxy_cache_misses");
      return {
        resp: requests(now, before, ["resp"]).count / seconds,
        http: requests(now, before, ["http"]).count / seconds,
        hits: looked > 0 ? rate("proxy_cache_hits") / looked : null,
        latency,
        trips: trips.count / seconds,
        tripMedian: percentile(trips, now.bucket_seconds, 0.5),
        tripLate: percentile(trips, now.bucket_seconds, 0.99),
        permits: now.info.proxy_permits_in_use,
        waiters: now.info.proxy_waiters,
        refusals: rate("proxy_permits_refused") + rate("proxy_permits_timed_out"),
        cached: now.info.proxy_cache_bytes,
        resident: now.process.resident_bytes,
        processor: (now.process.cpu_seconds - before.process.cpu_seconds) / seconds,
      };
    };

    // Asking.

    const answers = [];   // the latest ones, each with its moment
    const samples = [];   // one a second; null where there was no answer
    let since = null;     // when proxyd was last heard of

    const keep = (list, value, most) => {
      list.push(value);
      if (list.length > most) list.shift();
    };

    const take = statistics => {
      const moment = performance.now() / 1000, last = answers[answers.length - 1];
      // Another process counts from zero.
      if (last && last.statistics.process.start_seconds !== statistics.process.start_seconds) {
        answers.length = 0;
      } else if (last) {
        keep(samples, sampleOf(statistics, last.statistics, moment - last.moment), samplesMax);
      }
      keep(answers, { statistics, moment }, answersMax);
      since = new Date();
    };

    const show = (state, text) => {
      find("status").dataset.state = state;
      find("status").textContent = text;
      document.title = state === "ready" ? "proxyd" : `proxyd: ${text}`;
      find("main").dataset.stale = state === "unreachable";
    };

    const ask = async () => {
      const response = await fetch("/stats",
        { cache: "no-store", signal: AbortSignal.timeout(patienceMilliseconds) });
      if (!response.ok) throw new Error((await response.text()).trim());
      return response.json();
    };

    let timer = null;
    const turn = async () => {
      timer = null;
      const begin = performance.now();
      try {
        const statistics = await ask();
        take(statistics);
        if (statistics.draining) show("draining", "about to end");
        else if (statistics.ready) show("ready", "ready");
        else show("unready", "not ready: " + statistics.reason);
      } catch (error) {
        answers.length = 0;
        keep(samples, null, samplesMax);
        const heard = since ? "; last heard of at " + since.toLocaleTimeString() : "";
        show("unreachable", "no answer from proxyd" + heard);
      }
      draw();
      if (!document.hidden) {
        timer = setTimeout(turn, Math.max(100, everyMilliseconds - (performance.now() - begin)));
      }
    };

    document.addEventListener("visibilitychange", () => {
      if (document.hidden) {
        clearTimeout(timer);
        timer = null;
        show("paused", "paused while hidden");
      } else if (timer === null) {
        // What happened meanwhile was no second.
        answers.length = 0;
        keep(samples, null, samplesMax);
        turn();
      }
    });
    """#
}
