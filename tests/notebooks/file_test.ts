import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { fromRoot } from "@/common/paths.ts";
import { moduleOfCells, readNotebook, writeNotebook } from "@/notebooks/file.ts";
import { inFolder } from "../in_folder.ts";

Deno.test("moduleOfCells() joins the code cells in order, and names them", () => {
  const cells = [
    { cell_type: "markdown", source: ["# Title\n", "const no = 1;"] },
    { cell_type: "code", source: ["const a = 1;\n", "const b = 2;"] },
    { cell_type: "raw", source: "raw" },
    { cell_type: "code", source: "await show(a + b);" },
  ];
  assertEquals(
    moduleOfCells({ cells }),
    "// cell 2\nconst a = 1;\nconst b = 2;\n\n// cell 4\nawait show(a + b);\n",
  );
});

Deno.test("readNotebook() and writeNotebook() keep all that Jupyter wrote", () =>
  inFolder(async (folder) => {
    for (const name of ["01_split.ipynb", "02_experiments.ipynb", "03_analysis.ipynb"]) {
      const path = fromRoot(`notebooks/${name}`);
      const copy = join(folder, name);
      await writeNotebook(copy, await readNotebook(path));
      assertEquals(
        JSON.parse(await Deno.readTextFile(copy)),
        JSON.parse(await Deno.readTextFile(path)),
      );
    }
  }));

Deno.test("readNotebook() refuses a file that is no notebook, or has merge markers", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a.ipynb");
    const refuses = async (text: string, reason: string) => {
      await Deno.writeTextFile(path, text);
      const message = `Cannot read the notebook ${path}: ${reason}`;
      await assertRejects(() => readNotebook(path), SyntaxError, message);
    };
    await refuses('<<<<<<< HEAD\n{"cells": []}\n', "it is not JSON");
    await refuses('{"nbformat": 3, "worksheets": [], "metadata": {}}', 'its "cells" is wrong');
    const cells = [{ cell_type: "markdown", source: "" }, { cell_type: "code" }];
    await refuses(JSON.stringify({ cells, metadata: {} }), 'its "cells.1.source" is wrong');
  }));
