import { escape, prose, show, tag, writeTypes } from "./html.ts";
import { style } from "./style.ts";
import type { Openapi, OpenapiOperation, OpenapiResponse, Reference, Schema } from "./structure.ts";

/** A request of the document, with its place. */
interface PageOperation {
  readonly path: string;
  readonly method: string;
  readonly operation: OpenapiOperation;
}

/** Answers by their status. */
type Answers = readonly (readonly [status: string, response: OpenapiResponse])[];

/** Writes answers as a table. */
type WriteAnswers = (answers: Answers) => string;

/** Writes a document as a page for people: one file, that runs nothing and asks for nothing. Returns its style besides. */
export function writeDocsPage(document: Openapi): { text: string; style: string } {
  const { info, components } = document;
  const operations = operationsOf(document);
  const writeAnswers = createAnswers(document, operations);
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
${operations.map((each) => writeSection(each, writeAnswers)).join("\n")}
${writeRefusals(document, operations, writeAnswers)}
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
}

/** Returns the requests of a document but those that only ask what may be asked. */
function operationsOf({ paths }: Openapi): PageOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== "options")
      .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
}

function writeSection({ path, method, operation }: PageOperation, writeAnswers: WriteAnswers): string {
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
${requestBody ? `<tr><td>the body</td><td>${prose(requestBody.description)} ${writeTypes(requestBody.content)}</td></tr>` : ""}
</tbody>
</table>
<h3>How it is answered</h3>
${writeAnswers(answers)}
</section>`;
}

/** Writes once what may happen to every request, and what may happen to each that is no mere read. */
function writeRefusals(
  { components }: Openapi,
  operations: readonly PageOperation[],
  writeAnswers: WriteAnswers,
): string {
  const usual = Object.entries(components.responses);
  const ofAll = usual.filter(([status]) => operations.every(({ operation }) => status in operation.responses));
  const ofWrites = usual.filter((each) => !ofAll.includes(each));
  return `<section id="refusals">
<h2>Refusals</h2>
<p>What any request may be answered with, as a <code>Problem</code>.</p>
${writeAnswers(ofAll)}
<h3>What is no mere read, besides</h3>
${writeAnswers(ofWrites)}
</section>`;
}

/** Returns what writes answers with the headers that not all of them have. */
function createAnswers({ components }: Openapi, operations: readonly PageOperation[]): WriteAnswers {
  const resolve = (response: OpenapiResponse | Reference): OpenapiResponse =>
    "$ref" in response ? components.responses[response.$ref.split("/").at(-1)!]! : response;

  /** Whether every answer has a header. */
  function isUsual(name: string): boolean {
    return operations.every(({ operation }) =>
      Object.values(operation.responses).every((response) => name in resolve(response).headers),
    );
  }

  return (answers) => {
    const rows = answers.map(([status, { description, headers, content }]) => {
      const names = Object.keys(headers).filter((name) => name !== "content-length" && !isUsual(name));
      const more = [writeTypes(content), ...names.map((name) => `<code class="soft">${name}</code>`)]
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
  };
}

function writeShape([name, schema]: [string, Schema]): string {
  const { description } = schema as { description?: string };
  return `<dt><code>${name}</code></dt><dd>${description === undefined ? "" : prose(description)}<pre><code>${escape(show(schema))}</code></pre></dd>`;
}
