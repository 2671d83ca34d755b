/**
 * How a C library is loaded: what it writes meanwhile stays off the terminal, and once loaded it stays.
 *
 * @module
 */

/** The C library of the system. */
const LIBC = Deno.build.os === "darwin" ? "libSystem.B.dylib" : "libc.so.6";

/** `open`'s flag for a file that is only written to, on Linux and macOS alike. */
const O_WRONLY = 1;
const STDERR = 2;

/**
 * Runs an action with the process's standard error closed to it. JavaScript errors pass as usual.
 *
 * TensorFlow logs while the system loads it, before any of its functions can be called to prevent that.
 */
export function withoutStderr<T>(action: () => T): T {
  const libc = Deno.dlopen(LIBC, {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    dup: { parameters: ["i32"], result: "i32" },
    dup2: { parameters: ["i32", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
  });
  const { open, dup, dup2, close } = libc.symbols;
  const nowhere = open(new TextEncoder().encode("/dev/null\0"), O_WRONLY);
  const kept = dup(STDERR);
  if (nowhere >= 0 && kept >= 0) dup2(nowhere, STDERR);
  try {
    return action();
  } finally {
    if (kept >= 0) {
      dup2(kept, STDERR);
      close(kept);
    }
    if (nowhere >= 0) close(nowhere);
    libc.close();
  }
}

/** `dlopen`'s flag to look functions up when they are first called, on Linux and macOS alike. */
const RTLD_LAZY = 1;

/**
 * Keeps a loaded library in memory until the process ends, by one more reference to it.
 *
 * Deno unloads a worker's libraries with the worker (each file of tests is one), and TensorFlow crashes when it
 * is unloaded under its own threads.
 */
export function keepLoaded(path: string): void {
  const libc = Deno.dlopen(LIBC, { dlopen: { parameters: ["buffer", "i32"], result: "pointer" } });
  libc.symbols.dlopen(new TextEncoder().encode(`${path}\0`), RTLD_LAZY);
  libc.close();
}
