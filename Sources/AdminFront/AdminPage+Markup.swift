extension AdminPage {
  /// What stands on the page; the script fills it in.
  static let markup: StaticString = #"""
    <header>
      <h1>proxyd <small id="version"></small></h1>
      <p id="status" role="status" data-state="waiting">waiting for proxyd</p>
      <dl id="facts"></dl>
    </header>
    <noscript><p class="notice">The figures are drawn by a script:
      <a href="/metrics">/metrics</a> and <a href="/stats">/stats</a> have them as text.</p>
    </noscript>
    <main id="main">
      <section id="tiles" aria-label="At a glance"></section>
      <div id="plots">
        <section class="card" id="plot-rate"><h2>Requests a second</h2></section>
        <section class="card" id="plot-hits"><h2>Hit ratio</h2></section>
        <section class="card" id="plot-latency"><h2>Latency</h2>
          <fieldset id="front"><legend>of requests by</legend>
            <label><input type="radio" name="front" value="all" checked>both</label>
            <label><input type="radio" name="front" value="resp">RESP</label>
            <label><input type="radio" name="front" value="http">HTTP</label>
          </fieldset>
        </section>
        <section class="card" id="plot-redis"><h2>Redis round trips</h2></section>
        <section class="card" id="plot-limiter"><h2>Limiter</h2></section>
        <section class="card" id="plot-memory"><h2>Memory</h2></section>
      </div>
      <div id="tables">
        <section class="card wide"><h2>Hot keys <small>estimates of the last minutes</small></h2>
          <table id="keys"><thead><tr><th>key</th><th class="number">reads/s</th>
            <th class="number">share</th></tr></thead><tbody></tbody></table>
          <p class="none" id="no-keys" hidden>Nothing has been read lately.</p>
        </section>
        <section class="card"><h2>Outcomes <small>of the last 10 s</small></h2>
          <table id="outcomes"><thead><tr><th></th><th class="number">a second</th>
            <th class="number">p50</th><th class="number">p99</th></tr></thead>
            <tbody></tbody></table>
          <p class="none" id="no-outcomes" hidden>No requests.</p>
        </section>
        <section class="card"><h2>Redis links</h2>
          <table id="links"><thead><tr><th></th><th class="number">ready</th>
            <th class="number">connecting</th><th class="number">resting</th>
            <th class="number">idle</th></tr></thead><tbody></tbody></table>
        </section>
        <section class="card"><h2>Coherence and cache</h2>
          <dl id="cache" class="facts"></dl></section>
        <section class="card"><h2>Clients and process</h2>
          <dl id="process" class="facts"></dl></section>
      </div>
    </main>

    """#
}
