/**
 * How a C library is loaded: what it writes meanwhile stays off the terminal, once loaded it stays,
 * and it takes no more memory than it needs.
 *
 * @module
 */
import { dirname } from "node:path";

/** The C library of the system. */
const LIBC = Deno.build.os === "darwin" ? "libSystem.B.dylib" : "libc.so.6";

/** `open`'s flag for a file that is only written to, on Linux and macOS alike. */
const O_WRONLY = 1;
const STDERR = 2;

/**
 * Runs an action with the process's standard error closed to it. JavaScript errors pass as usual.
 *
 * TensorFlow logs while the system loads it, before any of its functions can be called to prevent
 * that.
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
 * Deno unloads a worker's libraries with the worker (each file of tests is one), and TensorFlow
 * crashes when it is unloaded under its own threads.
 */
export function keepLoaded(path: string): void {
  const libc = Deno.dlopen(LIBC, { dlopen: { parameters: ["buffer", "i32"], result: "pointer" } });
  libc.symbols.dlopen(new TextEncoder().encode(`${path}\0`), RTLD_LAZY);
  libc.close();
}

/** `madvise`'s advice that pages are not needed: those of a file are read again when they are. */
const MADV_DONTNEED = 4;

/**
 * Gives the pages back that loading a library has read and that nothing may need again, on Linux:
 * the dynamic linker goes through all symbols and relocations of TensorFlow's, some 200 MB. Only
 * pages that nothing can have written to are given back: code, and what lies before it.
 */
export function releasePages(path: string): void {
  if (Deno.build.os !== "linux") return;
  const folder = dirname(Deno.realPathSync(path));
  let maps;
  try {
    maps = Deno.readTextFileSync("/proc/self/maps");
  } catch (error) {
    // Deno asks for all permissions here; without them it costs memory, nothing more.
    if (error instanceof Deno.errors.NotCapable) return;
    throw error;
  }
  const libc = Deno.dlopen(LIBC, {
    madvise: { parameters: ["u64", "usize", "i32"], result: "i32" },
  });
  for (const line of maps.split("\n")) {
    const [, from, to, permissions, offset, file] = MAPPING.exec(line) ?? [];
    if (!file?.startsWith(`${folder}/libtensorflow`)) continue;
    if (permissions === "r-xp" || (permissions === "r--p" && Number(`0x${offset}`) === 0)) {
      const [start, end] = [BigInt(`0x${from}`), BigInt(`0x${to}`)];
      libc.symbols.madvise(start, end - start, MADV_DONTNEED);
    }
  }
  libc.close();
}

/** A line of `/proc/self/maps`: addresses, permissions, the offset in the file, and the file. */
const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \S+ +(\/.*)$/;
