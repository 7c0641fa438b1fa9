import { execFile, execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSandboxDriver } from "../../../src/sandbox/index.ts";
import { imageUserId } from "../../../src/sandbox/images/image-user.ts";
import { type UnpackedImage, unpackedImage } from "../../../src/sandbox/images/unpacked-image.ts";

interface Entry {
  readonly path: string;
  readonly kind?: "file" | "directory" | "symlink" | "hardlink" | "device";
  readonly content?: string;
  readonly target?: string;
  readonly mode?: number;
  readonly uid?: number;
}

const plain: readonly Entry[] = [
  { path: "./", kind: "directory" },
  { path: "./usr/", kind: "directory" },
  { path: "./usr/bin/", kind: "directory" },
  { path: "./usr/bin/tool", content: "#!/bin/sh\n", uid: 4711 },
  { path: "./bin", kind: "symlink", target: "usr/bin" },
  { path: "./etc/", kind: "directory" },
  { path: "./etc/passwd", content: "root:x:0:0::/:/bin/sh\nbuilder:x:1234:1234::/:/bin/sh\n", mode: 0o644 },
];

describe("an image as a directory", () => {
  const before = process.env["AFTERSTATE_CACHE"];
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), "afterstate-images-"));
    process.env["AFTERSTATE_CACHE"] = join(base, "cache");
  });
  afterEach(() => {
    rmSync(base, { recursive: true, force: true });
    if (before === undefined) delete process.env["AFTERSTATE_CACHE"];
    else process.env["AFTERSTATE_CACHE"] = before;
  });

  const makeTar = (name: string, entries: readonly Entry[]): string => {
    const path = join(base, name);
    execFileSync("/usr/bin/python3", [join(import.meta.dirname, "make-tar.py"), path], {
      input: JSON.stringify(entries),
    });
    return path;
  };
  const unpack = (name: string, entries: readonly Entry[]): Promise<UnpackedImage> =>
    unpackedImage(`tar:${makeTar(name, entries)}`);
  /** For a process of its own: prints where the root is. */
  const unpackingScript = (path: string): string => {
    const module = new URL("../../../dist/sandbox/images/unpacked-image.js", import.meta.url).href;
    return `const { unpackedImage } = await import(${JSON.stringify(module)});
      console.log((await unpackedImage(${JSON.stringify(`tar:${path}`)})).root)`;
  };
  const unpackedNames = (): string[] => {
    const directory = join(base, "cache", "images", "unpacked");
    return existsSync(directory) ? readdirSync(directory).filter((name) => !name.endsWith(".lock")) : [];
  };

  test("a root file system's tar is unpacked, and all of it is ours", async () => {
    const { root } = await unpack("plain.tar", plain);
    expect(readFileSync(join(root, "bin", "tool"), "utf8")).toBe("#!/bin/sh\n");
    expect(statSync(join(root, "usr/bin/tool"))).toMatchObject({ uid: process.getuid?.(), mode: 0o100755 });
    expect(lstatSync(join(root, "etc/afterstate")).isDirectory()).toBe(true);
  });

  test("a compressed one too", async () => {
    const { root } = await unpack("plain.tar.gz", plain);
    expect(existsSync(join(root, "usr/bin/tool"))).toBe(true);
  });

  test("it is unpacked once, also for many who ask at once, and again when the file is another", async () => {
    const image = `tar:${makeTar("plain.tar", plain)}`;
    const all = await Promise.all(Array.from({ length: 8 }, () => unpackedImage(image)));
    expect(new Set(all.map(({ root }) => root)).size).toBe(1);
    const inode = statSync(all[0]!.root).ino;
    expect(statSync((await unpackedImage(image)).root).ino).toBe(inode);
    makeTar("plain.tar", [...plain, { path: "./usr/new" }]);
    const other = await unpackedImage(image);
    expect(existsSync(join(other.root, "usr/new"))).toBe(true);
    expect(unpackedNames().length).toBe(2);
  });

  test("it is unpacked again after the cache was cleared", async () => {
    const image = `tar:${makeTar("plain.tar", plain)}`;
    const { root } = await unpackedImage(image);
    rmSync(join(base, "cache"), { recursive: true });
    expect(await unpackedImage(image)).toMatchObject({ root });
    expect(existsSync(join(root, "usr/bin/tool"))).toBe(true);
  });

  test("two processes that unpack the same image at once both get all of it", async () => {
    const path = makeTar("plain.tar", plain);
    const script = unpackingScript(path);
    const one = async (): Promise<string> =>
      (await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script])).stdout.trim();
    const roots = await Promise.all([one(), one(), one()]);
    expect(new Set(roots).size).toBe(1);
    expect(existsSync(join(roots[0], "usr/bin/tool"))).toBe(true);
    expect(unpackedNames().length).toBe(1);
  });

  test("what a killed process left half unpacked is thrown away", async () => {
    const image = `tar:${makeTar("plain.tar", plain)}`;
    const { root } = await unpackedImage(image);
    const path = join(root, "..");
    rmSync(path, { recursive: true });
    mkdirSync(join(`${path}.part`, "root"), { recursive: true });
    writeFileSync(join(`${path}.part`, "root", "stale"), "");
    makeTar("plain.tar", plain);
    expect(existsSync(join((await unpackedImage(image)).root, "stale"))).toBe(false);
  });

  describe("a hostile tar writes nothing outside of its directory", () => {
    const outside = (): string[] => readdirSync(base).sort();

    test("by names that climb or are absolute", async () => {
      const target = join(base, "escaped");
      await unpack("climb.tar", [
        ...plain,
        { path: "../../../../../escaped" },
        { path: target },
        { path: "./usr/../../../../../../../escaped" },
      ]).catch(() => {});
      expect(outside()).toEqual(["cache", "climb.tar"]);
      expect(existsSync("/escaped")).toBe(false);
    });

    test("through links that it makes first", async () => {
      await unpack("links.tar", [
        ...plain,
        { path: "./out", kind: "symlink", target: base },
        { path: "./out/escaped", content: "x" },
        { path: "./up", kind: "symlink", target: "../../../../.." },
        { path: "./up/escaped", content: "x" },
      ]).catch(() => {});
      expect(outside()).toEqual(["cache", "links.tar"]);
      expect(existsSync(join(base, "cache", "escaped"))).toBe(false);
    });

    test("and gets no second name of a file of the host's", async () => {
      writeFileSync(join(base, "secret"), "secret");
      await unpack("hard.tar", [
        ...plain,
        { path: "./stolen", kind: "hardlink", target: join(base, "secret") },
        { path: "./stolen2", kind: "hardlink", target: "../../../../../secret" },
      ]).catch(() => {});
      expect(statSync(join(base, "secret")).nlink).toBe(1);
    });

    test("and a layer cannot go through a link of the layer below, nor remove anything there", async () => {
      writeFileSync(join(base, "kept"), "kept");
      const image = savedImage([
        [...plain, { path: "./out", kind: "symlink", target: base }],
        [{ path: "out/escaped", content: "x" }, { path: "out/.wh.kept" }, { path: "../.wh.kept" }],
      ]);
      await unpackedImage(image).catch(() => {});
      expect(outside().filter((name) => !name.endsWith(".tar"))).toEqual(["cache", "kept", "saved"]);
      expect(readFileSync(join(base, "kept"), "utf8")).toBe("kept");
    });
  });

  test("an image whose links would lead bubblewrap's mounts astray is refused, and nothing is made where they lead", async () => {
    const outside = join(base, "outside");
    mkdirSync(outside, { mode: 0o777 });
    chmodSync(outside, 0o777);
    chmodSync(base, 0o755);
    const image = `tar:${makeTar("astray.tar", [
      ...plain,
      { path: "./home", kind: "symlink", target: `/oldroot${outside}` },
      { path: "./real/", kind: "directory" },
      { path: "./real/link", kind: "symlink", target: `/oldroot${outside}` },
    ])}`;
    await using driver = createSandboxDriver("bubblewrap");
    const writable = driver.start({ image, writableRoot: true });
    const below = driver.start({ image, workspace: { path: "/real/link/x", source: null } });
    const results = await Promise.allSettled([writable, below]);
    expect(readdirSync(outside)).toEqual([]);
    expect(results.map((result) => (result as PromiseRejectedResult).reason)).toMatchObject([
      { code: "ERR_SANDBOX_IMAGE", message: expect.stringMatching(/its \/home is in the way/) },
      { code: "ERR_SANDBOX_UNAVAILABLE", message: expect.stringMatching(/no directory \/real\/link/) },
    ]);
  });

  describe("an image of layers, as docker save writes it", () => {
    test("is all of its layers, less what later ones removed", async () => {
      const image = savedImage([
        [...plain, { path: "./gone" }, { path: "./old/", kind: "directory" }, { path: "./old/a" }, { path: "./keep" }],
        [{ path: ".wh.gone" }, { path: "old/", kind: "directory" }, { path: "old/.wh..wh..opq" }, { path: "old/b" }],
        [{ path: "keep", content: "changed" }],
      ]);
      const { root } = await unpackedImage(image);
      expect(readdirSync(root).sort()).toEqual(["bin", "etc", "keep", "old", "usr"]);
      expect(readdirSync(join(root, "old"))).toEqual(["b"]);
      expect(readFileSync(join(root, "keep"), "utf8")).toBe("changed");
    });

    test("says who its commands run as, by its own list of users, and with which environment", async () => {
      const settings = { User: "builder:wheel", Env: ["PATH=/opt/bin:/usr/bin", "A=b=c"] };
      const found = await unpackedImage(savedImage([plain], settings));
      expect(found.settings).toEqual({ user: "builder:wheel", env: ["PATH=/opt/bin:/usr/bin", "A=b=c"] });
      expect(imageUserId(found)).toBe(1234);
      const as = (user: string) => imageUserId({ ...found, settings: { user, env: [] } });
      expect([as(""), as("root"), as("55"), as("7:8")]).toEqual([0, 0, 55, 7]);
      expect(() => as("stranger")).toThrow(/"stranger", who is not in its \/etc\/passwd/);
    });

    test.each([
      ["no JSON", "{", /manifest.json/],
      ["of another shape", '[{"Layers":"x"}]', /manifest.json/],
      [
        "with a layer that climbs out",
        '[{"Config":"config.json","Layers":["../plain.tar"]}]',
        /no file "..\/plain.tar"/,
      ],
      ["of two images", '[{"Config":"c","Layers":["l"]},{"Config":"c","Layers":["l"]}]', /2 images/],
    ])("is refused when its manifest is %s", async (_what, manifest, message) => {
      makeTar("plain.tar", plain);
      const image = `tar:${makeTar("bad.tar", [{ path: "manifest.json", content: manifest }])}`;
      await expect(unpackedImage(image)).rejects.toMatchObject({ code: "ERR_SANDBOX_IMAGE", message });
      expect(unpackedNames()).toEqual([]);
    });
  });

  describe("refused, leaving nothing", () => {
    test.each([
      ["a missing file", "tar:/nonexistent/x.tar", /no image file \/nonexistent\/x.tar/],
      ["a relative path", "tar:x.tar", /tar:\/absolute\/path/],
    ])("%s", async (_what, image, message) => {
      await expect(unpackedImage(image)).rejects.toMatchObject({ code: "ERR_SANDBOX_IMAGE", message });
    });

    test("a tar that is cut short", async () => {
      const path = makeTar("short.tar", [...plain, { path: "./usr/large", content: "x".repeat(100_000) }]);
      truncateSync(path, 50_000);
      const failed = unpackedImage(`tar:${path}`);
      await expect(failed).rejects.toMatchObject({
        code: "ERR_SANDBOX_IMAGE",
        message: expect.stringMatching(/Unexpected EOF/),
      });
      expect(unpackedNames()).toEqual([]);
    });

    test("a file that is no tar", async () => {
      writeFileSync(join(base, "no.tar"), "x".repeat(5000));
      await expect(unpackedImage(`tar:${join(base, "no.tar")}`)).rejects.toMatchObject({ code: "ERR_SANDBOX_IMAGE" });
    });

    test.skipIf(process.getuid?.() !== 0)("one for which there is no space (root: mounts a small cache)", async () => {
      const path = makeTar("large.tar", [...plain, { path: "./usr/large", content: "x".repeat(300_000) }]);
      mkdirSync(join(base, "cache"));
      const mount = `mount -t tmpfs -o size=100k,mode=700 small ${join(base, "cache")} && exec "$@"`;
      const command = [process.execPath, "--input-type=module", "-e", unpackingScript(path)];
      const unshared = ["--mount", "bash", "-c", mount, "bash", ...command];
      await expect(promisify(execFile)("unshare", unshared)).rejects.toMatchObject({
        stderr: /no space left in .*set AFTERSTATE_CACHE/,
      });
    });

    test("a tar of something else", async () => {
      const failed = unpack("other.tar", [{ path: "README" }]);
      await expect(failed).rejects.toMatchObject({
        code: "ERR_SANDBOX_IMAGE",
        message: expect.stringMatching(/no root file system/),
      });
      expect(unpackedNames()).toEqual([]);
    });
  });

  /** What `docker save` writes, as `tar:...`. */
  function savedImage(layers: readonly (readonly Entry[])[], config: object = {}): string {
    const directory = join(base, "saved");
    mkdirSync(directory);
    const names = layers.map((entries, i) => {
      const tar = makeTar(`layer${i}.tar`, entries);
      execFileSync("mv", [tar, directory]);
      return `layer${i}.tar`;
    });
    writeFileSync(join(directory, "config.json"), JSON.stringify({ config }));
    writeFileSync(join(directory, "manifest.json"), JSON.stringify([{ Config: "config.json", Layers: names }]));
    execFileSync("tar", ["-cf", join(base, "saved.tar"), "-C", directory, "."]);
    return `tar:${join(base, "saved.tar")}`;
  }
});
