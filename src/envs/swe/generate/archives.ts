/**
 * Fetches released source archives through the package managers that the machine has set up, pip and npm, and keeps them by
 * hash. No code of a package runs: npm only packs, and pip, which wants to ask each package for its metadata, is given build
 * back ends of ours that copy the metadata that lies in the archive.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { cacheDirectory } from "../../../core/cache-directory.ts";
import { ConfigError, isAbort } from "../../../core/errors.ts";
import type { Archive } from "./projects.ts";

const execute = promisify(execFile);
const timeoutMs = 300_000;

/** Where an archive is, once fetched. */
export function archivePath({ sha256 }: Archive): string {
  return join(cacheDirectory("swe", "archives"), `${sha256}.tar.gz`);
}

/**
 * Those that are not there yet.
 * @throws ConfigError ERR_SWE_ARCHIVES naming what could not be had, and what is needed for it.
 */
export async function fetchArchives(
  archives: readonly Archive[],
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  const missing = archives.filter((archive) => !existsSync(archivePath(archive)));
  if (missing.length === 0) return;
  const directory = await mkdtemp(join(cacheDirectory("swe", "archives"), ".fetch-"));
  try {
    const failures = [
      await fetchWith(fromPypi, missing, "pypi", directory, options.signal),
      await fetchWith(fromNpm, missing, "npm", directory, options.signal),
    ].filter((failure) => failure !== null);
    await keep(directory, missing);
    const absent = missing.filter((archive) => !existsSync(archivePath(archive)));
    if (absent.length === 0) return;
    const names = absent.map(({ registry, name, version }) => `${name} ${version} (${registry})`).join(", ");
    throw new ConfigError(
      `cannot fetch the source archives of ${names}. They come through "python3 -m pip" (apt-get install python3-pip) and npm; ` +
        `without a network, copy ${cacheDirectory("swe", "archives")} from a machine that has them. ${failures.join(" ")}`,
      { code: "ERR_SWE_ARCHIVES" },
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

type Fetch = (archives: readonly Archive[], directory: string, signal: AbortSignal | undefined) => Promise<void>;

/** @returns what the package manager said when it failed; a package that is there all the same is not lost. */
async function fetchWith(
  fetch: Fetch,
  archives: readonly Archive[],
  registry: Archive["registry"],
  directory: string,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const wanted = archives.filter((archive) => archive.registry === registry);
  if (wanted.length === 0) return null;
  try {
    await fetch(wanted, directory, signal);
    return null;
  } catch (error) {
    if (isAbort(error) || signal?.aborted === true) throw error;
    const { stderr, message } = error as Error & { stderr?: string };
    return `${registry}: ${(stderr || message).trim().slice(-500)}`;
  }
}

const fromPypi: Fetch = async (archives, directory, signal) => {
  const backEnds = join(directory, "back-ends");
  for (const [path, content] of Object.entries(metadataBackEnds)) {
    await mkdir(dirname(join(backEnds, path)), { recursive: true });
    await writeFile(join(backEnds, path), content);
  }
  const requirements = join(directory, "requirements.txt");
  await writeFile(
    requirements,
    archives.map(({ name, version, sha256 }) => `${name}==${version} --hash=sha256:${sha256}\n`).join(""),
  );
  const how = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--use-pep517", "--require-hashes"];
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-input"];
  await execute(
    "python3",
    ["-m", "pip", "download", ...quiet, ...how, "--dest", directory, "--requirement", requirements],
    {
      env: { ...process.env, PYTHONPATH: backEnds, PYTHONDONTWRITEBYTECODE: "1" },
      timeout: timeoutMs,
      ...(signal && { signal }),
    },
  );
};

const fromNpm: Fetch = async (archives, directory, signal) => {
  const packages = archives.map(({ name, version }) => `${name}@${version}`);
  await execute("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", directory, ...packages], {
    cwd: directory,
    timeout: timeoutMs,
    ...(signal && { signal }),
  });
};

/** A back end for each way in which a pyproject.toml may ask for one. */
const metadataBackEnds: Readonly<Record<string, string>> = {
  "copy_metadata.py": `import os, re, shutil

def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    with open("PKG-INFO", encoding="utf-8") as lines:
        fields = dict(line.rstrip("\\n").split(": ", 1) for line in lines if re.match("(Name|Version): ", line))
    name = "%s-%s.dist-info" % (re.sub("[-_.]+", "_", fields["Name"]), fields["Version"])
    os.makedirs(os.path.join(metadata_directory, name))
    shutil.copyfile("PKG-INFO", os.path.join(metadata_directory, name, "METADATA"))
    return name

def build_wheel(*arguments, **options):
    raise RuntimeError("nothing is built")
build_sdist = build_wheel
`,
  "setuptools/__init__.py": "",
  "setuptools/build_meta.py": "from copy_metadata import *\nimport copy_metadata as __legacy__\n",
  "flit_core/buildapi.py": "from copy_metadata import *\n",
  "hatchling/build.py": "from copy_metadata import *\n",
  "poetry/core/masonry/api.py": "from copy_metadata import *\n",
};

/** By what they hold, whatever they are called. */
async function keep(directory: string, archives: readonly Archive[]): Promise<void> {
  const byHash = new Map(archives.map((archive) => [archive.sha256, archive]));
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isFile() || !/\.(tar\.gz|tgz)$/.test(entry.name)) continue;
    const path = join(directory, entry.name);
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    const archive = byHash.get(hash.digest("hex"));
    if (archive !== undefined) await rename(path, archivePath(archive));
  }
}
