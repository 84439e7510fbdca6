import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A running nginx. */
export interface Nginx {
  /** Has new workers take over, as after a change of the configuration; the old ones are ended. */
  reload(): void;
  stop(): Promise<void>;
}

/** Starts the system's nginx with some servers, which may use `app`: what listens on a port of loopback. */
export async function startNginx(app: number, servers: string): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), "shelflife-nginx-"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`); // prettier-ignore
  const configuration = join(folder, "nginx.conf");
  writeFileSync(
    configuration,
    `${process.getuid?.() === 0 ? "user root;" : ""}
daemon off; worker_processes 1; worker_shutdown_timeout 100ms; pid ${folder}/pid; error_log ${folder}/errors;
events { worker_connections 512; }
http {
  access_log off; client_max_body_size 8m; ${temporary.join(" ")}
  upstream app { server 127.0.0.1:${app}; keepalive 16; }
  ${servers}
}`,
  );
  const child: ChildProcess = spawn(find("nginx"), ["-c", configuration, "-e", join(folder, "errors")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = once(child, "exit");
  const port = Number(/listen 127\.0\.0\.1:(\d+)/.exec(servers)![1]);
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null || tries > 500) throw new Error(`nginx does not listen: ${said}`);
    if (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    reload: () => void child.kill("SIGHUP"),
    async stop() {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Returns a port that is free. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
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
