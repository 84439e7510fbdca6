import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { S3Options } from "../../src/backends/s3.ts";
import { freePort } from "./freePort.ts";

/** A service of S3 that listens on loopback. */
export interface S3Server {
  /** What a store in its bucket is opened with. */
  readonly options: Pick<S3Options, "bucketName" | "endpoint" | "accessKeyId" | "secretAccessKey">;
  /** Kills the gateway in the middle of what it does. What it has stored stays. */
  stop(): Promise<void>;
  /** Starts the gateway again, at the same address. */
  start(): Promise<void>;
  close(): Promise<void>;
}

const accessKeyId = "AKTEST";
const secretAccessKey = "secret/of+the=gateway";
// How long each part has to begin: ms.
const longestStart = 60_000;

/**
 * Starts Ceph's gateway over a cluster of one monitor and one store in memory, all on loopback and with their files in a
 * folder that is removed afterwards, and makes a bucket.
 */
export async function startS3(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), "shelflife-s3-"));
  const children: ChildProcess[] = [];

  /** Starts a part that goes on. */
  function start(command: string, ...args: string[]): ChildProcess {
    const child = spawn(command, ["-c", "ceph.conf", ...args], { cwd: folder, stdio: "ignore" });
    children.push(child);
    return child;
  }

  /** Runs a command to its end. */
  async function run(command: string, ...args: string[]): Promise<void> {
    const child = spawn(command, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    let output = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
    const timer = setTimeout(() => child.kill("SIGKILL"), longestStart);
    const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
    clearTimeout(timer);
    if (code !== 0) throw new Error(`${command} ended with ${String(code)}: ${output.slice(-2000)}`);
  }

  async function kill(child: ChildProcess): Promise<void> {
    const ended = new Promise((resolve) => child.once("close", resolve));
    if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await ended;
  }

  async function close(): Promise<void> {
    for (const child of children.reverse()) await kill(child);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }

  try {
    const [monitor, gateway] = [await freePort(), await freePort()];
    const cluster = randomUUID();
    const osd = randomUUID();
    await writeFile(join(folder, "ceph.conf"), configuration(folder, cluster, monitor));
    await writeFile(join(folder, "keyring"), "");
    for (const name of ["osd", "rgw"]) await mkdir(join(folder, name));
    const address = `[v2:127.0.0.1:${monitor}]`;
    await run("monmaptool", "--create", "--fsid", cluster, "--addv", "a", address, "monmap");
    await run("ceph-mon", "-c", "ceph.conf", "-i", "a", "--mkfs", "--monmap", "monmap");
    start("ceph-mon", "-i", "a", "-f");
    await run("ceph", "-c", "ceph.conf", "--connect-timeout", "30", "osd", "new", osd);
    await run("ceph-osd", "-c", "ceph.conf", "-i", "0", "--mkfs", "--osd-uuid", osd);
    start("ceph-osd", "-i", "0", "-f");
    const keys = ["--access-key", accessKeyId, "--secret-key", secretAccessKey];
    await run("radosgw-admin", "-c", "ceph.conf", "user", "create", "--uid", "test", "--display-name", "test", ...keys);
    const endpoint = `http://127.0.0.1:${gateway}`;
    let running: ChildProcess;
    const startGateway = async (): Promise<void> => {
      running = start("radosgw", "-n", "client.admin", "-f", "--rgw-frontends", `beast endpoint=127.0.0.1:${gateway}`);
      await answering(endpoint);
    };
    await startGateway();
    await makeBucket(endpoint);
    const options = { bucketName: "bucket", endpoint, accessKeyId, secretAccessKey };
    return { options, stop: () => kill(running), start: startGateway, close };
  } catch (error) {
    const log = await readFile(join(folder, "client.admin.log"), "utf8").catch(() => "");
    await close();
    throw new Error(`Cannot start S3\n${log.slice(-2000)}`, { cause: error });
  }
}

async function answering(endpoint: string): Promise<void> {
  for (const end = Date.now() + longestStart; ;) {
    try {
      return void (await (await fetch(endpoint)).arrayBuffer());
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function makeBucket(endpoint: string): Promise<void> {
  const { AwsClient } = await import("aws4fetch");
  const client = new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region: "us-east-1", retries: 0 });
  const response = await client.fetch(`${endpoint}/bucket`, { method: "PUT" });
  if (!response.ok) throw new Error(`Cannot make a bucket: ${response.status} ${await response.text()}`);
}

/** One of everything, without keys between the parts, and without what only a real cluster needs. */
function configuration(folder: string, cluster: string, port: number): string {
  const lines = {
    fsid: cluster,
    "mon initial members": "a",
    "mon host": `[v2:127.0.0.1:${port}]`,
    "auth cluster required": "none",
    "auth service required": "none",
    "auth client required": "none",
    "ms mon client mode": "crc",
    "ms bind ipv6": false,
    "ms bind msgr1": false,
    "public addr": "127.0.0.1",
    "cluster addr": "127.0.0.1",
    "osd pool default size": 1,
    "osd pool default min size": 1,
    "osd pool default pg num": 1,
    "osd pool default pgp num": 1,
    "osd pool default pg autoscale mode": "off",
    "osd crush chooseleaf type": 0,
    "mon allow pool size one": true,
    "mon max pg per osd": 1000,
    "mon data avail crit": 1,
    "mon data avail warn": 2,
    "osd objectstore": "memstore",
    "memstore device bytes": 1 << 30,
    "osd class load list": "*",
    "osd class default list": "*",
    "rgw enable usage log": false,
    "rgw enable ops log": false,
    "rgw run sync thread": false,
    "rgw enable gc threads": false,
    "rgw enable lc threads": false,
    "rgw enable quota threads": false,
    "rgw num control oids": 1,
    "rgw gc max objs": 1,
    "rgw lc max objs": 1,
    "rgw data log num shards": 1,
    "rgw md log max shards": 1,
    "rgw objexp hints num shards": 1,
    "run dir": folder,
    "crash dir": folder,
    "admin socket": `${folder}/$name.asok`,
    "log file": `${folder}/$name.log`,
    "pid file": `${folder}/$name.pid`,
    "mon data": `${folder}/mon`,
    "osd data": `${folder}/osd`,
    "osd journal": `${folder}/osd/journal`,
    "rgw data": `${folder}/rgw`,
    keyring: `${folder}/keyring`,
  };
  return `[global]\n${Object.entries(lines)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join("")}`;
}
