/**
 * The end of a task, and the values of its flags.
 * @module
 */

/** The exit code of a stopped task, which a shell gives for Ctrl-C. */
const STOPPED = 130;

/**
 * Runs a task's main function. After an error the exit code is 1. The project's own errors, which
 * begin with "Cannot", are printed as one message. Others are bugs, and are printed with their
 * stack.
 */
export async function runTask(main: () => Promise<void> | void): Promise<void> {
  try {
    await main();
  } catch (error) {
    const { name, message, stack } = error as Error;
    if (name === "RunStopped") {
      console.error(message);
      Deno.exit(STOPPED);
    }
    console.error(`error: ${/^Cannot /.test(message) ? message : stack}`);
    Deno.exit(1);
  }
}

/** Gives the data folder that a flag names, else the one of `XRAY_DATA`. */
export function namedData(flag: string | undefined): string | undefined {
  return flag ?? Deno.env.get("XRAY_DATA");
}

/** Gives a signal that Ctrl-C or SIGTERM aborts. A second Ctrl-C ends the process at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    Deno.removeSignalListener("SIGINT", stop);
    console.error("\nStopping after this step; Ctrl-C again stops at once");
    controller.abort();
  };
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
  return controller.signal;
}

/**
 * Reads a flag's value as a whole number. Undefined stays undefined, here and below.
 *
 * @throws {RangeError} If it is no whole number in `[from, to]`.
 */
export function wholeNumber(
  flag: string,
  { text, from = 0, to = Number.MAX_SAFE_INTEGER }: {
    text: string | undefined;
    from?: number;
    to?: number;
  },
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= from && value <= to) return value;
  const range = to === Number.MAX_SAFE_INTEGER ? "" : ` to ${to}`;
  throw new RangeError(
    `Cannot take ${flag} ${text}: it must be a whole number from ${from}${range}`,
  );
}

/**
 * Reads a flag's value as a number in `(0, 1]`.
 *
 * @throws {RangeError} If it is none.
 */
export function upToOne(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (value > 0 && value <= 1) return value;
  throw new RangeError(`Cannot take ${flag} ${text}: it must be a number above 0, and 1 at most`);
}

/**
 * Reads a flag's value as a share.
 *
 * @throws {RangeError} If it is no number in `[0, 1)`.
 */
export function share(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value < 1) return value;
  throw new RangeError(`Cannot take ${flag} ${text}: it must be a share, from 0 to below 1`);
}

/**
 * Reads a flag's value as one of a few words.
 *
 * @throws {RangeError} If it is none of them.
 */
export function oneOf<Word extends string>(
  flag: string,
  { text, words }: { text: string | undefined; words: readonly Word[] },
): Word | undefined {
  const word = words.find((word) => word === text);
  if (word !== undefined || text === undefined) return word;
  throw new RangeError(`Cannot take ${flag} ${text}: it must be ${words.join(" or ")}`);
}

/** Drops the undefined fields of an object. */
export function defined<T extends object>(
  fields: T,
): { [Field in keyof T]?: Exclude<T[Field], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Field in keyof T]?: Exclude<T[Field], undefined> };
}
