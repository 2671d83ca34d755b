import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import { fromRoot } from "@/paths.ts";
import { inFolder } from "./in_folder.ts";

/** Runs `deno task split`, without the set-up. */
async function split(args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", fromRoot("lib/tasks/split.ts"), ...args],
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

async function makeFiles(root: string, places: string[]): Promise<void> {
  for (const place of places) {
    await Deno.mkdir(dirname(join(root, place)), { recursive: true });
    await Deno.writeTextFile(join(root, place), place);
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

Deno.test("deno task split splits Kermany's folders by patient", () =>
  inFolder(async (folder) => {
    const data = join(folder, "films");
    await makeFiles(data, [
      ...numbers(6).map((i) => `NORMAL/IM-000${i}-0001.jpeg`),
      ...numbers(6).map((i) => `PNEUMONIA/person${i}_virus_1.jpeg`),
      "PNEUMONIA/person1_virus_2.jpeg",
    ]);
    const out = join(folder, "out");
    const classes = "NORMAL=Normal,PNEUMONIA=Pneumonia";
    const patient = "^(person\\d+|IM-\\d+)";
    const { code, stdout, stderr } = await split(
      ["--data", data, "--out", out, "--classes", classes, "--patient", patient],
    );
    assertEquals([code, stderr], [0, ""]);
    const table = [
      "set    label      films  first                 last",
      "-----  ---------  -----  --------------------  --------------------",
      "train  Normal         5  IM-0002-0001.jpeg     IM-0006-0001.jpeg",
      "train  Pneumonia      5  person2_virus_1.jpeg  person6_virus_1.jpeg",
      "test   Normal         1  IM-0001-0001.jpeg     IM-0001-0001.jpeg",
      "test   Pneumonia      2  person1_virus_1.jpeg  person1_virus_2.jpeg",
    ];
    assertStringIncludes(stdout, table.join("\n"));
    assertEquals(
      await Deno.readTextFile(join(out, "test_data.csv")),
      "filename,label\nIM-0001-0001.jpeg,Normal\nperson1_virus_1.jpeg,Pneumonia\n" +
        "person1_virus_2.jpeg,Pneumonia\n",
    );
    const copy = join(out, "test/PNEUMONIA/person1_virus_2.jpeg");
    assertEquals(await Deno.readTextFile(copy), "PNEUMONIA/person1_virus_2.jpeg");
  }));

Deno.test("deno task split splits the films of a CSV file, wherever they lie", () =>
  inFolder(async (folder) => {
    await makeFiles(folder, numbers(9).map((i) => `films/all/${i}.png`));
    const rows = numbers(9).map((i) => `all/${i}.png,${i > 4 ? "Healthy" : "TB"}\n`);
    const csv = join(folder, "films.csv");
    await Deno.writeTextFile(csv, `filename,label\n${rows.join("")}`);
    const args = ["--data", join(folder, "films"), "--csv", csv, "--out", join(folder, "out")];
    const { code } = await split([...args, "--test", "0.4", "--no-copies"]);
    assertEquals(code, 0);
    assertEquals(
      await Deno.readTextFile(join(folder, "out/test_data.csv")),
      "filename,label\nall/5.png,Healthy\nall/6.png,Healthy\nall/1.png,TB\n",
    );
    await Deno.remove(join(folder, "films/all/3.png"));
    const { code: failed, stderr } = await split(args);
    assertEquals(failed, 1);
    assertStringIncludes(stderr, "Cannot find 1 of 9 films");
    assertStringIncludes(stderr, "all/3.png");
  }));

Deno.test("deno task split says what is wrong, with nothing written", () =>
  inFolder(async (folder) => {
    await makeFiles(folder, ["films/health/1.png", "films/tb/1.png"]);
    const out = join(folder, "out");
    const refuses = async (args: string[], message: string) => {
      const { code, stderr } = await split(["--out", out, ...args]);
      assertEquals(code, 1);
      assertStringIncludes(stderr, message);
      assertEquals(await Deno.stat(out).catch(() => null), null);
    };
    await refuses(["--data", join(folder, "none")], "there is no such folder");
    await refuses(["--data", join(folder, "films")], 'Cannot split 1 films of "Healthy"');
    await refuses(["--data", join(folder, "films"), "--patient", "("], "Cannot take --patient (");
  }));
