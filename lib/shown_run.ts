/**
 * The run that the notebooks show: the project's own, or, where `XRAY_RUN` names a folder, the one that is kept there, as
 * `reference_run/` is. A kept run is texts only, and is not trained any further.
 * @module
 */
import { join } from "node:path";
import { fromRoot, PROJECT_ROOT } from "@/paths.ts";

/** The environment variable that names a kept run. */
export const SHOWN_RUN_VARIABLE = "XRAY_RUN";

/** An absolute path in the folder that holds the run's `results/` and `dataset/`. */
export function inShownRun(path = ""): string {
  return join(fromRoot(Deno.env.get(SHOWN_RUN_VARIABLE) ?? ""), path);
}

/** Whether the run is a kept one. */
export function isKept(): boolean {
  return inShownRun() !== PROJECT_ROOT;
}
