import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { decodeImage, ImageError } from "@/films/decode.ts";
import { damagedInput, isRead, validInputs } from "../fuzz/inputs.ts";
import { checkVariant, makeVariants, type Variant } from "../fuzz/variants.ts";

/** A Python with Pillow and pydicom. */
const PYTHON = Deno.env.get("XRAY_PEER_PYTHON");

const valid = await validInputs();

Deno.test("damagedInput() makes the same damaged input from the same key", () => {
  assertEquals(damagedInput(valid, "0/7"), damagedInput(valid, "0/7"));
  assertNotEquals(damagedInput(valid, "0/7"), damagedInput(valid, "0/8"));
  for (let i = 0; i < 50; i++) {
    const { name, bytes } = damagedInput(valid, `0/${i}`);
    assert(valid.some((input) => input.name === name));
    assert(!valid.some((input) => `${input.bytes}` === `${bytes}`), `input ${i}`);
  }
});

Deno.test("isRead() throws on an error that no reader may throw", async () => {
  const missing = { name: "a.png", bytes: undefined as unknown as Uint8Array<ArrayBuffer> };
  await assertRejects(() => isRead(missing), Error, "Cannot read or refuse a.png as expected");
});

Deno.test("the readers either read or refuse damaged films and CSV files", async () => {
  let read = 0;
  const count = 400;
  for (let i = 0; i < count; i++) {
    if (await isRead(damagedInput(valid, `test/${i}`))) read++;
  }
  assert(read > count / 20 && read < count / 2, `${read} of ${count} were read`);
});

Deno.test("decodeImage() gives up on a film whose decoder does not end, and reads the next one", async () => {
  // `deno task fuzz` found this film: the decoder of JPEG-LS never returns.
  const endless = await Deno.readFile(new URL("../fuzz/endless_jpeg_ls.dcm", import.meta.url));
  await assertRejects(() => decodeImage(endless, "a.dcm"), ImageError, "cannot be decoded in time");
  assertEquals(await isRead(valid.find(({ name }) => name === "jpeg_ls.dcm")!), true);
});

Deno.test({
  name: "decodeImage() reads 2,000 valid films as Pillow and pydicom do, or refuses those it must",
  ignore: PYTHON === undefined,
  async fn() {
    let [read, refused] = [0, 0];
    for await (
      const variant of makeVariants({ python: PYTHON!, seed: 0, first: 0, count: 2000 })
    ) {
      if (await checkVariant(variant)) read++;
      else refused++;
    }
    assertEquals(read + refused, 2000);
    assert(refused > 0 && refused < 200, `${refused} were refused`);
  },
});

/** Makes a variant of a film of the references, for checkVariant(). */
async function variantOf(name: string): Promise<Variant> {
  const reference = new URL("../reference/dicom/", import.meta.url);
  const expected = JSON.parse(await Deno.readTextFile(new URL("expected.json", reference)));
  const { width, height, grey } = expected[name];
  const file = (await Deno.readFile(new URL(`${name}.dcm`, reference))).toBase64();
  return { name, file, width, height, channels: 1, low: grey, high: grey };
}

Deno.test("checkVariant() names the difference to the expected result", async () => {
  const film = await variantOf("window");
  assertEquals(await checkVariant(film), true);
  const other = { ...film, file: (await variantOf("linear_exact")).file };
  await assertRejects(() => checkVariant(other), Error, "values differ, the first, at ");
  const turned = { ...film, width: film.height, height: film.width };
  await assertRejects(() => checkVariant(turned), Error, "44 x 36 pixels where there are 36 x 44");
  const coloured = { ...film, channels: 3 as const };
  await assertRejects(() => checkVariant(coloured), Error, "4752 values where there are 1584");
  const refused = { ...film, low: null, high: null };
  await assertRejects(
    () => checkVariant(refused),
    Error,
    "it was read, or refused with an unexpected error",
  );
  assertEquals(await checkVariant({ ...refused, file: btoa("no film") }), false);
  await assertRejects(
    () => checkVariant({ ...film, file: btoa("no film") }),
    Error,
    "it is not a PNG",
  );
});
