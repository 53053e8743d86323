/**
 * Checks that the browser test runs inside the page: colours, widths, focus. They are no part of the page itself.
 * The test strips the types and evaluates this file, so it imports and exports nothing; it leaves `pageChecks` behind.
 */
const pageChecks = {
  /** What is drawn in a chart; read from a copy, as a browser complains of a canvas that is often read. */
  pixels(title: string): Uint8ClampedArray {
    for (const chart of document.querySelectorAll(".chart")) {
      if (chart.querySelector("h3")?.textContent !== title) continue;
      const canvas = chart.querySelector("canvas")!;
      const copy = document.createElement("canvas");
      copy.width = canvas.width;
      copy.height = canvas.height;
      const pen = copy.getContext("2d", { willReadFrequently: true })!;
      pen.drawImage(canvas, 0, 0);
      return pen.getImageData(0, 0, copy.width, copy.height).data;
    }
    throw new Error(`no chart called ${title}`);
  },

  /** Pixels of a chart's canvas that are strongly coloured: its lines. */
  ink(title: string): number {
    const data = pageChecks.pixels(title);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
      const [r = 0, g = 0, b = 0, a = 0] = data.subarray(i, i + 4);
      if (a > 200 && Math.max(r, g, b) - Math.min(r, g, b) > 50) count++;
    }
    return count;
  },

  /** What a chart's legend says of its curves: name, colour of the swatch, and whether the chart has a line of that colour. */
  legend(title: string): { readonly label: string; readonly stroke: string; readonly drawn: boolean }[] {
    const charts = [...document.querySelectorAll(".chart")];
    const chart = charts.find((one) => one.querySelector("h3")?.textContent === title);
    const data = pageChecks.pixels(title);
    return [...chart!.querySelectorAll(".legend li")].map((row) => {
      const { stroke } = getComputedStyle(row.querySelector(".swatch line")!);
      const [r = 0, g = 0, b = 0] = (stroke.match(/\d+/g) ?? []).map(Number);
      let pixels = 0;
      for (let i = 0; i < data.length; i += 4) {
        const far = Math.max(Math.abs(data[i]! - r), Math.abs(data[i + 1]! - g), Math.abs(data[i + 2]! - b));
        // The rims of a line are mixed with what is behind it.
        if (far < 8 && data[i + 3]! > 200) pixels++;
      }
      return { label: row.textContent?.split(" ")[0] ?? "", stroke, drawn: pixels > 20 };
    });
  },

  /** Colours of lines. */
  strokes(selector: string): string[] {
    return [...document.querySelectorAll(selector)].map((line) => getComputedStyle(line).stroke);
  },

  /** The number that the list of samples tells. */
  samples(): number {
    return Number.parseInt(document.querySelector(".browser-count")?.textContent ?? "", 10);
  },

  paper(): string {
    return getComputedStyle(document.documentElement).backgroundColor;
  },

  /** Marks all visible controls, forgets the focus, and gives their number. */
  markControls(): number {
    const controls = "a[href], button, select, input, textarea, summary, [tabindex='0']";
    let count = 0;
    for (const element of document.querySelectorAll<HTMLElement>(controls)) {
      delete element.dataset["wanted"];
      delete element.dataset["reached"];
      if (!element.checkVisibility({ visibilityProperty: true }) || element.matches(":disabled")) continue;
      element.dataset["wanted"] = "yes";
      count++;
    }
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    return count;
  },

  /** Notes that the control in focus was reached, if it shows the focus. */
  noteFocus(): void {
    const element = document.activeElement as HTMLElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    if (outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2) element.dataset["reached"] = "yes";
  },

  /** Marked controls that were not reached. */
  unreached(): string[] {
    const rest = document.querySelectorAll("[data-wanted]:not([data-reached])");
    return [...rest].map((element) => element.outerHTML.slice(0, 120));
  },

  /** Whatever makes the page scroll sideways. */
  tooWide(): string[] {
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    return [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
      .map((element) => `${element.tagName}.${element.className}`)
      .slice(0, 10)
      .concat(`page ${scrollWidth} > ${clientWidth}`);
  },

  /** What has more in it than can be seen without scrolling sideways. */
  cut(selector: string): string[] {
    return [...document.querySelectorAll(selector)]
      .filter((element) => element.checkVisibility() && element.scrollWidth > element.clientWidth)
      .map((element) => `${element.className} ${element.scrollWidth} > ${element.clientWidth}`);
  },

  /** Links to where one is that their own bar hides. */
  currentHidden(): string[] {
    return [...document.querySelectorAll(".bar [aria-current='page']")]
      .filter((link) => link.checkVisibility())
      .filter((link) => {
        const bar = link.closest(".bar")!.getBoundingClientRect();
        const { left, right } = link.getBoundingClientRect();
        return left < bar.left - 1 || right > Math.min(bar.right, innerWidth) + 1;
      })
      .map((link) => link.textContent ?? "");
  },

  /** Controls smaller than a finger can hit: 24 CSS pixels (WCAG 2.2, 2.5.8), links inside text excepted. */
  tooSmall(): string[] {
    return (
      [...document.querySelectorAll<HTMLElement>("button, select, input, summary, nav a")]
        .filter((element) => element.checkVisibility())
        // The label of a box to tick is part of what can be hit.
        .map((element) => ({
          element,
          hit: (element.matches("[type=checkbox]") && element.closest("label")) || element,
        }))
        .map(({ element, hit }) => ({ element, box: hit.getBoundingClientRect() }))
        .filter(({ box }) => box.width < 24 || box.height < 24)
        .map(
          ({ element, box }) =>
            `${Math.round(box.width)} x ${Math.round(box.height)} ${element.outerHTML.slice(0, 80)}`,
        )
    );
  },

  /** Texts with a contrast below WCAG AA (4.5, or 3 for large type). */
  illegible(): string[] {
    const canvas = document.createElement("canvas");
    canvas.width = 1;
    canvas.height = 1;
    const pen = canvas.getContext("2d", { willReadFrequently: true })!;
    const luminance = (layers: readonly string[]): number => {
      pen.clearRect(0, 0, 1, 1);
      for (const color of layers) {
        pen.fillStyle = color;
        pen.fillRect(0, 0, 1, 1);
      }
      const linear = (v: number): number => (v <= 10 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
      const [r = 0, g = 0, b = 0] = pen.getImageData(0, 0, 1, 1).data;
      return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    };
    const bad = new Set<string>();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement!;
      const text = node.textContent?.trim() ?? "";
      const exempt = ":disabled, noscript, script, option, .visually-hidden, .skip";
      if (text === "" || !element.checkVisibility() || element.closest(exempt) !== null) continue;
      const backgrounds: string[] = [];
      for (let e: HTMLElement | null = element; e !== null; e = e.parentElement) {
        backgrounds.unshift(getComputedStyle(e).backgroundColor);
      }
      const style = getComputedStyle(element);
      const under = luminance(backgrounds);
      const over = luminance([...backgrounds, style.color]);
      const ratio = (Math.max(under, over) + 0.05) / (Math.min(under, over) + 0.05);
      const size = Number.parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5))
        bad.add(`${ratio.toFixed(2)} ${element.className || element.tagName}: ${text.slice(0, 40)}`);
    }
    return [...bad];
  },
};

Object.assign(globalThis, { pageChecks });
