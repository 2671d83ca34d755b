import { assertEquals } from "@std/assert";
import { compare, type SpecResult } from "@/tasks/dev/conformance.ts";

function result(fullName: string, status: SpecResult["status"]): SpecResult {
  return { fullName, status, failedExpectations: [] };
}

const GROUPS = [{ reason: "no such kernel", specs: ["a", "b"] }, { reason: "NaN", specs: ["c"] }];

Deno.test("compare() finds nothing when exactly the expected specs failed", () => {
  const results = [
    result("a", "failed"),
    result("b", "failed"),
    result("c", "failed"),
    result("d", "passed"),
    result("e", "pending"),
  ];
  assertEquals(compare(results, GROUPS), { failures: [], passes: [] });
});

Deno.test("compare() reports a failure that is not on the list", () => {
  const unexpected = result("d", "failed");
  const results = ["a", "b", "c"].map((name) => result(name, "failed"));
  assertEquals(compare([...results, unexpected], GROUPS).failures, [unexpected]);
});

Deno.test("compare() reports specs of the list that passed or were not run", () => {
  const results = [result("a", "passed"), result("c", "failed")];
  assertEquals(compare(results, GROUPS), { failures: [], passes: ["a", "b"] });
});

Deno.test("compare() counts specs that share a name", () => {
  const groups = [{ reason: "two of the three", specs: ["a", "a"] }];
  const failed = result("a", "failed");
  assertEquals(compare([failed, failed, result("a", "passed")], groups), {
    failures: [],
    passes: [],
  });
  assertEquals(compare([failed, failed, failed], groups).failures.length, 1);
  assertEquals(compare([failed], groups).passes, ["a"]);
});
