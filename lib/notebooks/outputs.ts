/**
 * Checks the outputs that a notebook holds, and compares them with those of another execution.
 * @module
 */
import { Buffer } from "node:buffer";
import sharp from "sharp";
import { PLOTLY_MIME } from "@/figures/show.ts";
import { codeCells, joinText, type Notebook, type Output, type Text } from "@/notebooks/file.ts";

/** Lists the faults of a notebook's outputs, a sentence each. */
export function faultsOfOutputs(notebook: Notebook): string[] {
  return codeCells(notebook).flatMap(({ place, outputs = [], execution_count }, i) => {
    const faults = outputs.flatMap((output) => faultOf(output) ?? []);
    if (outputs.length === 0) faults.push("it has no output");
    if (execution_count !== i + 1) {
      faults.push(`it was executed as ${execution_count ?? "none"}, not as ${i + 1}`);
    }
    return faults.map((fault) => `cell ${place}: ${fault}`);
  });
}

function faultOf({ output_type, evalue, name }: Output): string | null {
  if (output_type === "error") return `it failed: ${evalue}`;
  return output_type === "stream" && name === "stderr" ? "it writes to stderr" : null;
}

/**
 * Lists the differences of a notebook's outputs from those of another execution, a sentence each.
 *
 * @param held The committed notebook.
 * @param rendered The same cells, executed again.
 */
export async function compareOutputs(held: Notebook, rendered: Notebook): Promise<string[]> {
  const again = codeCells(rendered);
  const found = codeCells(held).map(async ({ place, outputs = [] }, i) =>
    (await compareCell(outputs, again[i]?.outputs ?? [])).map((what) => `cell ${place}: ${what}`)
  );
  return (await Promise.all(found)).flat();
}

async function compareCell(held: Output[], rendered: Output[]): Promise<string[]> {
  if (held.length !== rendered.length) {
    return [`it holds ${held.length} outputs, not ${rendered.length}`];
  }
  const differences = held.map(async ({ data = {}, ...output }, i) => {
    const { data: again = {}, ...outputAgain } = rendered[i]!;
    const [forms, formsAgain] = [data, again].map((forms) => Object.keys(forms).sort().join(", "));
    if (forms !== formsAgain) return [`output ${i + 1} is ${forms}, not ${formsAgain}`];
    if (!isNear(output, outputAgain)) return [`output ${i + 1} differs`];
    const isSame = await Promise.all(
      Object.keys(data).map((mime) => isSameForm(mime, data[mime], again[mime])),
    );
    return Object.keys(data).filter((_, form) => !isSame[form])
      .map((mime) => `output ${i + 1} differs in its ${mime}`);
  });
  return (await Promise.all(differences)).flat();
}

async function isSameForm(mime: string, held: unknown, rendered: unknown): Promise<boolean> {
  if (mime === "image/png") return await isSamePicture(held as Text, rendered as Text);
  if (mime === PLOTLY_MIME) return isNear(held, rendered);
  return joinText(held as Text) === joinText(rendered as Text);
}

/** Allowed relative difference of numbers: machines differ a little in logarithms and such. */
const TOLERANCE = 1e-9;

/** Tells whether two values of JSON are the same but for the last digits of numbers. */
function isNear(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number") {
    return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const [keys, others] = [a, b].map((value) => Object.keys(value).sort());
  return Array.isArray(a) === Array.isArray(b) && keys!.join() === others!.join() &&
    keys!.every((key) => isNear(a[key as keyof typeof a], b[key as keyof typeof b]));
}

/** Allowed difference of a pixel, in grey values ... */
const PIXEL_TOLERANCE = 40;
/** ... and the share of values that may exceed it, such as edges of letters. */
const SHARE_TOLERANCE = 1e-3;

/** Tells whether two PNG pictures, in base64, show the same. */
export async function isSamePicture(a: Text, b: Text): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map(decodePicture));
  const [{ width, height }, others] = [first!.info, second!.data];
  if (width !== second!.info.width || height !== second!.info.height) return false;
  const isDifferent = (value: number, i: number) => Math.abs(value - others[i]!) > PIXEL_TOLERANCE;
  return first!.data.filter(isDifferent).length <= SHARE_TOLERANCE * others.length;
}

async function decodePicture(base64: Text) {
  return await sharp(Buffer.from(joinText(base64), "base64"))
    .flatten().toColourspace("srgb").removeAlpha().raw().toBuffer({ resolveWithObject: true });
}
