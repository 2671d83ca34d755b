"""Executes a notebook on the Deno kernel, writes the executed copy, and fails if anything in it failed.

What nbclient's own loop misses on this kernel is minded here:

- From Deno 2.8.2 on, the kernel says that it is idle before it has sent all outputs of a cell. So a cell is done when
  the kernel is idle and nothing has come for a while.
- An error that no code catches (of a promise that is not awaited, in a timer) reaches no reply. The prelude makes the
  kernel send such errors as messages, whenever they happen, and each of them fails the run.
- After an error in a timer the cell may never end. So it is not waited for.
"""

import argparse
import asyncio
import os
import pathlib
import sys
import tempfile
import time
from queue import Empty

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete

QUIET_SECONDS = 0.6
"""How long nothing has to come from an idle kernel until a cell is done."""

GRACE_SECONDS = 2.0
"""How long a cell may go on after an error."""


class CellFailed(Exception):
    """A cell failed; the message says which and why."""


class Client(NotebookClient):
    """Executes a notebook's cells one by one."""

    async def async_execute_cell(self, cell, cell_index, execution_count=None, store_history=True):
        if cell.cell_type != "code" or not cell.source.strip():
            return cell
        print(f"{cell_index + 1}/{len(self.nb.cells)}", flush=True)
        cell.outputs = []
        self.clear_before_next_output = False
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
        """Runs a cell's code until it is done, and gives what went wrong."""
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
            # An uncaught error may come under the name of an earlier cell.
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
        """What the reply says went wrong: of code that it cannot parse, Deno 2.9 says it nowhere else."""
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
    """Executes the notebook in place, its folder being the kernel's."""
    options = {"kernel_name": "deno", "startup_timeout": 300, "record_timing": False}
    client = Client(notebook, timeout=timeout, **options)
    async with client.async_setup_kernel(cwd=str(folder), stderr=log):
        errors = await client.run(prelude, nbformat.v4.new_code_cell(), None)
        if errors:
            raise CellFailed("the kernel could not be prepared: " + "\n".join(errors))
        for index, cell in enumerate(notebook.cells):
            await client.async_execute_cell(cell, index)


def write(notebook, target):
    """Writes the notebook whole or not at all."""
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
    """The last lines of what the kernel's process itself said, which is how a crash explains itself."""
    return [line for line in log if "is unstable and might change" not in line][-20:]


if __name__ == "__main__":
    main()
