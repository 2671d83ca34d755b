import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readText } from "@/common/files.ts";
import { fromRoot } from "@/common/paths.ts";
import { type Command, helpText, parseCommandLine, toArguments } from "@/tasks/flags.ts";
import { runTaskFile } from "../task_file.ts";

const SAMPLE = {
  name: "sample",
  positionals: { NAME: "a name", "[FOLDER]": "a folder" },
  flags: {
    "epochs N": `a number of epochs ${"that is hard to choose ".repeat(6)}(end)`,
    "batch-size N": "films per step",
    json: "prints JSON",
  },
  notes: "A first note.\nA second one.",
} as const satisfies Command;

const parse = (...args: string[]) => parseCommandLine(SAMPLE, args);

/** Asserts that a command line is refused with a message. */
function assertRefused(args: string[], message: string, command: Command = SAMPLE): void {
  assertThrows(() => parseCommandLine(command, args), TypeError, message);
}

Deno.test("parseCommandLine() gives the values of flags and the positionals, in any order", () => {
  const line = parse("--epochs", "3", "l2", "--batch-size=-8", "--json", "films")!;
  const { epochs, json, "batch-size": batchSize } = line.flags;
  // The types follow from the table.
  // @ts-expect-error The table has no flag of this name.
  assertEquals(line.flags.epoch, undefined);
  const typed: [string | undefined, boolean | undefined] = [epochs, json];
  assertEquals([...typed, batchSize], ["3", true, "-8"]);
  assertEquals(line.positionals, ["l2", "films"]);
  assertEquals(Object.keys(parse("l2")!.flags), []);
});

Deno.test("parseCommandLine() collects a flag that may be repeated, and toArguments() writes it again", () => {
  const command = {
    ...SAMPLE,
    flags: { ...SAMPLE.flags, "external NAME=FOLDER...": "films" },
  } as const satisfies Command;
  const args = ["--epochs=3", "--json", "--external=A=a b", "--external=B=b"];
  const { flags } = parseCommandLine(command, [...args, "l2"])!;
  const external: string[] | undefined = flags.external;
  assertEquals(external, ["A=a b", "B=b"]);
  assertEquals(toArguments(flags), args);
  assertEquals(toArguments({ epochs: undefined }), []);
  const message = "Cannot take --external without its value: write --external NAME=FOLDER, or";
  assertRefused(["l2", "--external"], message, command);
});

Deno.test("parseCommandLine() gives null for --help, wherever it stands", () => {
  for (const args of [["--help"], ["l2", "--help"], ["--json", "--help", "a", "b", "c"]]) {
    assertEquals(parse(...args), null);
  }
});

Deno.test("parseCommandLine() suggests the flag that a misspelt one is close to", () => {
  const help = "`deno task sample --help` lists the flags";
  assertRefused(["l2", "--epoch", "3"], `Cannot take --epoch: did you mean --epochs? ${help}`);
  assertRefused(
    ["l2", "--batchsize=3"],
    `Cannot take --batchsize: did you mean --batch-size? ${help}`,
  );
  assertRefused(["l2", "--unlike"], `Cannot take --unlike: ${help}`);
  assertRefused(["l2", "-e"], `Cannot take -e: ${help}`);
  assertRefused(["l2", "--constructor"], `Cannot take --constructor: ${help}`);
});

Deno.test("parseCommandLine() refuses a flag without its value, and a value that a flag does not take", () => {
  const message = "Cannot take --epochs without its value: write --epochs N, or --epochs=N if the";
  assertRefused(["l2", "--epochs"], message);
  assertRefused(["l2", "--epochs", "--json"], message);
  assertRefused(["l2", "--json=yes"], "Cannot take --json=yes: it has no value");
});

Deno.test("parseCommandLine() refuses a missing positional and one too many, with the usage", () => {
  const usage = "Usage: deno task sample NAME [FOLDER] [flags]";
  assertRefused([], `Cannot run without NAME. ${usage}`);
  assertRefused(["l2", "films", "more"], `Cannot take "more". ${usage}`);
  assertRefused(["more"], 'Cannot take "more". Usage: deno task bare', { name: "bare", flags: {} });
  const many = { name: "many", positionals: { "FILM...": "films" }, flags: {} };
  assertEquals(parseCommandLine(many, ["a", "b", "c"])!.positionals, ["a", "b", "c"]);
  assertRefused([], "Cannot run without FILM. Usage: deno task many FILM...", many);
});

Deno.test("helpText() lists exactly the flags that are parsed, aligned and at most 100 columns wide", () => {
  const lines = helpText(SAMPLE).split("\n");
  assertEquals(lines, [
    "deno task sample NAME [FOLDER] [flags]",
    "  NAME            a name",
    "  [FOLDER]        a folder",
    "  --epochs N      a number of epochs that is hard to choose that is hard to choose that is hard to",
    "                  choose that is hard to choose that is hard to choose that is hard to choose (end)",
    "  --batch-size N  films per step",
    "  --json          prints JSON",
    "  --help          prints this help",
    "A first note.",
    "A second one.",
  ]);
  assert(lines.every(({ length }) => length <= 100));
  const listed = lines.flatMap((line) => line.match(/^ {2}--(\S+)/)?.[1] ?? []);
  assertEquals(listed, ["epochs", "batch-size", "json", "help"]);
  for (const name of listed) {
    const takesValue = lines.some((line) => line.includes(`--${name} N`));
    parse("l2", takesValue ? `--${name}=1` : `--${name}`);
  }
});

Deno.test("helpText() keeps a word whole that is wider than its column", () => {
  const word = "x".repeat(120);
  const help = helpText({ name: "wide", flags: { flag: `a ${word} b` } });
  assertEquals(help.split("\n")[1], "  --flag  a");
  assertEquals(help.split("\n")[2]!.trim(), word);
});

/** Commands that hand their arguments on, or check themselves. */
const OTHERS = ["lab", "test"];

Deno.test("every task refuses an unknown flag with exit code 1", async () => {
  const { tasks } = JSON.parse(await readText(fromRoot("deno.json"))) as {
    tasks: Record<string, string | { command: string }>;
  };
  const named = Object.entries(tasks).filter(([name]) => !OTHERS.includes(name));
  await Promise.all(named.map(async ([name, task]) => {
    const command = typeof task === "string" ? task : task.command;
    const file = command.match(/lib\/tasks\/(\S+)\.ts$/)![1]!;
    const { code, said } = await runTaskFile(file, ["--nothing"]);
    const message = `error: Cannot take --nothing: \`deno task ${name} --help\` lists the flags\n`;
    assertEquals([code, said], [1, message]);
  }));
});

Deno.test("a task prints its help for --help with exit code 0, and its usage for wrong arguments with 1", async () => {
  const usage = "Usage: deno task evaluate EXPERIMENT EPOCH [flags]\n";
  const [help, none, one, three, film, peer] = await Promise.all([
    runTaskFile("evaluate", ["--help"]),
    runTaskFile("evaluate", []),
    runTaskFile("evaluate", ["baseline"]),
    runTaskFile("evaluate", ["baseline", "best", "more"]),
    runTaskFile("predict", []),
    runTaskFile("dev/beside_pytorch", []),
  ]);
  assertEquals(help.code, 0);
  assertStringIncludes(help.said, "deno task evaluate EXPERIMENT EPOCH [flags]\n  EXPERIMENT  ");
  assertEquals(none, { code: 1, said: `error: Cannot run without EXPERIMENT. ${usage}` });
  assertEquals(one, { code: 1, said: `error: Cannot run without EPOCH. ${usage}` });
  assertEquals(three, { code: 1, said: `error: Cannot take "more". ${usage}` });
  assertEquals(film.code, 1);
  assertStringIncludes(film.said, "Usage: deno task predict FILM|FOLDER... [flags]\n");
  assertEquals(peer.code, 1);
  assertStringIncludes(peer.said, "Usage: deno task beside-pytorch --peer PYTHON\n");
});
