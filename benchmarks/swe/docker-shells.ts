/**
 * What an environment in containers is compared with: a bare loop over one bash in each container, and `docker exec` for
 * each step, as SWE harnesses do it. Both through dockerode, in containers under the same limits, without our code.
 */
import { PassThrough } from "node:stream";
import Docker from "dockerode";
import { engineSockets } from "../../src/sandbox/docker/engine-address.ts";
import { baseImageName } from "../../src/sandbox/images/base-image.ts";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { forEachTerminal, type Terminals } from "../support/terminals.ts";
import { limitsOf, type TierContext } from "./context.ts";
import { PipeLoop, bashArgv } from "./pipe-loop.ts";

const label = "afterstate.benchmark";
const benchmarkImage = "afterstate-benchmark";
/** An engine does not start more of them in a second, however many are asked for. */
const startsAtOnce = 4;

export interface BareContainer {
  readonly container: Docker.Container;
  readonly loop: PipeLoop;
  remove(): Promise<void>;
}

/** An image that holds the repository. @returns null where no engine answers. */
export async function openEngine(
  workspace: string,
): Promise<{ docker: Docker; image: string; close(): Promise<void> }> {
  const [socketPath] = await answering(engineSockets());
  const docker = new Docker({ socketPath: socketPath! });
  // Of a run that was killed.
  await removeAll(docker);
  const container = await docker.createContainer({ Image: baseImageName, Cmd: ["true"], Labels: { [label]: "" } });
  const { stdout: tar } = await promisify(execFile)(
    "tar",
    ["-C", workspace, "-cf", "-", "--owner=1000", "--group=1000", "."],
    {
      encoding: "buffer",
      maxBuffer: 256 * 1024 * 1024,
    },
  );
  await container.putArchive(tar, { path: "/testbed" });
  await container.commit({ repo: benchmarkImage });
  await container.remove();
  return {
    docker,
    image: benchmarkImage,
    close: () => removeAll(docker),
  };
}

async function answering(sockets: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const socketPath of sockets)
    if (
      await new Docker({ socketPath }).ping().then(
        () => true,
        () => false,
      )
    )
      found.push(socketPath);
  return found;
}

async function removeAll(docker: Docker): Promise<void> {
  const left = await docker.listContainers({ all: true, filters: { label: [label] } });
  await Promise.all(left.map(({ Id }) => docker.getContainer(Id).remove({ force: true })));
  const images = await docker.listImages({ filters: { reference: [benchmarkImage] } });
  await Promise.all(images.map(({ Id }) => docker.getImage(Id).remove({ force: true })));
}

/** One bash is the container's process, and its pipes come to us through the engine. */
export async function startBareContainer(context: TierContext): Promise<BareContainer> {
  const { docker, image } = context.engine!;
  const { memoryBytes, cpus, maxProcesses } = limitsOf(context);
  const container = await docker.createContainer({
    Image: image,
    Cmd: [...bashArgv],
    User: "1000:1000",
    WorkingDir: "/testbed",
    Env: ["PATH=/usr/bin:/bin", "HOME=/home/agent", "LANG=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1"],
    OpenStdin: true,
    Labels: { [label]: "" },
    HostConfig: {
      NetworkMode: "none",
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      NanoCpus: cpus * 1e9,
      PidsLimit: maxProcesses,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true"],
      LogConfig: { Type: "none", Config: {} },
    },
  });
  const stream = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true, stderr: true });
  const loop = new PipeLoop((text) => stream.write(text));
  stream.on("data", (chunk: Buffer) => loop.receive(chunk));
  await container.start();
  await loop.step(":");
  return {
    container,
    loop,
    async remove() {
      stream.end();
      await container.remove({ force: true });
    },
  };
}

/** One new process of the engine's a step; its output is read to the end, and its exit code asked for. */
export async function execInContainer(container: Docker.Container, command: string): Promise<void> {
  const exec = await container.exec({ Cmd: ["/bin/bash", "-c", command], AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  const output = new PassThrough().resume();
  exec.modem.demuxStream(stream, output, output);
  await new Promise((resolve, reject) => {
    stream.once("end", resolve);
    stream.once("error", reject);
  });
  await exec.inspect();
}

export interface BareContainers {
  readonly raw: Terminals;
  readonly exec: Terminals;
}

/** Both ways in the same containers; they take turns. */
export async function openBareContainers(count: number, context: TierContext): Promise<BareContainers> {
  const opened = await forEachTerminal(count, () => startBareContainer(context), startsAtOnce);
  return {
    raw: {
      step: (terminal, command) => opened[terminal]!.loop.step(command),
      close: async () => void (await forEachTerminal(count, (i) => opened[i]!.remove(), startsAtOnce)),
    },
    exec: {
      step: (terminal, command) => execInContainer(opened[terminal]!.container, command),
      // They are the raw way's.
      close: async () => undefined,
    },
  };
}
