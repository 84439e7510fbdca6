import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";

function output(script) {
  try {
    return (
      execFileSync("sh", ["-c", script], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() || undefined
    );
  } catch {
    return undefined;
  }
}

/** Finds a browser that Playwright downloaded for itself. */
function downloaded(name) {
  try {
    const path = createRequire(import.meta.url)("playwright")[name].executablePath();
    return existsSync(path) ? { path, isOurs: true } : undefined;
  } catch {
    return undefined;
  }
}

function installed(...names) {
  const path = output(names.map((name) => `command -v ${name}`).join(" || "));
  return path ? { path, isOurs: false } : undefined;
}

function webkitGtk() {
  const driver = output("command -v WebKitWebDriver");
  const display = output("command -v Xvfb");
  const path = output("dpkg -L libwebkit2gtk-4.1-0 webkit2gtk-driver | grep -m1 'MiniBrowser$'");
  return driver && display && path ? { path, driver, display, isOurs: false } : undefined;
}

/**
 * Where each browser is on this machine, or `undefined`: the system's own first, then Playwright's download.
 * @type {Record<"chromium" | "firefox" | "webkit", () => { path: string, isOurs: boolean, driver?: string, display?: string } | undefined>}
 */
export const browsers = {
  chromium: () => installed("chromium", "chromium-browser", "google-chrome") ?? downloaded("chromium"),
  firefox: () => installed("firefox-esr") ?? downloaded("firefox"),
  webkit: () => webkitGtk() ?? downloaded("webkit"),
};
