import { assertEquals, assertRejects } from "@std/assert";
import { prefetch } from "@/prefetch.ts";

/** Work that ends when it is told to. */
function controlled() {
  const begun: number[] = [];
  const ends: ((fails?: boolean) => void)[] = [];
  const work = (item: number) => {
    begun.push(item);
    return new Promise<number>((resolve, reject) => {
      ends[item] = (fails = false) => fails ? reject(new Error(`no ${item}`)) : resolve(10 * item);
    });
  };
  return { begun, work, end: (item: number, fails?: boolean) => ends[item]!(fails) };
}

Deno.test("prefetch() keeps the order, whichever work ends first, with so many under way", async () => {
  const { begun, work, end } = controlled();
  const results = prefetch([0, 1, 2, 3], { ahead: 2, work });
  const first = results.next();
  assertEquals(begun, [0, 1]);
  end(1);
  end(0);
  assertEquals(await first, { done: false, value: 0 });
  assertEquals(begun, [0, 1]);
  const second = results.next();
  assertEquals(begun, [0, 1, 2]);
  assertEquals(await second, { done: false, value: 10 });
  const rest = Array.fromAsync(results);
  await Promise.resolve();
  end(2);
  await new Promise((resolve) => setTimeout(resolve));
  end(3);
  assertEquals(await rest, [20, 30]);
});

Deno.test("prefetch() gives all of fewer items than may be under way, and nothing of none", async () => {
  const work = (item: number) => Promise.resolve(item + 1);
  assertEquals(await Array.fromAsync(prefetch([1, 2], { ahead: 5, work })), [2, 3]);
  assertEquals(await Array.fromAsync(prefetch([], { ahead: 5, work })), []);
});

Deno.test("prefetch() fails when the turn of what failed has come, not before", async () => {
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

Deno.test("prefetch() left early waits for what has begun", async () => {
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
