import { problemType } from "../server/reply.ts";
import type { Openapi, OpenapiOperation, OpenapiResponse, Reference } from "../openapi.ts";

type Schema = Readonly<Record<string, unknown>>;

const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d8dee4; --paper: #fff; --shade: #f5f7f9; --link: #0a58ca;
  --GET: #0a58ca; --HEAD: #57606a; --PUT: #8a5200; --POST: #1a7f37; --DELETE: #b42318 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9aa4af; --line: #343b43; --paper: #14171a; --shade: #1d2125; --link: #7ab7ff;
  --GET: #7ab7ff; --HEAD: #9aa4af; --PUT: #e3b15c; --POST: #6cc787; --DELETE: #ff9a8f } }
* { box-sizing: border-box }
html { scroll-padding-top: 1.5rem }
body { margin: 0; font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); overflow-wrap: anywhere }
a { color: var(--link); text-underline-offset: .2em }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px }
.skip { position: absolute; left: -99em } .skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem }
.page { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem }
nav { padding: .5rem 0 0; grid-area: nav }
header { grid-area: header } main { grid-area: main }
nav li.other { margin-top: .6rem } nav li.other + li { margin-top: 0 }
nav ul { list-style: none; margin: 0; padding: 0; columns: 9rem; column-gap: 1.5rem }
nav li { break-inside: avoid }
nav a { display: block; white-space: nowrap; padding: .2rem 0; text-decoration: none; color: inherit }
nav a:hover code { text-decoration: underline }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 2rem 0 .25rem }
.request { display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: baseline } .request .method { min-width: 0 }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 0 0 .25rem }
h3 { font-size: .95rem; margin: 1.4rem 0 .4rem }
p { margin: .5rem 0; max-width: 44rem }
.soft { color: var(--soft) }
section { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1.75rem }
section:target h2 { text-decoration: underline; text-decoration-thickness: 2px; text-underline-offset: .3em }
code, pre, .method { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .88em }
pre code { font-size: 1em }
pre { background: var(--shade); border: 1px solid var(--line); border-radius: 6px; padding: .7rem .9rem; margin: .6rem 0; white-space: pre-wrap }
.method { font-weight: 700; display: inline-block; min-width: 4.2em }
.GET { color: var(--GET) } .HEAD { color: var(--HEAD) } .PUT { color: var(--PUT) } .POST { color: var(--POST) } .DELETE { color: var(--DELETE) }
table { border-collapse: collapse; width: 100% }
th { text-align: left; font-size: .8rem; font-weight: 600; color: var(--soft); padding: 0 .9rem .25rem 0 }
td { vertical-align: top; padding: .4rem .9rem .4rem 0; border-top: 1px solid var(--line) }
td:first-child { width: 15rem } td:last-child { padding-right: 0 }
td code { white-space: nowrap }
dl { margin: 0 } dt { margin-top: .9rem; font-weight: 600 } dd { margin: 0 } 
footer { border-top: 1px solid var(--line); margin: 2.5rem 0 0; padding: 1.25rem 0 3rem }
@media (min-width: 62rem) {
  .page { display: grid; gap: 0 3.5rem; grid-template: "nav header" auto "nav main" 1fr / 14rem minmax(0, 1fr) }
  nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow: auto; padding: 2.4rem 0 }
  nav ul { columns: auto }
}
@media (max-width: 36rem) {
  thead { display: none } tr { display: block; border-top: 1px solid var(--line); padding: .4rem 0 }
  td, td:first-child { display: block; width: auto; border: 0; padding: 0 } td code { white-space: normal }
}
@media print { nav { display: none } }
`;

/** Writes a document as a page for people: one file, that runs nothing and asks for nothing. Returns its style besides. */
export function writeDocsPage(document: Openapi): { text: string; style: string } {
  const { info, paths, components } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== "options")
      .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  // What may happen to every request is told once, and so is what may to each that is no mere read.
  const usual = Object.entries(components.responses);
  const ofAll = usual.filter(([status]) => operations.every(({ operation }) => status in operation.responses));
  const ofWrites = usual.filter((each) => !ofAll.includes(each));

  const text = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(info.title)}: the requests of this store</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<a class="skip" href="#main">To the requests</a>
<div class="page">
<header>
<h1>${escape(info.title)}</h1>
<p class="soft">${prose(info.summary)}. Version ${escape(info.version)}, as <a href="openapi.json">OpenAPI ${escape(document.openapi)}</a>.</p>
<p>${prose(info.description)}</p>
<p>In the examples <code>$STORE</code> is the address of this page without <code>/docs</code>. Where a token is asked for, add <code>-H "Authorization: Bearer $TOKEN"</code>.</p>
</header>
<nav aria-label="Requests">
<ul>
${operations.map(({ path, method, operation }) => `<li><a href="#${operation.operationId}">${tag(method)} <code>${path}</code></a></li>`).join("\n")}
<li class="other"><a href="#refusals">Refusals</a></li>
<li><a href="#shapes">Shapes</a></li>
</ul>
</nav>
<main id="main">
${operations.map(writeSection).join("\n")}
<section id="refusals">
<h2>Refusals</h2>
<p>What any request may be answered with, as a <code>Problem</code>.</p>
${responseTable(ofAll)}
<h3>What is no mere read, besides</h3>
${responseTable(ofWrites)}
</section>
<section id="shapes">
<h2>Shapes</h2>
<p>Of what travels as JSON. A question mark is for what may be left out.</p>
<dl>
${Object.entries(components.schemas).map(writeShape).join("\n")}
</dl>
</section>
<footer class="soft">This page runs nothing and asks for nothing.</footer>
</main>
</div>
</body>
</html>
`;
  return { text, style };

  function writeSection({
    path,
    method,
    operation,
  }: {
    path: string;
    method: string;
    operation: OpenapiOperation;
  }): string {
    const { operationId, summary, description, parameters, requestBody, responses, security } = operation;
    const rights = security.flatMap((each) => Object.values(each).flat());
    const answers = Object.entries(responses).flatMap(([status, response]) =>
      "$ref" in response ? [] : [[status, response] as const],
    );
    return `<section id="${operationId}" aria-labelledby="${operationId}-title">
<h2 id="${operationId}-title">${escape(summary)}</h2>
<p class="request">${tag(method)} <code>${path}</code>${rights.length ? ` <span class="soft">needs the right to ${rights.join(" and ")}</span>` : ""}</p>
${description === undefined ? "" : `<p>${prose(description)}</p>`}
<pre><code>${escape(operation["x-curl"] ?? "")}</code></pre>
<h3>What it takes</h3>
<table>
<thead><tr><th>Name</th><th>What it is</th></tr></thead>
<tbody>
${parameters
  .map(
    ({ name, in: place, required, description, schema }) =>
      `<tr><td><code>${name}</code> ${place === "header" ? "header" : required ? "required" : ""}</td><td>${prose(description)} <code class="soft">${escape(show(schema))}</code></td></tr>`,
  )
  .join("\n")}
${requestBody ? `<tr><td>the body</td><td>${prose(requestBody.description)} ${types(requestBody.content)}</td></tr>` : ""}
</tbody>
</table>
<h3>How it is answered</h3>
${responseTable(answers)}
</section>`;
  }

  function resolve(response: OpenapiResponse | Reference): OpenapiResponse {
    return "$ref" in response ? components.responses[response.$ref.split("/").at(-1)!]! : response;
  }

  /** Writes answers with the headers that not all of them have. */
  function responseTable(responses: readonly (readonly [status: string, response: OpenapiResponse])[]): string {
    const rows = responses.map(([status, { description, headers, content }]) => {
      const names = Object.keys(headers).filter((name) => name !== "content-length" && !isUsual(name));
      const more = [types(content), ...names.map((name) => `<code class="soft">${name}</code>`)]
        .filter(Boolean)
        .join(", ");
      return `<tr><td><code>${status}</code></td><td>${prose(description)} ${more}</td></tr>`;
    });
    return `<table>
<thead><tr><th>Status</th><th>What it says</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>`;
  }

  /** Whether every answer has a header. */
  function isUsual(name: string): boolean {
    return operations.every(({ operation }) =>
      Object.values(operation.responses).every((response) => name in resolve(response).headers),
    );
  }
}

function writeShape([name, schema]: [string, Schema]): string {
  const { description } = schema as { description?: string };
  return `<dt><code>${name}</code></dt><dd>${description === undefined ? "" : prose(description)}<pre><code>${escape(show(schema))}</code></pre></dd>`;
}

function types(content: OpenapiResponse["content"] = {}): string {
  return Object.entries(content)
    .filter(([type]) => type !== problemType)
    .map(
      ([type, { schema = {} }]) =>
        `<code class="soft">${type}</code>${schema.$ref ? ` (<code class="soft">${show(schema)}</code>)` : ""}`,
    )
    .join(", ");
}

const tag = (method: string): string => `<span class="method ${method}">${method}</span>`;

/** Writes what a schema says as a type. */
function show(schema: Schema): string {
  const { $ref, oneOf, type, prefixItems, items, properties, required } = schema as {
    $ref?: string;
    oneOf?: Schema[];
    type?: string | string[];
    prefixItems?: Schema[];
    items?: Schema;
    properties?: Record<string, Schema>;
    required?: string[];
  };
  if ($ref) return $ref.split("/").at(-1)!;
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return (schema.enum as unknown[]).map((each) => JSON.stringify(each)).join(" | ");
  if (oneOf) return oneOf.map(show).join(" | ");
  if (prefixItems) return `[${prefixItems.map(show).join(", ")}]`;
  if (items) return /[ |]/.test(show(items)) && !/^[[{]/.test(show(items)) ? `(${show(items)})[]` : `${show(items)}[]`;
  if (properties) {
    const fields = Object.entries(properties).map(
      ([name, each]) => `${name}${required?.includes(name) ? "" : "?"}: ${show(each)}`,
    );
    return `{ ${fields.join(", ")} }`;
  }
  return Array.isArray(type) ? type.join(" | ") : (type ?? "bytes");
}

/** Writes text, and what it has between backticks as code. */
function prose(text: string): string {
  return escape(text).replaceAll(/`([^`]*)`/g, "<code>$1</code>");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
