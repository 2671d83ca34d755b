/**
 * All tests. `deno test` without permissions runs those that need none, and says how to run the rest.
 * @module
 */

/** The files whose tests, and whatever they import, need no permission. */
const PURE = [
  ...["analysis", "experiments", "film_classes", "lab", "metrics", "notebook", "prefetch"],
  ...["processor", "random", "shortcuts", "statistics", "std_assert", "std_csv", "text_table"],
];

const permissions = ["read", "write", "env", "run", "sys", "ffi", "net"] as const;
const allowed = permissions.every((name) =>
  Deno.permissions.querySync({ name }).state === "granted"
);

for (const name of allowed ? await namesOfAll() : PURE) {
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

async function namesOfAll(): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(import.meta.dirname!));
  return entries.flatMap(({ name }) => name.match(/^(.+)_test\.ts$/)?.[1] ?? []).toSorted();
}
