import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

type Variants = [{ declarations: string[]; match: Record<string, string> }];
type Messages = Record<string, string | Variants>;

function messages(language: string): Messages {
  return JSON.parse(readFileSync(new URL(`../../messages/${language}.json`, import.meta.url), "utf8")) as Messages;
}

function texts(message: string | Variants): string[] {
  return typeof message === "string" ? [message] : Object.values(message[0].match);
}

/** The forms of a message, without one that is for the number one alone: 21 has its plural form, too, in Russian. */
function pluralForms([{ match }]: Variants): string[] {
  const forms = Object.keys(match).filter((form) => form !== "count=1, plural=*");
  return forms.map((form) => form.replace("count=*, ", "")).sort();
}

function placeholders(text: string): string[] {
  return [...new Set(text.match(/\{\w+\}/g))].sort();
}

const estonian = messages("et");

describe.each(["en", "ru"])("%s", (language) => {
  const other = messages(language);

  test("has the keys of Estonian", () => {
    expect(Object.keys(other).sort()).toEqual(Object.keys(estonian).sort());
  });

  test.each(Object.keys(estonian))("%s takes the same values", (key) => {
    // "1 file" need not repeat the number: the general form decides.
    const general = (message: string | Variants | undefined) => placeholders(texts(message ?? "").at(-1) ?? "");
    expect(general(other[key])).toEqual(general(estonian[key]));
  });
});

describe.each(["et", "en", "ru"])("%s", (language) => {
  const all = messages(language);
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories.map((form) => `plural=${form}`);
  const plurals = Object.keys(all).filter((key) => typeof all[key] !== "string");

  test.each(plurals)("%s has every plural form", (key) => {
    expect(pluralForms(all[key] as Variants)).toEqual([...forms].sort());
  });

  test("has no empty text and no space at an end", () => {
    const odd = Object.values(all).flatMap(texts).filter((text) => text === "" || text !== text.trim());
    expect(odd).toEqual([]);
  });
});
