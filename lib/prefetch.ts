/**
 * Work that is under way before its result is asked for.
 * @module
 */

/**
 * Gives what `work` makes of each item, in the items' order, while that of the following ones is under way.
 * Left early, it waits for what has begun.
 *
 * @param options.ahead How many are under way at once, from 1.
 * @throws What `work` fails with, when its turn has come.
 */
export async function* prefetch<Item, Result>(
  items: Iterable<Item>,
  { ahead, work }: { ahead: number; work: (item: Item) => Promise<Result> },
): AsyncGenerator<Result, void> {
  const underWay: Promise<Result>[] = [];
  const begin = (item: Item) => {
    const result = work(item);
    // A failure is thrown when its turn comes: until then it has its handler here.
    result.catch(() => {});
    underWay.push(result);
  };
  try {
    for (const item of items) {
      begin(item);
      if (underWay.length === ahead) yield await underWay.shift()!;
    }
    while (underWay.length > 0) yield await underWay.shift()!;
  } finally {
    await Promise.allSettled(underWay);
  }
}
