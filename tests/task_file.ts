/**
 * The tasks, run as a person runs them.
 * @module
 */
import { join } from "node:path";

/** Runs a task; gives its exit code and its output. */
export async function runTaskFile(
  name: string,
  args: string[],
  { env = {} }: { env?: Record<string, string> } = {},
): Promise<{ code: number; said: string }> {
  const path = join(import.meta.dirname!, "..", "lib", "tasks", `${name}.ts`);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", path, ...args],
    env: { NO_COLOR: "1", ...env },
  }).output();
  const decoder = new TextDecoder();
  return { code, said: decoder.decode(stdout) + decoder.decode(stderr) };
}
