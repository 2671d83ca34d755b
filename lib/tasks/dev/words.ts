/**
 * Checks the part of plain English that a machine can see: the first word of docs, phrases that
 * nobody in the field uses, and the width of comments.
 * @module
 */

/** Maximum of columns of a comment, the same as of code. */
const WIDTH = 100;

/** Words that start a clause, not a noun: no doc of a type or a value opens with them. */
const NO_NOUN = /^(What|Of|As|Whether|How|Where|When|If|From|That|To)$/;

/** Phrases to avoid, with the field's words for them. */
const PHRASES: readonly (readonly [phrase: RegExp, plain: string])[] = [
  [/\b(gone|goes|go|going|went) on (with|from)\b/i, "resume"],
  [/\b(begun|began|begin|begins) anew\b/i, "restart"],
  [
    /\b(held|holds|hold) (\w+ )?(to|against) (the )?(reference|original|PyTorch|Pillow)/i,
    "compare",
  ],
  [/\bcomes? to the same\b/i, "match"],
  [/\bthat there (is|are) not\b/i, "missing"],
  [/\bthere is none of\b/i, "missing"],
  [/\b(is|are) said of\b/i, "describes"],
  [/\bof one's own\b/i, "your own, or custom"],
  [/\bwhat is not said\b/i, "omitted"],
  [/\bwhat there is not\b/i, "missing"],
  [/\b(is|are|was|were) (not )?begun\b/i, "start"],
  [/\bin the place of\b/i, "replace, or instead of"],
];

/** A fault in the words of a file. */
export interface WordFault {
  /** Counted from 1. */
  line: number;
  message: string;
}

/**
 * Finds faults in a file's words: phrases in all of its text, in a module also the docs' first
 * words and the comments' widths.
 *
 * @param path The file's path, whose extension tells a module from other texts.
 */
export function findWordFaults(path: string, text: string): WordFault[] {
  const isModule = path.endsWith(".ts");
  const faults = text.split("\n").flatMap((content, i) => {
    const messages = PHRASES.flatMap(([phrase, plain]) =>
      content.match(phrase)?.slice(0, 1).map((found) => `"${found}": say ${plain}`) ?? []
    );
    if (isModule && /^\s*(\*|\/\/|\/\*)/.test(content) && content.length > WIDTH) {
      messages.push(`the comment has ${content.length} columns, not ${WIDTH} at most`);
    }
    return messages.map((message) => ({ line: i + 1, message }));
  });
  if (isModule) faults.push(...findOpenings(text));
  return faults.toSorted((a, b) => a.line - b.line);
}

/**
 * Finds docs of functions that open with no verb, docs of other declarations that open with no
 * noun, and docs of fields and modules that open with What, Of or As.
 */
function findOpenings(text: string): WordFault[] {
  const docs = text.matchAll(
    /\/\*\*\s*(?:\*\s)?\s*(\S+)(?:(?!\*\/)[^])*\*\/\n\s*(?:(?:export |async |readonly |static )*(function|const|class|interface|type)\*? (\w+))?/g,
  );
  return [...docs].flatMap((doc) => {
    const [, word, kind, name] = doc as unknown as [string, string, string?, string?];
    const line = text.slice(0, doc.index).split("\n").length;
    const isFunction = kind === "function";
    const isWrong = isFunction
      ? !/^[A-Z][a-z]+s$/.test(word)
      : (kind === undefined ? /^(What|Of|As)$/ : NO_NOUN).test(word);
    if (!isWrong) return [];
    const owner = kind === undefined ? "the doc" : `the doc of ${name}${isFunction ? "()" : ""}`;
    const wanted = isFunction ? "verb" : "noun";
    return [{ line, message: `${owner} opens with "${word}", not with a ${wanted}` }];
  });
}
