/**
 * All tests. `deno test` without permissions runs those that need none, and names the command for
 * the others.
 * @module
 */

/** The test files that need no permission, nor do their imports. */
const PURE = [
  ...["analysis/analysis", "analysis/shortcuts", "common/prefetch", "common/processor"],
  ...["common/random", "common/show", "common/std_assert", "common/std_csv"],
  ...["experiments", "films/classes", "statistics/classification", "statistics/statistics"],
  "notebooks/lab",
];

const permissions = ["read", "write", "env", "run", "sys", "ffi", "net"] as const;
const allowed = permissions.every((name) =>
  Deno.permissions.querySync({ name }).state === "granted"
);

for (const name of allowed ? await namesIn() : PURE) {
  await import(`./${name}_test.ts`).catch((error) => {
    Deno.test(`${name}_test.ts can be loaded`, () => {
      throw error;
    });
  });
}

if (!allowed) {
  Deno.test({
    name: "the other tests need files, programs and TensorFlow: run them with `deno test -A`",
    ignore: true,
    fn() {},
  });
}

/** Lists the test files in and below a folder, by their paths from here without `_test.ts`. */
async function namesIn(folder = ""): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(`${import.meta.dirname!}/${folder}`));
  const names = entries.map(async ({ name, isDirectory }) => {
    if (isDirectory) return await namesIn(`${folder}${name}/`);
    const test = name.match(/^(.+)_test\.ts$/)?.[1];
    return test === undefined ? [] : [`${folder}${test}`];
  });
  return (await Promise.all(names)).flat().toSorted();
}
