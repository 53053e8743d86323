import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createUi, formatBytes, formatDuration, formatRate, progressLine, type Sink, table } from "./ui.ts";

function sink(options: { isTTY?: boolean; columns?: number } = {}): Sink & { text: string } {
  return {
    text: "",
    ...options,
    write(text) {
      this.text += text;
      return true;
    },
    once: () => {},
  };
}

describe("ui", () => {
  test("speaks to a person on standard output", async () => {
    const [out, err] = [sink(), sink()];
    const ui = createUi({ out, err });
    ui.say("hello");
    ui.document({ a: 1 });
    await ui.line("data");
    assert.equal(out.text, "hello\ndata\n");
    assert.equal(err.text, "");
  });

  test("under --json leaves standard output to the document", () => {
    const [out, err] = [sink(), sink()];
    const ui = createUi({ json: true, out, err });
    ui.say("hello");
    ui.warn("careful");
    ui.progress("work", 2).end("worked");
    ui.document({ a: 1 });
    assert.deepEqual(JSON.parse(out.text), { a: 1 });
    assert.match(err.text, /hello\n.*careful\nworked\n/);
  });

  test("progress draws nothing where there is no terminal, and its summary once", () => {
    const [out, err] = [sink(), sink()];
    const progress = createUi({ out, err }).progress("work", 10);
    progress.update(5);
    progress.end("done");
    assert.equal(out.text, "done\n");
    assert.equal(err.text, "");
  });

  test("progress on a terminal redraws one line, at most ten times a second, never wider than the window", () => {
    const err = sink({ isTTY: true, columns: 40 });
    let now = 0;
    const progress = createUi({ out: sink(), err, now: () => now }).progress("work", 1000);
    for (now = 1; now <= 1000; now++) progress.update(now - 1, "a long note about what is going on");
    const draws = err.text.split("\r\x1b[2K").slice(1);
    assert.ok(draws.length <= 11 && draws.length >= 9, `${draws.length} draws`);
    assert.ok(draws.every((line) => line.length < 40));
    progress.update(1000);
    progress.end();
    assert.ok(err.text.endsWith("\r\x1b[2K"));
  });
});

test("a progress line shows share, rate and time left", () => {
  assert.equal(progressLine("steps", 50, 200, 10), "steps  █████░░░░░░░░░░░░░░░  25 %  50/200  5/s  0:30 left");
  assert.equal(
    progressLine("steps", 200, 200, 10, "loss 1.2"),
    "steps  ████████████████████  100 %  200/200  20/s  loss 1.2",
  );
  assert.equal(progressLine("lines", 1234, 0, 2), "lines  1,234  617/s");
  assert.equal(progressLine("steps", 0, 10, 0), "steps  ░░░░░░░░░░░░░░░░░░░░  0 %  0/10");
});

test("numbers for people", () => {
  assert.deepEqual([0, 8.2, 61, 3723].map(formatDuration), ["0:00", "0:09", "1:01", "1:02:03"]);
  assert.deepEqual([0.01234, 12.345, 1234.5].map(formatRate), ["0.0123", "12.3", "1,235"]);
  assert.deepEqual([12, 1500, 3.4e9].map(formatBytes), ["12 B", "1.5 kB", "3.4 GB"]);
});

test("a table lines its columns up and leaves no blanks at the ends", () => {
  assert.equal(
    table([
      ["a", "bb"],
      ["ccc", "d"],
    ]),
    "a    bb\nccc  d",
  );
});
