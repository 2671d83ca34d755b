/**
 * Progress: a bar on a terminal, a line that changes in place in a notebook, and nothing elsewhere.
 * @module
 */
import process from "node:process";
// @ts-types="@types/cli-progress"
import { Presets, SingleBar } from "cli-progress";
import { inNotebook, showLive } from "@/common/show.ts";

/** A bar that is shown until it is closed. */
export interface ProgressBar {
  /**
   * Shows how much is done, out of the bar's total.
   *
   * @param note Text behind it, such as a speed or the time left.
   */
  update(done: number, note?: string): void;
  /** Prints a line that stays, above the bar. */
  print(line: string): void;
  /** Removes the bar from the terminal, or leaves its last state in the notebook. */
  close(): Promise<void>;
}

/** The shortest time between two changes of a notebook's line, in milliseconds. */
const NOTEBOOK_INTERVAL = 500;

/** The amount of work, in `unit`. */
interface Work {
  total: number;
  unit: string;
}

/** Shows a bar for some work. */
export async function openProgress(title: string, work: Work): Promise<ProgressBar> {
  if (inNotebook()) return await openLine(title, work);
  return process.stderr.isTTY ? openBar(title, work) : SILENT;
}

const SILENT: ProgressBar = {
  update() {},
  print: (line) => console.log(line),
  close: () => Promise.resolve(),
};

function openBar(title: string, { total, unit }: Work): ProgressBar {
  const format = `${title} {bar} {value}/{total} ${unit}  {note}`;
  const bar = new SingleBar({ format, clearOnComplete: true, barsize: 24 }, Presets.shades_grey);
  bar.start(total, 0, { note: "" });
  return {
    update: (done, note = "") => bar.update(done, { note }),
    print(line) {
      // Clears the bar's line, and draws the bar again below the printed one.
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

async function openLine(title: string, { total, unit }: Work): Promise<ProgressBar> {
  const line = (done: number, note: string) => ({
    "text/plain": `${title} ${done}/${total} ${unit}  ${note}`,
  });
  let last = line(0, "");
  const output = await showLive(last);
  let shown = performance.now();
  let sending = Promise.resolve();
  return {
    ...SILENT,
    update(done, note = "") {
      const bundle = last = line(done, note);
      if (performance.now() - shown < NOTEBOOK_INTERVAL) return;
      shown = performance.now();
      sending = sending.then(() => output.update(bundle));
    },
    async close() {
      await sending;
      await output.update(last);
    },
  };
}
