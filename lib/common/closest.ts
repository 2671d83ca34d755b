/**
 * Suggestions for misspelt words of a command line.
 * @module
 */

/**
 * Finds the word that a misspelt one most likely means: the one with the smallest edit distance,
 * which is at most 2 and less than half of the misspelt word's length.
 */
export function closest(word: string, words: readonly string[]): string | undefined {
  const limit = Math.min(3, word.length / 2);
  const near = words.map((other) => ({ other, distance: editDistance(word, other) }))
    .filter(({ distance }) => distance < limit);
  return near.toSorted((a, b) => a.distance - b.distance)[0]?.other;
}

/** Puts "did you mean ...?" before the rest of a message if one of the words is close. */
export function suggest(
  word: string,
  { words, rest }: { words: readonly string[]; rest: string },
): string {
  const near = closest(word, words);
  return near === undefined
    ? rest
    : `did you mean ${near}? ${rest[0]!.toUpperCase()}${rest.slice(1)}`;
}

/** Counts the letters to insert, remove or replace that turn one word into another. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const replaced = row[j]! + Number(from[i] !== to[j]);
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, replaced));
    }
    row = next;
  }
  return row.at(-1)!;
}
