/**
 * The set-up's requirements, and the reasons of its failures.
 *
 * The set-up imports this file, so it imports no package.
 * @module
 */

/** The oldest Deno that the project is tested on. */
const OLDEST_DENO = "2.8.1";

/**
 * Checks the version of Deno.
 *
 * @throws {Error} If it is older than the oldest that the project is tested on.
 */
export function requireDeno(version: string): void {
  const [parts, oldest] = [version, OLDEST_DENO].map((text) => text.split(".").map(Number));
  const differing = oldest!.findIndex((part, i) => part !== parts![i]);
  if (differing < 0 || parts![differing]! > oldest![differing]!) return;
  throw new Error(
    `Cannot set up: this is Deno ${version}, and the project needs ${OLDEST_DENO} or newer: run \`deno upgrade\`, or ` +
      `write \`npx --yes deno@${OLDEST_DENO}\` instead of \`deno\``,
  );
}

/**
 * Checks the platform.
 *
 * @throws {Error} If TensorFlow has no build for it.
 */
export function requirePlatform({ os, arch }: { os: string; arch: string }): void {
  if (os === "linux" || (os === "darwin" && arch === "aarch64")) return;
  const reason = os === "windows"
    ? "TensorFlow's library has no build for Windows that this project can use. Run it in WSL " +
      "(`wsl --install`, then the same commands in its terminal)"
    : `TensorFlow 2.21 has no build for ${os} on ${arch}. Use Linux (x86-64 or arm64) or a Mac ` +
      "with an Apple processor";
  throw new Error(`Cannot set up: ${reason}`);
}

/** Explains from a step's output why it failed, and what to do. */
export function explainFailure(purpose: string, output: string): string {
  const causes: [RegExp, string][] = [
    [/no space left|os error 28|errno 28|quota exceeded/i, "the disk is full: make room"],
    [
      /name resolution|getaddrinfo|dns error|failed to establish|connection (refused|reset|error)|timed? ?out|network is unreachable|error sending request|client error \(connect\)/i,
      "the package registry could not be reached: check the network (behind a proxy, HTTPS_PROXY and " +
      "npm's and pip's own settings are used)",
    ],
    [
      /no matching distribution|is not a supported wheel/i,
      "a package has no build for this machine and Python: use a 64-bit CPython on a recent system, or " +
      "name another Python in PYTHON",
    ],
    [/lockfile is out of date|--frozen/i, "deno.lock does not match deno.json: run `deno install`"],
    [
      /permission denied|os error 13|errno 13/i,
      "a file cannot be written: check who owns the folder",
    ],
  ];
  const cause = causes.find(([pattern]) => pattern.test(output))?.[1] ??
    "see its last lines above";
  return `Cannot ${purpose}: ${cause}; then run the command again, which resumes the set-up`;
}
