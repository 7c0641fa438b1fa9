import { describeEnvironments } from "../../app/environments.ts";
import type { CliCommand } from "../command.ts";
import { table } from "../table.ts";

export const envs: CliCommand = {
  name: "envs",
  description: "List the environments that can be run here.",
  examples: ["afterstate envs", "afterstate envs --json"],
  options: [],
  async run() {
    const envs = await describeEnvironments();
    const rows = envs.map(({ id, kind, tasks, available, description, reason }) => [
      id,
      kind,
      `${tasks.train ?? "∞"}/${tasks.test ?? "∞"}`,
      available ? "yes" : `no: ${reason}`,
      description,
    ]);
    return { document: { envs }, text: table(["id", "kind", "train/test tasks", "available", "description"], rows) };
  },
};
