import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { test } from "vitest";
import { packageFolder } from "../../scripts/installPackage.mjs";
import { root } from "../../scripts/run.mjs";

const exec = promisify(execFile);
const compilers = {
  "5.4": "test/package/consumers/node_modules/typescript-5.4/bin/tsc",
  "5.9": "test/package/consumers/node_modules/typescript-5.9/bin/tsc",
  "6": "test/package/consumers/node_modules/typescript-6/bin/tsc",
  "7": "node_modules/typescript/bin/tsc",
};
// What a program may know of the platform.
const platforms = {
  "nothing of the platform": { lib: ["es2022"], types: [] },
  "Node's types and no DOM": { lib: ["es2022"], types: ["node"] },
  "the DOM and Node's types": { lib: ["es2022", "dom", "dom.iterable"], types: ["node"] },
  workers: { lib: ["es2022", "webworker"], types: [] },
};
const resolutions = {
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
};
// The strictest that a consumer may ask for: our declarations are checked too, with no more than a browser's library.
const strict = {
  target: "es2022",
  lib: ["es2022", "dom", "dom.iterable"],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  isolatedModules: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  noEmit: true,
};

async function compile(compiler: string, name: string, options: object, file = "consumer.ts"): Promise<string> {
  const config = `${packageFolder}tsconfig.${name}.json`;
  await writeFile(config, JSON.stringify({ compilerOptions: { ...strict, ...options }, files: [file] }));
  try {
    await exec(process.execPath, [root + compiler, "-p", config], { cwd: packageFolder });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  } finally {
    await rm(config);
  }
}

// In a file that is CommonJS, too.
for (const name of ["consumer.ts", "consumer.cts"])
  await copyFile(`${root}test/package/consumer.ts`, `${packageFolder}${name}`);

for (const [version, compiler] of Object.entries(compilers)) {
  for (const [resolution, options] of Object.entries(resolutions)) {
    // What it must not write is in it too, each line with the error that is expected of it.
    test(`a consumer compiles under TypeScript ${version}, ${resolution}`, async () => {
      const { version: actual } = JSON.parse(
        await readFile(root + compiler.replace("bin/tsc", "package.json"), "utf8"),
      );
      assert.ok(actual.startsWith(`${version}.`), `TypeScript is ${actual}`);
      assert.equal(await compile(compiler, `${version}-${resolution}`, options), "");
    });
  }
}

const required = {
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  node16: { module: "node16", moduleResolution: "node16" },
  // The former way, which knows no exports. TypeScript 6 gives it up.
  node10: { module: "commonjs", moduleResolution: "node10" },
};
for (const [version, compiler] of Object.entries(compilers)) {
  for (const [resolution, options] of Object.entries(required)) {
    if (resolution === "node10" && version >= "6") continue;
    test(`a consumer that is CommonJS compiles under TypeScript ${version}, ${resolution}`, async () => {
      const asCommonJs = { ...options, verbatimModuleSyntax: false };
      assert.equal(await compile(compiler, `${version}-${resolution}-cjs`, asCommonJs, "consumer.cts"), "");
    });
  }
}

await copyFile(`${root}test/package/portable.ts`, `${packageFolder}portable.ts`);

for (const [version, compiler] of Object.entries(compilers)) {
  for (const [known, options] of Object.entries(platforms)) {
    test(`a consumer with ${known} compiles under TypeScript ${version}`, async () => {
      const module = { module: "nodenext", moduleResolution: "nodenext", typeRoots: [`${root}node_modules/@types`] };
      const name = `${version}-${known.replace(/\W/g, "")}`;
      // The types of Node are not ours to check.
      const skipLibCheck = options.types.length > 0;
      assert.equal(await compile(compiler, name, { ...module, ...options, skipLibCheck }, "portable.ts"), "");
    });
  }
}

test("what is read fits what the platform takes, under every TypeScript that makes a difference", async () => {
  await copyFile(`${root}test/package/fits.ts`, `${packageFolder}fits.ts`);
  for (const [version, compiler] of Object.entries(compilers))
    assert.equal(await compile(compiler, `${version}-fits`, resolutions.nodenext, "fits.ts"), "", version);
});
