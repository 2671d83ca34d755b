/**
 * The types of jasmine-core, which comes without them, as far as they are used.
 * @module
 */
import type { SpecResult } from "./conformance.ts";

/** The program that runs the specs. */
interface Environment {
  configure(options: { random: boolean }): void;
  addReporter(reporter: { specDone(spec: SpecResult): void }): void;
  execute(): Promise<unknown>;
}

declare const jasmineCore: { boot(): { getEnv(): Environment } };
export default jasmineCore;
