/**
 * Exports that nothing outside of their module uses.
 * @module
 */

/**
 * Finds the exports of modules that have no user: functions and values that no other module
 * imports, and types that neither another module imports nor their own mentions in what it exports.
 *
 * @param modules The modules whose exports count: their texts, and their paths in lib.
 * @param users Texts that may import from them besides: the cells of notebooks, parity tests.
 * @returns A line each: `films/cache.ts: openFilmCache`.
 */
export function findUnused(
  modules: readonly { path: string; text: string }[],
  users: readonly string[],
): string[] {
  const imported = new Set([
    ...modules.flatMap(({ path, text }) => importsOf(text, path)),
    ...users.flatMap((text) => importsOf(text, "")),
  ]);
  return modules.flatMap(({ path, text }) =>
    [...text.matchAll(EXPORT)].filter(([, kind, name]) => {
      const isType = kind === "interface" || kind === "type";
      return !imported.has(`${path} ${name}`) && !(isType && isMentioned(name!, text));
    }).map(([, , name]) => `${path}: ${name}`)
  );
}

const EXPORT = /^export (?:async )?(function|const|class|interface|type)\*? (\w+)/gm;

/** Lists the names that a text imports, each after its module's path in lib. */
function importsOf(text: string, own: string): string[] {
  const named = text.matchAll(/\{([^{}]*)\}(?:\s+from|\s*=\s*await import\()\s*"([^"]+)"/g);
  const whole = text.matchAll(/import \* as (\w+) from "([^"]+)"/g);
  return [
    ...[...named].flatMap(([, names, specifier]) =>
      names!.split(",").map((name) => name.trim().replace(/^type /, "").split(/ as |:/)[0]!)
        .map((name) => `${pathOf(specifier!, own)} ${name.trim()}`)
    ),
    ...[...whole].flatMap(([, alias, specifier]) =>
      [...text.matchAll(new RegExp(`\\b${alias}\\.(\\w+)`, "g"))]
        .map(([, name]) => `${pathOf(specifier!, own)} ${name}`)
    ),
  ];
}

function pathOf(specifier: string, own: string): string {
  if (!specifier.startsWith(".")) return specifier.replace(/^@\//, "");
  return new URL(specifier, `file:///${own}`).pathname.slice(1);
}

/** Tells whether a module mentions a type besides declaring it, comments left out. */
function isMentioned(name: string, text: string): boolean {
  const code = text.replaceAll(/\/\*\*[^]*?\*\/|\/\/.*/g, "");
  return code.match(new RegExp(`\\b${name}\\b`, "g"))!.length > 1;
}
