/**
 * The kernel that executes notebooks, as Jupyter finds it. The set-up imports this module, so it
 * needs nothing but Deno.
 * @module
 */

/** Gives the contents of a `kernel.json` whose kernel is the running Deno. */
export function kernelSpec(): string {
  const spec = {
    argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
    display_name: "Deno",
    language: "typescript",
  };
  return JSON.stringify(spec, null, 2) + "\n";
}
