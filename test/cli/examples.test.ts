// Checks what the examples start, and runs the commands in them, as far as this goes without an engine for containers.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { test } from "vitest";
import { command, folder } from "../support/world.ts";

const exec = promisify(execFile);
const read = (path: string): string => readFileSync(new URL(`../../examples/${path}`, import.meta.url), "utf8");

/** The commands of ours in the comments of a file. */
function commandsOf(text: string): string[][] {
  return [...text.matchAll(/^# {3}shelflife (.+)$/gm)].map(([, words]) => words!.split(" "));
}

for (const name of ["container/shelflife.yaml", "systemd/shelflife.yaml"]) {
  test(`${name} is right`, async () => {
    const file = name.replace("/", "-");
    writeFileSync(join(folder, file), read(name));
    writeFileSync(join(folder, "tokens.jsonl"), "");
    const { code, out, err } = await command(["serve", "--config", file, "--check"], {
      env: { CREDENTIALS_DIRECTORY: folder },
    });
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /is right: serves sqlite \//);
  });
}

test("what systemd/shelflife.yaml has as comments is right too", async () => {
  const text = read("systemd/shelflife.yaml").replace(/^( *)# (jwt|base): /gm, "$1$2: ");
  assert.match(text, /^jwt: [^]*^base: /m);
  writeFileSync(join(folder, "all.yaml"), text);
  const { code, err } = await command(["serve", "--config", "all.yaml", "--check"], { env: { CREDENTIALS_DIRECTORY: folder } }); // prettier-ignore
  assert.deepEqual([code, err], [0, ""]);
});

test("the commands in the examples' comments do what they say", async () => {
  for (const name of ["container/Containerfile", "systemd/shelflife.service"]) {
    const commands = commandsOf(read(name));
    assert.ok(commands.length > 0, name);
    for (const words of commands) {
      const local = words.map((word) => word.replace(/^\/etc\/shelflife\//, ""));
      const { code, err } = await command(local);
      assert.deepEqual([code, err], [0, ""], words.join(" "));
    }
  }
});

test("the container's health check passes when the store is ready, and only then", async () => {
  const [, script] = /CMD \["node", "-e", "(fetch[^"]+)"\]/.exec(read("container/Containerfile"))!;
  const interrupt = new AbortController();
  let started: (url: string) => void;
  const url = new Promise<string>((resolve) => (started = resolve));
  const ended = command(["serve", "--json", "--store", '{"backend":"memory"}', "--port", "0"], {
    interrupt: interrupt.signal,
    onOutput(text) {
      const line = JSON.parse(text) as { event?: string; url?: string };
      if (line.event === "serving") started(line.url!);
    },
  });
  const check = async (): Promise<unknown> =>
    exec(process.execPath, ["-e", script!.replace("http://127.0.0.1:8787/", await url)]);
  await check();
  interrupt.abort();
  await ended;
  await assert.rejects(check(), (error: { code?: number }) => error.code === 1);
});

const analyze = "/usr/bin/systemd-analyze";
test("the unit starts the command, and systemd, where it is, finds nothing wrong with it", async () => {
  const path = join(folder, "shelflife.service");
  const text = read("systemd/shelflife.service");
  const [, start] = /^ExecStart=(\S+) serve --config \/etc\/shelflife\/shelflife\.yaml$/m.exec(text)!;
  for (const line of ["DynamicUser=yes", "StateDirectory=shelflife", "ProtectSystem=strict", "NoNewPrivileges=yes"])
    assert.ok(text.includes(`\n${line}\n`), line);
  if (!existsSync(analyze)) return;
  writeFileSync(path, text.replace(start!, process.execPath));
  const { stderr } = await exec(analyze, ["verify", path]);
  assert.equal(stderr, "");
  const { stdout } = await exec(analyze, ["security", "--offline=true", "--threshold=20", path]);
  assert.match(stdout, /Overall exposure level for shelflife\.service: 1\.\d OK/);
});
