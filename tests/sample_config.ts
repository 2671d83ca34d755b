import { BASELINE } from "@/experiments.ts";
import type { RunConfig } from "@/runs/config.ts";

const SET = { healthy: 3, tb: 1, fingerprint: "ab" };

/** The config of a small run. */
export const SAMPLE_CONFIG: RunConfig = {
  experiment: BASELINE,
  seed: 0,
  precision: "fp32",
  network: { stages: [[8, 1, 1]], strideOn: "1x1", imageSize: 32, init: null },
  classes: ["Healthy", "TB"],
  data: { train: SET, test: SET, validation: null, skipped: [] },
  sessions: [{
    started: "2026-01-01T00:00:00.000Z",
    versions: { deno: "2.8.1" },
    machine: { cores: 2 },
  }],
};
