/**
 * Command lines of the tasks. One table per task makes both its parser and its `--help`.
 *
 * The set-up imports this file, so it imports no package.
 * @module
 */
import { parseArgs } from "node:util";
import { closest } from "../common/closest.ts";
import { runTask } from "./task.ts";

/** The columns of a help text. */
const WIDTH = 100;

/** A command's table, whose keys are those of its help. */
export interface Command {
  /** The word after `deno task`. */
  readonly name: string;
  /** The help of each positional. `[NAME]` may be omitted, `NAME...` may be repeated. */
  readonly positionals?: Readonly<Record<string, string>>;
  /** The help of each flag. `name VALUE` takes a value, `name VALUE...` several, `name` none. */
  readonly flags: Readonly<Record<string, string>>;
  /** Lines below the flags. */
  readonly notes?: string;
}

/** The values of the flags that are given, by name. */
export type FlagValues<Flags extends Command["flags"]> = {
  [Key in keyof Flags as Key extends `${infer Name} ${string}` ? Name : Key]?: Key extends
    `${string}...` ? string[] : Key extends `${string} ${string}` ? string : boolean;
};

/** A parsed command line. */
export interface CommandLine<Of extends Command> {
  flags: FlagValues<Of["flags"]>;
  positionals: string[];
}

/** Runs a task with the arguments of its command line, or prints its help if they ask for it. */
export async function runCommand<const Of extends Command>(
  command: Of,
  main: (line: CommandLine<Of>) => Promise<void> | void,
): Promise<void> {
  await runTask(async () => {
    const line = parseCommandLine(command, Deno.args);
    if (line === null) console.log(helpText(command));
    else await main(line);
  });
}

/**
 * Parses a command line.
 *
 * @returns Null if it asks for help.
 * @throws {TypeError} If a flag is unknown, has no value or one too many, or if a positional is
 * missing or too many.
 */
export function parseCommandLine<const Of extends Command>(
  command: Of,
  args: readonly string[],
): CommandLine<Of> | null {
  const options = Object.fromEntries([...wordsOf(command)].map(
    ([name, word]) => {
      const type = word === undefined ? "boolean" : "string";
      return [name, { type, multiple: word?.endsWith("...") ?? false } as const];
    },
  ));
  const { values, positionals, tokens } = parseArgs({
    ...{ args: [...args], options, tokens: true, allowPositionals: true },
    // The checks below say more than those of node.
    strict: false,
  });
  for (const token of tokens) if (token.kind === "option") requireFlag(token, command);
  if (values.help) return null;
  requirePositionals(positionals, command);
  return { flags: values as FlagValues<Of["flags"]>, positionals };
}

/** Writes flags as the arguments that parse to them. Undefined ones are left out. */
export function toArguments(flags: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(flags).filter(([, value]) => value !== undefined).flatMap(
    ([name, value]) =>
      value === true ? [`--${name}`] : [value].flat().map((each) => `--${name}=${each}`),
  );
}

/** Makes the help of a command: its usage, what it takes in two columns, and its notes. */
export function helpText(command: Command): string {
  const { positionals = {}, flags, notes } = command;
  const rows = Object.entries({ ...flags, help: "prints this help" })
    .map(([key, help]) => [`--${key}`, help] as const);
  return [usage(command), twoColumns([...Object.entries(positionals), ...rows])]
    .concat(notes === undefined ? [] : wrap(notes)).join("\n");
}

/** Lays out terms and their texts in two aligned columns, at most 100 columns wide. */
export function twoColumns(rows: readonly (readonly [term: string, text: string])[]): string {
  const indent = Math.max(...rows.map(([term]) => term.length)) + 4;
  return rows.map(([term, text]) => `  ${term}`.padEnd(indent) + wrap(text, indent)).join("\n");
}

/** Breaks a text into lines that fit beside an indent. */
function wrap(text: string, indent = 0): string {
  const line = new RegExp(`\\S.{0,${WIDTH - indent - 1}}(?=\\s|$)|\\S+`, "g");
  return text.match(line)!.join(`\n${" ".repeat(indent)}`);
}

/** Lists the names of a command's flags, each with the word for its value if it takes one. */
function wordsOf({ flags }: Command): Map<string, string | undefined> {
  return new Map([...Object.keys(flags), "help"].map((key) => {
    const [name, word] = key.split(" ");
    return [name!, word];
  }));
}

function usage({ name, positionals = {}, flags }: Command): string {
  const ending = Object.keys(flags).length > 0 ? ["[flags]"] : [];
  return ["deno task", name, ...Object.keys(positionals), ...ending].join(" ");
}

/** Refuses a flag that the command lacks, or whose value is missing or not taken. */
function requireFlag(
  { name, rawName, value, inlineValue }: Record<"name" | "rawName", string> & {
    value: string | undefined;
    inlineValue: boolean | undefined;
  },
  command: Command,
): void {
  const words = wordsOf(command);
  const word = words.get(name);
  if (!words.has(name)) {
    const near = closest(name, [...words.keys()]);
    throw new TypeError(
      `Cannot take ${rawName}: ${near === undefined ? "" : `did you mean --${near}? `}` +
        `\`deno task ${command.name} --help\` lists the flags`,
    );
  }
  if (word === undefined && value !== undefined) {
    throw new TypeError(`Cannot take ${rawName}=${value}: it has no value`);
  }
  if (word !== undefined && (value === undefined || (!inlineValue && value.startsWith("-")))) {
    throw new TypeError(
      `Cannot take ${rawName} without its value: write ${rawName} ${word.replace("...", "")}, or ` +
        `${rawName}=${word.replace("...", "")} if the value begins with -`,
    );
  }
}

/** Refuses missing positionals, and too many. */
function requirePositionals(given: readonly string[], command: Command): void {
  const names = Object.keys(command.positionals ?? {});
  const missing = names.filter((name) => !name.startsWith("["))[given.length];
  if (missing !== undefined) {
    throw new TypeError(
      `Cannot run without ${missing.replace("...", "")}. Usage: ${usage(command)}`,
    );
  }
  if (given.length > names.length && !names.at(-1)?.endsWith("...")) {
    throw new TypeError(`Cannot take "${given[names.length]}". Usage: ${usage(command)}`);
  }
}
