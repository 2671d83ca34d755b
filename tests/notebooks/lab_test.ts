import { assertEquals } from "@std/assert";
import { labArguments } from "@/notebooks/lab.ts";

Deno.test("labArguments() puts the user's flags last, so that they override the project's", () => {
  const args = labArguments(["--port", "9000"], { asRoot: false });
  assertEquals(args.slice(0, 2), ["-m", "jupyterlab"]);
  assertEquals(args.slice(-2), ["--port", "9000"]);
});

Deno.test("labArguments() allows root only if root starts it", () => {
  const allows = (asRoot: boolean) => labArguments([], { asRoot }).includes("--allow-root");
  assertEquals([allows(true), allows(false)], [true, false]);
});
