extension AdminPage {
  /// Lines over time, as SVG.
  static let plots: StaticString = #"""

    const svg = (tag, attributes, ...children) => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      element.append(...children);
      return element;
    };

    // Round numbers from 0 to where `most` fits.
    const roundTicks = (most, least) => {
      const top = Math.max(most, least);
      const magnitude = Math.pow(10, Math.floor(Math.log10(top / 3)));
      const step = [1, 2, 5, 10].map(n => n * magnitude).find(n => n * 4 >= top);
      const ticks = [];
      for (let tick = 0; tick < top + step * 0.999; tick += step) ticks.push(tick);
      return ticks;
    };
    // The same in powers of two of 1024.
    const byteTicks = (most, least) => {
      const unit = Math.pow(1024, Math.floor(Math.log(Math.max(most, least)) / Math.log(1024)));
      return roundTicks(Math.max(most, least) / unit, 0.001).map(tick => tick * unit);
    };
    // Powers of ten around all that is there.
    const powerTicks = (most, least) => {
      const low = Math.floor(Math.log10(least));
      const high = Math.max(low + 1, Math.ceil(Math.log10(most)));
      return Array.from({ length: high - low + 1 }, (_, index) => Math.pow(10, low + index));
    };

    class Plot {
      // `series` are [name, value of a sample]; `options` say how its axis is made.
      constructor(id, series, format, options = {}) {
        this.series = series;
        this.format = format;
        this.options = { least: 1, ticks: roundTicks, label: format, ...options };
        this.hovered = null;
        this.values = series.map(() => make("b"));
        const mark = index => svg("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" },
          svg("path", { class: `line s${index + 1}`, d: "M1 5H25" }));
        this.legend = make("ul", { class: "legend" }, ...series.map(([name], index) =>
          make("li", {}, mark(index), name + " ", this.values[index])));
        this.picture = svg("svg", { class: "plot", role: "img",
          "aria-label": find(id).querySelector("h2").textContent + " over the last minutes" });
        find(id).append(this.legend, this.picture);
        this.picture.addEventListener("pointermove", event => this.hover(event));
        this.picture.addEventListener("pointerleave", () => { this.hovered = null; this.draw(); });
        new ResizeObserver(() => this.draw()).observe(this.picture);
      }

      hover(event) {
        const box = this.picture.getBoundingClientRect();
        const share = (event.clientX - box.left - this.left) / (box.width - this.left - this.right);
        const index = samples.length - this.shown + Math.round(share * (this.shown - 1));
        this.hovered = index >= 0 && index < samples.length ? index : null;
        this.draw();
      }

      get shown() { return Math.max(samplesShownMin, samples.length); }

      draw() {
        const width = this.picture.clientWidth, height = this.picture.clientHeight;
        if (width < 50) return;
        const visible = samples.filter(sample => sample !== null);
        const numbers = visible.flatMap(sample => this.series.map(([, value]) => value(sample)))
          .filter(value => value !== null);
        const ticks = this.ticksFor(numbers);
        const labels = ticks.map(tick => this.options.label(tick));
        this.left = 14 + 6.2 * Math.max(...labels.map(label => label.length));
        this.right = 6;
        const top = 8, bottom = height - 20;
        const end = width - this.right, step = (end - this.left) / (this.shown - 1);
        const x = index => this.left + (index - samples.length + this.shown) * step;
        const place = this.placing(ticks), y = value => bottom - place(value) * (bottom - top);
        this.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
        this.picture.replaceChildren(
          ...ticks.flatMap((tick, index) => [
            svg("line", { class: "rule", x1: this.left, x2: end, y1: y(tick), y2: y(tick) }),
            svg("text", { x: this.left - 6, y: y(tick) + 4, "text-anchor": "end" }, labels[index]),
          ]),
          ...this.moments(width, height),
          ...this.series.flatMap(([, value], index) => this.line(value, index, x, y, bottom)));
        this.drawCursor(x, top, bottom);
      }

      ticksFor(numbers) {
        const { ticks, least, most } = this.options;
        if (most !== undefined) return ticks(most, least);
        if (ticks !== powerTicks) return ticks(Math.max(0, ...numbers), least);
        const positive = numbers.filter(value => value > 0);
        return positive.length
          ? powerTicks(Math.max(...positive), Math.min(...positive)) : powerTicks(1e-2, 1e-5);
      }

      placing(ticks) {
        const low = ticks[0], high = ticks[ticks.length - 1];
        if (this.options.ticks !== powerTicks) return value => (value - low) / (high - low);
        return value => Math.max(0, Math.log(value / low) / Math.log(high / low));
      }

      moments(width, height) {
        const seconds = this.shown;
        const text = (x, anchor, label) =>
          svg("text", { x, y: height - 4, "text-anchor": anchor }, label);
        const ago = seconds % 60 === 0 ? `${seconds / 60} min ago` : `${seconds} s ago`;
        return [text(this.left, "start", ago), text(width - this.right, "end", "now")];
      }

      // A line of its own for each stretch without a gap.
      line(value, number, x, y, bottom) {
        const stretches = [];
        let current = null;
        samples.forEach((sample, index) => {
          const height = sample === null ? null : value(sample);
          if (height === null) { current = null; return; }
          if (current === null) stretches.push(current = []);
          current.push([x(index).toFixed(1), y(height).toFixed(1)]);
        });
        return stretches.flatMap(points => {
          const path = "M" + points.map(point => point.join(" ")).join("L");
          const drawn = points.length === 1 ? path + "h0.1" : path;
          const line = svg("path", { class: `line s${number + 1}`, d: drawn });
          if (!this.options.filled) return [line];
          const last = points[points.length - 1];
          const area = `${path}L${last[0]} ${bottom}L${points[0][0]} ${bottom}Z`;
          return [svg("path", { class: `area s${number + 1}`, d: area }), line];
        });
      }

      // The legend tells the values under the pointer, or the latest.
      drawCursor(x, top, bottom) {
        const index = this.hovered ?? samples.length - 1;
        const sample = samples[index];
        this.values.forEach((element, number) => {
          element.textContent = sample ? this.format(this.series[number][1](sample)) : missing;
        });
        if (this.hovered === null) return;
        this.picture.append(svg("line",
          { class: "cursor", x1: x(index), x2: x(index), y1: top, y2: bottom }));
      }
    }
    """#
}
