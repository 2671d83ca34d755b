/**
 * Work that starts before its result is needed.
 * @module
 */

/**
 * Yields the result of `work` for each item, in order, while it works on the next items. If the
 * caller stops early, it waits for work that has started.
 *
 * @param options.ahead The number of items in work at once, from 1.
 * @throws The error of `work`, when that item's turn comes.
 */
export async function* prefetch<Item, Result>(
  items: Iterable<Item>,
  { ahead, work }: { ahead: number; work: (item: Item) => Promise<Result> },
): AsyncGenerator<Result, void> {
  const started: Promise<Result>[] = [];
  try {
    for (const item of items) {
      const result = work(item);
      // A failure is thrown when its turn comes. Until then this marks it as handled.
      result.catch(() => {});
      started.push(result);
      if (started.length === ahead) yield await started.shift()!;
    }
    while (started.length > 0) yield await started.shift()!;
  } finally {
    await Promise.allSettled(started);
  }
}
