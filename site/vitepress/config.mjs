import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { defineConfig } from "vitepress";

// Written beside the pages by site/build.mjs.
const { base, version, guide, reference } = JSON.parse(readFileSync(new URL("site.json", import.meta.url), "utf8"));

/** What a page may load: what comes from where it comes from, and no script but those that it was built with. */
function policyOf(html) {
  const scripts = [...html.matchAll(/<script(?![^>]* src=)[^>]*>([^]*?)<\/script>/g)].map(
    ([, code]) => `'sha256-${createHash("sha256").update(code).digest("base64")}'`,
  );
  return [
    "default-src 'self'",
    `script-src 'self' ${scripts.join(" ")}`,
    // The colours of code are in its elements.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

/** A cell above a column that has no name is no header. */
function nameHeaders(md) {
  md.core.ruler.push("named-headers", ({ tokens }) => {
    tokens.forEach((token, index) => {
      if (token.type !== "th_open" || tokens[index + 1].content) return;
      for (const each of [token, tokens[index + 2]]) each.tag = "td";
    });
  });
}

export default defineConfig({
  lang: "en",
  title: "shelflife",
  description: "Bytes with an expiry, under one contract, wherever JavaScript runs",
  base,
  outDir: "dist",
  cleanUrls: false,
  head: [
    ["link", { rel: "icon", type: "image/svg+xml", href: `${base}icon.svg` }],
    ["meta", { name: "color-scheme", content: "light dark" }],
  ],
  // The list of pages is a file of its own, and not in each page.
  metaChunk: true,
  transformHtml: (html) =>
    html.replace("<head>", `<head>\n    <meta http-equiv="Content-Security-Policy" content="${policyOf(html)}">`),
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    // A word in braces is a type or an object, and no attribute; only the ids of headings are.
    config: nameHeaders,
    attrs: { allowedAttributes: ["id"] },
  },
  themeConfig: {
    logo: { src: "/icon.svg", alt: "" },
    search: { provider: "local" },
    nav: [
      { text: "Guide", link: "/guide/first-store", activeMatch: "^/(guide|backends)/" },
      { text: "API", link: "/reference/", activeMatch: "^/reference/" },
      {
        text: version,
        items: [
          { text: "Changelog", link: "/changelog" },
          { text: "Contributing", link: "/contributing" },
        ],
      },
    ],
    sidebar: { "/reference/": reference, "/": guide },
    outline: { level: [2, 3], label: "On this page" },
    docFooter: { prev: "Previous", next: "Next" },
  },
});
