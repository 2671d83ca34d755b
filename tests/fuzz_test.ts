import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { decodeImage, ImageError } from "@/images.ts";
import { damagedInput, isRead, validInputs } from "./fuzz/inputs.ts";

const valid = await validInputs();

Deno.test("damagedInput() makes the same input of the same key, unlike the valid one", () => {
  assertEquals(damagedInput(valid, "0/7"), damagedInput(valid, "0/7"));
  assertNotEquals(damagedInput(valid, "0/7"), damagedInput(valid, "0/8"));
  for (let i = 0; i < 50; i++) {
    const { name, bytes } = damagedInput(valid, `0/${i}`);
    assert(valid.some((input) => input.name === name));
    assert(!valid.some((input) => `${input.bytes}` === `${bytes}`), `input ${i}`);
  }
});

Deno.test("isRead() passes on what no reader may throw", async () => {
  const missing = { name: "a.png", bytes: undefined as unknown as Uint8Array<ArrayBuffer> };
  await assertRejects(() => isRead(missing), Error, "Cannot read a.png nor refuse it in order");
});

Deno.test("the readers read or refuse damaged films and CSV files, and nothing else", async () => {
  let read = 0;
  const count = 400;
  for (let i = 0; i < count; i++) {
    if (await isRead(damagedInput(valid, `test/${i}`))) read++;
  }
  assert(read > count / 20 && read < count / 2, `${read} of ${count} were read`);
});

Deno.test("decodeImage() gives up a film that keeps its decoder busy, and reads the next one", async () => {
  // Found by `deno task fuzz`: the decoder of JPEG-LS never comes back from it.
  const endless = await Deno.readFile(new URL("fuzz/endless_jpeg_ls.dcm", import.meta.url));
  await assertRejects(() => decodeImage(endless, "a.dcm"), ImageError, "cannot be decoded in time");
  assertEquals(await isRead(valid.find(({ name }) => name === "jpeg_ls.dcm")!), true);
});
