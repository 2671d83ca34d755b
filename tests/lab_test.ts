import { assertEquals } from "@std/assert";
import { labArguments } from "@/tasks/lab.ts";

Deno.test("labArguments() ends with what the user says, which so comes before the project's own", () => {
  const args = labArguments(["--port", "9000"], { asRoot: false });
  assertEquals(args.slice(0, 2), ["-m", "jupyterlab"]);
  assertEquals(args.slice(-2), ["--port", "9000"]);
});

Deno.test("labArguments() lets root start JupyterLab, and says so for nobody else", () => {
  const allows = (asRoot: boolean) => labArguments([], { asRoot }).includes("--allow-root");
  assertEquals([allows(true), allows(false)], [true, false]);
});
