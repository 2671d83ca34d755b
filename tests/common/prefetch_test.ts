import { assertEquals, assertRejects } from "@std/assert";
import { prefetch } from "@/common/prefetch.ts";

/** Makes work that ends on command. */
function controlled() {
  const started: number[] = [];
  const ends: ((fails?: boolean) => void)[] = [];
  const work = (item: number) => {
    started.push(item);
    return new Promise<number>((resolve, reject) => {
      ends[item] = (fails = false) => fails ? reject(new Error(`no ${item}`)) : resolve(10 * item);
    });
  };
  return { started, work, end: (item: number, fails?: boolean) => ends[item]!(fails) };
}

Deno.test("prefetch() keeps the order whichever work ends first, and limits how much runs at once", async () => {
  const { started, work, end } = controlled();
  const results = prefetch([0, 1, 2, 3], { ahead: 2, work });
  const first = results.next();
  assertEquals(started, [0, 1]);
  end(1);
  end(0);
  assertEquals(await first, { done: false, value: 0 });
  assertEquals(started, [0, 1]);
  const second = results.next();
  assertEquals(started, [0, 1, 2]);
  assertEquals(await second, { done: false, value: 10 });
  const rest = Array.fromAsync(results);
  await Promise.resolve();
  end(2);
  await new Promise((resolve) => setTimeout(resolve));
  end(3);
  assertEquals(await rest, [20, 30]);
});

Deno.test("prefetch() yields all results of fewer items than its limit, and none of no items", async () => {
  const work = (item: number) => Promise.resolve(item + 1);
  assertEquals(await Array.fromAsync(prefetch([1, 2], { ahead: 5, work })), [2, 3]);
  assertEquals(await Array.fromAsync(prefetch([], { ahead: 5, work })), []);
});

Deno.test("prefetch() throws an item's failure when its turn comes, not before", async () => {
  const { work, end } = controlled();
  const results = prefetch([0, 1, 2], { ahead: 3, work });
  const first = results.next();
  end(2);
  end(1, true);
  await new Promise((resolve) => setTimeout(resolve));
  end(0);
  assertEquals((await first).value, 0);
  await assertRejects(() => results.next(), Error, "no 1");
  assertEquals((await results.next()).done, true);
});

Deno.test("prefetch() waits for started work when its caller stops early", async () => {
  const { work, end } = controlled();
  const results = prefetch([0, 1, 2], { ahead: 3, work });
  const first = results.next();
  end(0);
  await first;
  let left = false;
  const leaving = results.return().then(() => left = true);
  end(1);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(left, false);
  end(2);
  await leaving;
});
