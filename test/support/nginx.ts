import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { until } from "./until.ts";

/** A running nginx. */
export interface Nginx {
  /** Has new workers take over, as after a change of the configuration, and resolves when the old ones have ended. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the system's nginx with some servers, which may use `app`: what listens on a port of loopback. */
export async function startNginx(app: number, servers: string): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), "shelflife-nginx-"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`); // prettier-ignore
  const configuration = join(folder, "nginx.conf");
  const errors = join(folder, "errors");
  writeFileSync(
    configuration,
    `${process.getuid?.() === 0 ? "user root;" : ""}
daemon off; worker_processes 1; worker_shutdown_timeout 100ms; pid ${folder}/pid; error_log ${errors} notice;
events { worker_connections 512; }
http {
  access_log off; client_max_body_size 8m; ${temporary.join(" ")}
  upstream app { server 127.0.0.1:${app}; keepalive 16; }
  ${servers}
}`,
  );
  const child: ChildProcess = spawn(find("nginx"), ["-c", configuration, "-e", errors], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = once(child, "exit");
  const port = Number(/listen 127\.0\.0\.1:(\d+)/.exec(servers)![1]);
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`nginx does not listen: ${said}`);
    return fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false); // prettier-ignore
  });
  /** How many workers have ended. */
  const gone = (): number => readFileSync(errors, "utf8").match(/worker process \d+ exited/g)?.length ?? 0;
  return {
    async reload() {
      const before = gone();
      child.kill("SIGHUP");
      await until(() => gone() > before);
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Servers are often where only root looks. */
function find(name: string): string {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  const isThere = (path: string): boolean => {
    try {
      accessSync(path);
      return true;
    } catch {
      return false;
    }
  };
  return folders.map((folder) => join(folder, name)).find(isThere) ?? name;
}
