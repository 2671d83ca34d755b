/**
 * The command line of JupyterLab.
 * @module
 */
import { PROJECT_ROOT } from "@/common/paths.ts";

/** Makes JupyterLab's command line: the first notebook open, no news, no look for updates. */
export function labArguments(args: readonly string[], { asRoot }: { asRoot: boolean }): string[] {
  return [
    ...["-m", "jupyterlab", `--ServerApp.root_dir=${PROJECT_ROOT}`],
    "--LabApp.default_url=/lab/tree/notebooks/01_split.ipynb",
    "--MappingKernelManager.default_kernel_name=deno",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    // JupyterLab refuses root, the usual user of a container, without this flag.
    ...asRoot ? ["--allow-root"] : [],
    ...args,
  ];
}
