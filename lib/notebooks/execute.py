"""Executes a notebook on the Deno kernel, writes the executed copy, and fails if anything in it failed.

nbclient's own loop misses these cases of this kernel:

- From Deno 2.8.2 on, the kernel reports that it is idle before it has sent all outputs of a cell. So a cell is done when
  the kernel is idle and has been quiet for a while.
- An uncaught error (in a promise that is not awaited, in a timer) reaches no reply. The prelude makes the kernel send
  such errors as messages, and each of them fails the run.
- After an error in a timer the cell may never end. So the client stops waiting for it.
- The kernel of Deno 2.8.2 and 2.8.3 hides a cell's errors. So the prelude ends with an error, and a kernel that does not
  report it is refused.
"""

import argparse
import asyncio
import atexit
import json
import os
import pathlib
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from queue import Empty

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete

QUIET_SECONDS = 0.6
"""How long an idle kernel must be quiet until a cell is done."""

GRACE_SECONDS = 2.0
"""How long a cell may still run after an error."""

STARTS = 3
"""Attempts to start a kernel that dies at its start."""

PROBE = "the kernel reports what a cell throws"
"""The error that a kernel must report before it gets the first cell."""


class CellFailed(Exception):
    """A cell failed; the message says which and why."""


class Client(NotebookClient):
    """Executes a notebook's cells one by one."""

    async def async_execute_cell(self, cell, cell_index, execution_count=None, store_history=True):
        if cell.cell_type != "code" or not cell.source.strip():
            return cell
        print(f"{cell_index + 1}/{len(self.nb.cells)}", flush=True)
        cell.outputs = []
        self.code_cells_executed += 1
        errors = await self.run(cell.source, cell, cell_index)
        cell.execution_count = self.code_cells_executed
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
        if errors:
            reasons = "\n".join(errors)
            raise CellFailed(f"cell {cell_index + 1} failed: {reasons}\n\n{cell.source}")
        return cell

    async def run(self, code, cell, cell_index):
        """Runs a cell's code until it is done, and returns its errors."""
        self.clear_before_next_output = False
        request = self.kc.execute(code)
        deadline = time.monotonic() + self.timeout
        idle, errors = False, []
        while True:
            try:
                wait = QUIET_SECONDS if idle else GRACE_SECONDS if errors else 1
                message = await self.kc.get_iopub_msg(timeout=wait)
            except Empty:
                if idle:
                    return errors or await self.errors_of_reply(request, cell)
                if errors:
                    return errors
                if not await self.km.is_alive():
                    return ["the kernel died"]
                if time.monotonic() > deadline:
                    return [f"it took longer than {self.timeout:g} s"]
                continue
            # An uncaught error may belong to an earlier cell.
            failed = message["msg_type"] == "error"
            if failed:
                content = message["content"]
                errors.append("\n".join(content["traceback"]) or content["evalue"])
            if failed or message["parent_header"].get("msg_id") == request:
                try:
                    self.process_message(message, cell, cell_index)
                except CellExecutionComplete:
                    idle = True

    async def errors_of_reply(self, request, cell):
        """Returns the reply's errors: Deno 2.9 reports code that does not parse nowhere else."""
        while True:
            try:
                reply = await self.kc.get_shell_msg(timeout=GRACE_SECONDS)
            except Empty:
                return ["the kernel did not reply"]
            if reply["parent_header"].get("msg_id") == request:
                break
        content = reply["content"]
        if content["status"] == "ok":
            return []
        ename, evalue = content.get("ename", "Error"), content.get("evalue", "Execution failed")
        output = nbformat.v4.new_output("error", ename=ename, evalue=evalue, traceback=[])
        cell.outputs.append(output)
        return [f"{ename}: {evalue} (does the code parse?)"]


async def execute(notebook, folder, timeout, prelude, log):
    """Executes the notebook in place; the kernel works in the given folder."""
    async with AsyncExitStack() as stack:
        client = await start_kernel(stack, notebook, folder, timeout, log)
        await prepare(client, prelude)
        for index, cell in enumerate(notebook.cells):
            await client.async_execute_cell(cell, index)


async def start_kernel(stack, notebook, folder, timeout, log):
    """Starts a kernel that lives until the stack ends. Jupyter picks its ports before the kernel opens them. If another
    process takes one in between, the kernel dies and is started again with other ports."""
    options = {"kernel_name": "deno", "startup_timeout": 300, "record_timing": False}
    for _ in range(STARTS):
        client = Client(notebook, timeout=timeout, **options)
        try:
            await stack.enter_async_context(client.async_setup_kernel(cwd=str(folder), stderr=log))
            return client
        except RuntimeError as error:
            reason = error
            # The failed start has already cleaned up.
            atexit.unregister(client._cleanup_kernel)
    raise CellFailed(f"cannot start the kernel in {STARTS} attempts: {reason}")


async def prepare(client, prelude):
    """Runs the prelude outside of the notebook, and refuses a kernel that reports no errors."""
    code = f"{prelude};\nthrow new Error({json.dumps(PROBE)});"
    errors = await client.run(code, nbformat.v4.new_code_cell(), None)
    if not errors:
        raise CellFailed(
            "its kernel does not report what a cell throws, so a cell that fails would count as done: run `deno upgrade`, "
            "or replace `deno` by `npx --yes deno@2.8.1`"
        )
    if len(errors) > 1 or PROBE not in errors[0]:
        raise CellFailed("the kernel could not be prepared: " + "\n".join(errors))


def write(notebook, target):
    """Writes the notebook completely or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(nbformat.writes(notebook) + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, target)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("target", type=pathlib.Path)
    parser.add_argument("--timeout", type=float, required=True, help="seconds that a cell may take")
    parser.add_argument("--prelude", required=True, help="code that runs before the first cell")
    options = parser.parse_args()

    notebook = nbformat.read(options.source, as_version=4)
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        try:
            asyncio.run(
                execute(notebook, options.source.parent, options.timeout, options.prelude, log)
            )
        except CellFailed as failure:
            print(failure, file=sys.stderr)
            log.seek(0)
            print(*lines_worth_showing(log), sep="", end="", file=sys.stderr)
            sys.exit(1)
        finally:
            write(notebook, options.target)


def lines_worth_showing(log):
    """Returns the last lines that the kernel's process printed, which explain a crash."""
    return [line for line in log if "is unstable and might change" not in line][-20:]


if __name__ == "__main__":
    main()
