import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { parse } from "svelte/compiler";
import { describe, expect, test } from "vitest";

const source = fileURLToPath(new URL("../../src", import.meta.url));

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const files = filesBelow(source)
  .map((path) => ({ path: relative(source, path).replaceAll("\\", "/"), text: readFileSync(path, "utf8") }))
  .filter(({ path }) => /\.(ts|svelte)$/.test(path) && !path.startsWith("lib/paraglide/"));
const components = files.filter(({ path }) => path.endsWith(".svelte"));

function pathsOf(found: { path: string }[]): string[] {
  return found.map(({ path }) => path);
}

type Node = Record<string, unknown>;

/** Every node of a syntax tree but those below attributes that people never meet. */
function* nodes(value: unknown): Generator<Node> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value) && "type" in value) {
    const node = value as Node;
    yield node;
    if (node["type"] === "Attribute" && !/^(aria-label|title|placeholder|alt|label)$/.test(String(node["name"]))) return;
  }
  for (const child of Object.values(value)) yield* nodes(child);
}

test("only lib/backend knows Tauri", () => {
  const users = files.filter(({ text }) => text.includes("@tauri-apps"));
  expect(pathsOf(users).filter((path) => !path.startsWith("lib/backend/"))).toEqual([]);
});

test("only the development page and tests use the double", () => {
  const users = files.filter(({ text }) => /from ["'].*\/double["']/.test(text));
  expect(pathsOf(users).filter((path) => !path.startsWith("dev/"))).toEqual([]);
  expect(pathsOf(files.filter(({ path, text }) => !path.startsWith("dev/") && text.includes("/dev/")))).toEqual([]);
});

test("each command has one wrapper", () => {
  const text = readFileSync(join(source, "lib/backend/commands.ts"), "utf8");
  const list = /commandNames = \[([^\]]*)\]/.exec(text)?.[1] ?? "";
  const names = [...list.matchAll(/"(\w+)"/g)].map((match) => match[1]);
  const called = [...text.matchAll(/call<[^(]*>\("(\w+)"/g)].map((match) => match[1]);
  expect(called.sort()).toEqual(names.sort());
});

describe.each(components)("$path", ({ text }) => {
  const tree = parse(text, { modern: true });
  const markup = [...nodes(tree.fragment)];

  test("holds no words", () => {
    const words = markup
      .filter((node) => node["type"] === "Text" && /\p{L}/u.test(String(node["data"])))
      .map((node) => String(node["data"]).trim());
    expect(words).toEqual([]);
  });

  test("sets no style and no markup that the security policy would refuse", () => {
    const refused = markup.filter(
      (node) =>
        node["type"] === "StyleDirective" ||
        node["type"] === "HtmlTag" ||
        (node["type"] === "Attribute" && node["name"] === "style"),
    );
    expect(refused).toEqual([]);
  });
});
