/**
 * How far something is: a bar on a terminal, a line that changes in place in a notebook, nothing where nobody looks.
 * @module
 */
import process from "node:process";
// @ts-types="@types/cli-progress"
import { Presets, SingleBar } from "cli-progress";
import { inNotebook, type LiveOutput, showLive } from "@/notebook.ts";

/** A bar that is shown until it is closed. */
export interface ProgressBar {
  /**
   * @param done Of the bar's total.
   * @param note What else there is to say: a speed, the time left.
   */
  update(done: number, note?: string): void;
  /** Prints a line that stays, above the bar. */
  print(line: string): void;
  /** Takes the bar off the terminal, or leaves its last state in the notebook. */
  close(): Promise<void>;
}

/** How often a notebook's line changes at most, in milliseconds. */
const NOTEBOOK_INTERVAL = 500;

/**
 * Shows a bar.
 *
 * @param title What is being done.
 * @param total How much there is to do, in `unit`.
 */
export async function openProgress(
  title: string,
  { total, unit }: { total: number; unit: string },
): Promise<ProgressBar> {
  if (inNotebook()) return await openLine(title, { total, unit });
  return process.stderr.isTTY ? openBar(title, { total, unit }) : SILENT;
}

const SILENT: ProgressBar = {
  update() {},
  print: (line) => console.log(line),
  close: () => Promise.resolve(),
};

function openBar(title: string, { total, unit }: { total: number; unit: string }): ProgressBar {
  const format = `${title} {bar} {value}/{total} ${unit}  {note}`;
  const bar = new SingleBar({ format, clearOnComplete: true, barsize: 24 }, Presets.shades_grey);
  bar.start(total, 0, { note: "" });
  return {
    update: (done, note = "") => bar.update(done, { note }),
    print(line) {
      // The bar's line is cleared for it, and drawn again below.
      process.stderr.write("\r\x1b[2K");
      console.log(line);
      bar.render();
    },
    close() {
      bar.stop();
      return Promise.resolve();
    },
  };
}

async function openLine(
  title: string,
  { total, unit }: { total: number; unit: string },
): Promise<ProgressBar> {
  const line = (done: number, note: string) => ({
    "text/plain": `${title} ${done}/${total} ${unit}  ${note}`,
  });
  const output: LiveOutput = await showLive(line(0, ""));
  let last = line(0, "");
  let shown = performance.now();
  let sending = Promise.resolve();
  return {
    update(done, note = "") {
      last = line(done, note);
      if (performance.now() - shown < NOTEBOOK_INTERVAL) return;
      shown = performance.now();
      const bundle = last;
      sending = sending.then(() => output.update(bundle));
    },
    print: (line) => console.log(line),
    async close() {
      await sending;
      await output.update(last);
    },
  };
}
