extension AdminPage {
  /// How it looks: by day, by night, and on a phone.
  static let style: StaticString = #"""
    :root {
      color-scheme: light dark;
      --ground: #f4f5f8; --card: #fff; --ink: #14171f; --dim: #596274; --rule: #e2e5ec;
      --one: #2361d8; --two: #c2590a; --three: #0b7f5f; --four: #8a3fd1;
      --good: #0b7f5f; --bad: #bb2140; --warn: #96590a; --bar: #d7e3fb;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #0f1218; --card: #181c25; --ink: #e8ebf2; --dim: #98a2b5; --rule: #2a303d;
        --one: #6ea3ff; --two: #f5a256; --three: #4fd0a5; --four: #c79bff;
        --good: #4fd0a5; --bad: #ff7f93; --warn: #f5b856; --bar: #22365c;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0 auto; padding: 1rem clamp(.75rem, 2vw, 2rem) 1rem; max-width: 100rem;
      background: var(--ground); color: var(--ink);
      font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
      font-variant-numeric: tabular-nums;
    }
    h1, h2, p, dl, dd, figure { margin: 0; }
    h1 { font-size: 1.35rem; letter-spacing: -.01em; }
    h2 { font-size: .95rem; font-weight: 600; }
    small { color: var(--dim); font-weight: 400; font-size: .8rem; }
    a { color: var(--one); }
    header {
      display: flex; flex-wrap: wrap; align-items: center; gap: .4rem 1.1rem; margin-bottom: 1rem;
    }
    #status {
      --tone: var(--dim); color: var(--tone); border: 1px solid var(--tone); border-radius: 1rem;
      padding: .1rem .75rem; font-size: .85rem; font-weight: 600;
    }
    #status::before { content: "● "; }
    #status[data-state="ready"] { --tone: var(--good); }
    #status[data-state="unready"], #status[data-state="draining"] { --tone: var(--warn); }
    #status[data-state="unreachable"] { --tone: var(--bad); }
    #status[data-state="unreachable"]::before { content: "✕ "; }
    #status[data-state="paused"]::before { content: "❚❚ "; }
    #facts {
      display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; font-size: .85rem; margin-left: auto;
    }
    #facts div { display: flex; gap: .35rem; }
    dt { color: var(--dim); }
    .notice { padding: 1rem; }
    main { transition: opacity .3s; }
    main[data-stale="true"] { opacity: .45; }
    #tiles, #plots, #tables { display: grid; gap: .8rem; margin-bottom: .8rem; }
    #tiles { grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); }
    #plots { grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); }
    #tables { grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); }
    .card, .tile {
      background: var(--card); border: 1px solid var(--rule); border-radius: .6rem; min-width: 0;
    }
    .card { padding: .75rem .9rem .8rem; position: relative; }
    @media (min-width: 60rem) { .wide { grid-column: span 2; } }
    .tile { padding: .6rem .9rem .65rem; }
    .tile .name, .tile .note { color: var(--dim); font-size: .8rem; }
    .tile .value {
      display: block; font-size: 1.7rem; font-weight: 650; line-height: 1.2; letter-spacing: -.02em;
      white-space: nowrap;
    }
    .tile .note { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; display: block; }
    .legend {
      display: flex; flex-wrap: wrap; gap: .1rem 1rem; list-style: none; margin: .15rem 0 .35rem;
      padding: 0; font-size: .82rem; color: var(--dim); min-height: 1.3rem;
    }
    .legend b { color: var(--ink); font-weight: 600; }
    .legend svg { width: 1.3rem; height: .5rem; margin-right: .35rem; vertical-align: middle; }
    .plot { display: block; width: 100%; height: 170px; touch-action: pan-y; }
    .plot text { fill: var(--dim); font-size: 11px; }
    .plot .rule { stroke: var(--rule); stroke-width: 1; }
    .plot .cursor { stroke: var(--dim); stroke-width: 1; stroke-dasharray: 2 3; }
    .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
    .area { stroke: none; opacity: .14; }
    .s1 { stroke: var(--one); } .s2 { stroke: var(--two); } .s3 { stroke: var(--three); }
    .s4 { stroke: var(--four); }
    .s2.line { stroke-dasharray: 6 3; } .s3.line { stroke-dasharray: 2 3; }
    .area.s1 { fill: var(--one); } .area.s2 { fill: var(--two); } .area.s3 { fill: var(--three); }
    fieldset {
      border: 0; margin: 0; padding: 0; position: absolute; right: .9rem; top: .7rem; display: flex;
      gap: .1rem; font-size: .8rem;
    }
    legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    fieldset label {
      padding: .1rem .5rem; border-radius: .8rem; color: var(--dim); cursor: pointer;
      border: 1px solid transparent;
    }
    fieldset input { position: absolute; opacity: 0; pointer-events: none; }
    fieldset label:has(:checked) {
      color: var(--ink); border-color: var(--rule); background: var(--ground);
    }
    fieldset label:has(:focus-visible) { outline: 2px solid var(--one); }
    table { width: 100%; border-collapse: collapse; margin-top: .4rem; font-size: .87rem; }
    th { text-align: left; color: var(--dim); font-weight: 400; font-size: .78rem; }
    td, th { padding: .2rem .35rem; border-bottom: 1px solid var(--rule); }
    tbody tr:last-child > * { border-bottom: 0; }
    tbody th { color: var(--ink); font-size: inherit; }
    .number { text-align: right; white-space: nowrap; }
    #keys { table-layout: fixed; }
    #keys th.number { width: 6rem; }
    #keys td:first-child {
      font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .82rem; direction: ltr;
      unicode-bidi: isolate; overflow: hidden; text-overflow: ellipsis; white-space: pre;
    }
    #keys td.share {
      background: linear-gradient(var(--bar), var(--bar)) no-repeat left center / var(--share) 70%;
    }
    .zero { color: var(--dim); }
    .bad { color: var(--bad); font-weight: 600; }
    .none { color: var(--dim); padding: .6rem 0 0; font-size: .87rem; }
    .facts {
      display: grid; grid-template-columns: 1fr 1fr; gap: 0 1.4rem; margin-top: .4rem;
      font-size: .87rem;
    }
    .facts div {
      display: flex; justify-content: space-between; gap: .5rem; padding: .2rem 0;
      border-bottom: 1px solid var(--rule);
    }
    .facts dd { white-space: nowrap; }
    @media (max-width: 34rem) {
      #facts { margin-left: 0; }
      #tiles { grid-template-columns: 1fr 1fr; }
      .tile .value { font-size: 1.45rem; }
      .facts { grid-template-columns: 1fr; }
      .plot { height: 150px; }
      #keys th.number { width: 4.4rem; }
    }
    @media (prefers-reduced-motion: reduce) { main { transition: none; } }
    """#
}
