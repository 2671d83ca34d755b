/**
 * What the tasks share: how they end, and how they read the values of their flags.
 * @module
 */

/** The exit code of a task that was asked to stop, as a shell has it for Ctrl-C. */
const STOPPED = 130;

/**
 * Runs a task's main function. An error that says what cannot be done, as the project's own do, and one of the
 * command line are printed as one message; any other is a fault of the program, and is printed whole. The exit code
 * is 1 then.
 */
export async function runTask(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const { name, message, stack, code } = error as Error & { code?: string };
    if (name === "RunStopped") {
      console.error(message);
      Deno.exit(STOPPED);
    }
    const isOurs = /^Cannot /.test(message) || code?.startsWith("ERR_PARSE_ARGS");
    console.error(`error: ${isOurs ? message : stack}`);
    Deno.exit(1);
  }
}

/** Aborted by Ctrl-C, or by what ends a process politely. A second Ctrl-C ends it at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    Deno.removeSignalListener("SIGINT", stop);
    console.error("\nStopping after this step; Ctrl-C once more stops at once");
    controller.abort();
  };
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
  return controller.signal;
}

/**
 * A flag's value as a whole number.
 *
 * @param text Undefined stays so.
 * @throws {RangeError} If it is none, or below `from`.
 */
export function wholeNumber(
  flag: string,
  { text, from = 0 }: { text: string | undefined; from?: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < from) {
    throw new RangeError(`Cannot take ${flag} ${text}: it must be a whole number from ${from}`);
  }
  return value;
}

/**
 * A flag's value as a share.
 *
 * @param text Undefined stays so.
 * @throws {RangeError} If it is no number in [0, 1).
 */
export function share(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value < 1)) {
    throw new RangeError(`Cannot take ${flag} ${text}: it must be a share, from 0 to below 1`);
  }
  return value;
}

/**
 * A flag's value as one of a few words.
 *
 * @param text Undefined stays so.
 * @throws {RangeError} If it is none of them.
 */
export function oneOf<Word extends string>(
  flag: string,
  { text, words }: { text: string | undefined; words: readonly Word[] },
): Word | undefined {
  if (text === undefined) return undefined;
  const word = words.find((word) => word === text);
  if (word === undefined) {
    throw new RangeError(`Cannot take ${flag} ${text}: it must be ${words.join(" or ")}`);
  }
  return word;
}

/** The fields that are not undefined. */
export function defined<T extends object>(
  fields: T,
): { [Field in keyof T]?: Exclude<T[Field], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Field in keyof T]?: Exclude<T[Field], undefined> };
}
