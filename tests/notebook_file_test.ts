import { assertEquals } from "@std/assert";
import { moduleOfCells } from "@/notebook_file.ts";

Deno.test("moduleOfCells() takes the code cells in order, and names them", () => {
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
