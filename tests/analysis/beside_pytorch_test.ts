import { assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  besideRows,
  besideTable,
  epochsOfPyTorch,
  type TrainedEpoch,
  type TrainedWith,
} from "@/analysis/beside_pytorch.ts";
import { toSvg } from "@/figures/svg.ts";
import { besideFigure } from "@/figures/test_panels.ts";
import { takeSameSteps } from "@/tasks/dev/beside_pytorch.ts";
import { inFolder } from "../in_folder.ts";
import { drawFilms } from "../small_run.ts";

/** A Python with the packages of tests/python/requirements.txt. */
const PYTHON = Deno.env.get("XRAY_PEER_PYTHON");

/** Makes a run by its test accuracies; each area is half of the way from them to 1. */
function runOf(
  { trainer, seed, accuracies, seconds }: {
    trainer: TrainedWith;
    seed: number;
    accuracies: number[];
    seconds: number;
  },
): TrainedEpoch[] {
  return accuracies.map((testAccuracy, epoch) => ({
    trainer,
    seed,
    epoch,
    trainAccuracy: 0.9,
    testAccuracy,
    testF1: testAccuracy,
    testAuc: (1 + testAccuracy) / 2,
    trainSeconds: seconds,
    testSeconds: 1,
  }));
}

const FOUND = {
  epochs: [
    ...runOf({ trainer: "here", seed: 0, accuracies: [0.5, 0.9, 0.94], seconds: 100 }),
    ...runOf({ trainer: "here", seed: 1, accuracies: [0.5, 0.96, 0.96], seconds: 100 }),
    ...runOf({ trainer: "PyTorch", seed: 0, accuracies: [0.4, 0.92, 0.92], seconds: 150 }),
    ...runOf({ trainer: "PyTorch", seed: 1, accuracies: [0.4, 0.95, 0.97], seconds: 160 }),
  ],
  steps: { here: [0.75, 0.5], pytorch: [0.75, 0.45] },
  version: "2.13.0+cpu",
};

Deno.test("besideTable() takes means over the second half of the epochs and all seeds", () => {
  const { title, csv, markdown } = besideTable(FOUND);
  assertEquals(title, "Beside PyTorch 2.13.0+cpu: the baseline in fp32");
  assertEquals(
    csv.map(({ measure }) => measure),
    ["test_accuracy", "test_auc", "test_f1", "train_seconds", "first_loss", "mean_loss"],
  );
  const [accuracy, auc, , seconds, first, mean] = markdown.map((row) => Object.values(row));
  assertEquals(accuracy, [
    "Test accuracy, mean of epochs 1 to 2, seeds 0, 1",
    ...["94.0%", "94.0%", "0.0 points"],
  ]);
  assertEquals(auc!.slice(1), ["0.9700", "0.9700", "0.0000"]);
  assertEquals(seconds!.slice(1), ["100 s", "155 s", "1.55 times as fast"]);
  assertEquals(first!.slice(1), ["0.750000", "0.750000", "0.0e+0"]);
  assertEquals(mean!.slice(1), ["0.625000", "0.600000", "+4.17%"]);
  assertAlmostEquals(csv[1]!.here as number, 0.97, 1e-12);
  const over = (epochs: number) => {
    const accuracies = Array(epochs).fill(0.9);
    const both = (["here", "PyTorch"] as const).flatMap((trainer) =>
      runOf({ trainer, seed: 0, accuracies, seconds: 100 })
    );
    return besideTable({ ...FOUND, epochs: both }).markdown[0]![""]!.match(/epochs .*,/)![0];
  };
  assertEquals([over(6), over(1)], ["epochs 3 to 5,", "epochs 0 to 0,"]);
});

Deno.test("besideRows() has every epoch and every step", () => {
  const [epochs, steps] = besideRows(FOUND);
  assertEquals(epochs!.csv.length, 12);
  assertEquals(epochs!.csv[11], {
    ...{ trainer: "PyTorch", seed: 1, epoch: 2, train_accuracy: 0.9, test_accuracy: 0.97 },
    ...{ test_f1: 0.97, test_auc: 0.985, train_seconds: 160, test_seconds: 1 },
  });
  assertEquals(steps!.csv[1], { step: 2, loss_here: 0.5, loss_pytorch: 0.45 });
});

Deno.test("besideFigure() draws each run once in each panel, in its trainer's colour", () => {
  const made = besideFigure(FOUND);
  assertEquals(made.data.length, 8);
  const [here, , pytorch] = made.data;
  assertEquals([here!.name, here!.y], ["here, seed 0", [0.5, 0.9, 0.94]]);
  assertEquals([pytorch!.name, pytorch!.line!.dash], ["PyTorch, seed 0", "dash"]);
  assertEquals([made.data[4]!.xaxis, made.data[4]!.y], ["x2", [0.75, 0.95, 0.97]]);
  const svg = toSvg(made);
  const named = [...svg.matchAll(/>(here|PyTorch), seed \d</g)].map(([text]) => text.slice(1, -1));
  assertEquals(named, ["here, seed 0", "here, seed 1", "PyTorch, seed 0", "PyTorch, seed 1"]);
});

Deno.test("epochsOfPyTorch() reads PyTorch's output and refuses anything else", () => {
  const line =
    '{"epoch": 0, "seed": 7, "train_accuracy_percent": 82.182, "test_accuracy_percent": 92.391, ' +
    '"f1": 0.8391, "auc": 0.9382, "confusion_matrix": [[267, 9], [19, 73]], "train_s": 160.6, "eval_s": 9.3}';
  const [epoch, ...others] = epochsOfPyTorch(`${line}\n`);
  assertEquals(others, []);
  assertEquals([epoch!.trainAccuracy, epoch!.testAccuracy], [0.82182, 0.92391]);
  assertEquals([epoch!.seed, epoch!.testAuc, epoch!.trainSeconds], [7, 0.9382, 160.6]);
  const refused = [
    ["Killed", "Cannot read PyTorch's line Killed: it is not JSON"],
    [line.replace("0.9382", "NaN"), "it is not JSON"],
    [line.replace("0.9382", "null"), 'its "auc" is wrong'],
    [line.replace('"epoch": 0', '"epoch": 1'), "epoch 0 is missing"],
  ] as const;
  for (const [text, message] of refused) {
    assertThrows(() => epochsOfPyTorch(text), SyntaxError, message);
  }
});

Deno.test({
  name: "ResNet50 has PyTorch's losses from the same weights on the same films",
  ignore: PYTHON === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const films = await drawFilms(folder);
      const count = 4;
      const { here, pytorch } = await takeSameSteps(films, { peer: PYTHON!, folder, count });
      assertEquals([here.length, pytorch.length], [count, count]);
      assertLess(Math.abs(here[0]! - pytorch[0]!), 1e-4);
      // Adam's first steps are as long for tiny gradients, whose signs differ: losses drift apart.
      const sum = (losses: readonly number[]) => losses.reduce((all, loss) => all + loss, 0);
      assertLess(Math.abs(sum(here) / sum(pytorch) - 1), 0.02);
    }),
});
