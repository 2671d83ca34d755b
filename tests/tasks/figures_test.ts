import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fromRoot } from "@/common/paths.ts";
import { REFERENCE_RUN } from "@/tasks/dev/reference_run.ts";
import { runTaskFile } from "../task_file.ts";

/** Starts `deno task figures` on the kept run, and gives what it printed when the page is there. */
async function startWindow(args: string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", fromRoot("lib/tasks/figures.ts"), ...args],
    env: { XRAY_RUN: REFERENCE_RUN, NO_COLOR: "1" },
    ...{ stdin: "null", stdout: "piped", stderr: "inherit" },
  }).spawn();
  let said = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    const url = said.match(/figures at (\S+)/)?.[1];
    if (url !== undefined) return { child, said, url };
  }
  throw new Error(`the task ended: ${said}`);
}

/** Gives a free port. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** Asks the server for the plots as its page does, by Socket.IO over HTTP. */
async function readPlots(url: string): Promise<{ data: object[]; layout: { title: object } }[]> {
  const path = `${url}/socket.io/?EIO=4&transport=polling`;
  const opened = await (await fetch(path)).text();
  const { sid } = JSON.parse(opened.slice(1));
  const session = `${path}&sid=${sid}`;
  const send = async (body: string) =>
    void await (await fetch(session, { method: "POST", body })).text();
  await send("40");
  await (await fetch(session)).text();
  await send('42["readplots"]');
  const packets = (await (await fetch(session)).text()).split("\x1e");
  return packets.filter((packet) => packet.startsWith("42")).map((packet) =>
    JSON.parse(packet.slice(2))[1]
  );
}

Deno.test("deno task figures serves every figure of the runs on the loopback address alone, until Ctrl-C", async () => {
  const port = freePort();
  const { child, said, url } = await startWindow(["--port", String(port)]);
  try {
    assertStringIncludes(said, "loads plotly from https://cdn.plot.ly");
    assert(said.indexOf("cdn.plot.ly") < said.indexOf(url), "what it loads is said before");
    assertEquals(url, `http://localhost:${port}`);
    assertStringIncludes(await (await fetch(url)).text(), "<title>Nodeplotlib</title>");
    const plots = await readPlots(url);
    assertEquals(plots.length, 12);
    assert(plots.every(({ data, layout }) => data.length > 0 && layout.title !== undefined));
    const others = Deno.networkInterfaces().filter(({ family, address }) =>
      family === "IPv4" && !address.startsWith("127.")
    );
    for (const { address } of others) {
      await assertRejects(() => Deno.connect({ hostname: address, port }));
    }
  } finally {
    child.kill("SIGINT");
  }
  assertEquals((await child.status).signal, "SIGINT");
});

Deno.test("deno task figures refuses a run without results, a taken port and a number that is no port", async () => {
  const env = { XRAY_RUN: REFERENCE_RUN };
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  for (
    const [args, message] of [
      [
        ["basline"],
        "Cannot show basline: did you mean baseline? There are results of baseline, l2, dropout",
      ],
      [["--port", String(port)], `Cannot open a window on port ${port}: `],
      [["--port", "70000"], "Cannot take --port 70000: it must be a whole number from 1 to 65535"],
    ] as const
  ) {
    const { code, said } = await runTaskFile("figures", [...args], { env });
    assertEquals(code, 1, said);
    assertStringIncludes(said, message);
  }
});
