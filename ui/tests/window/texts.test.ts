import { beforeEach, describe, expect, test } from "vitest";

import type { Language } from "$lib/bindings/Language";
import { failure } from "$lib/backend/failure";
import { m } from "$lib/paraglide/messages";
import { codes, errorWords, technical } from "$lib/texts/errors";
import { date, duration, isolated, marked, moment, number, people, recipientNames, size, speed } from "$lib/texts/format";
import { locale } from "$lib/texts/locale.svelte";

const SPACE = /\s/gu;
const plain = (text: string) => text.replace(SPACE, " ");

describe.each<[Language, Record<string, string>]>([
  [
    "et",
    { small: "1 bait", kilo: "12,5 kB", giga: "3,4 GB", rate: "412 MB/sek", time: "12 sek", more: "Mari ja veel 2" },
  ],
  [
    "en",
    { small: "1 byte", kilo: "12.5 kB", giga: "3.4 GB", rate: "412 MB/s", time: "12 secs", more: "Mari and 2 others" },
  ],
  ["ru", { small: "1 байт", kilo: "12,5 кБ", giga: "3,4 ГБ", rate: "412 МБ/с", time: "12 с", more: "Mari и ещё 2" }],
])("%s", (language, expected) => {
  beforeEach(() => {
    locale.current = language;
  });

  test("writes sizes, speeds and times", () => {
    expect(plain(size(1))).toBe(expected["small"]);
    expect(plain(size(12_500))).toBe(expected["kilo"]);
    expect(plain(size(3_400_000_000))).toBe(expected["giga"]);
    // Some engines write the Russian second with a Latin letter.
    expect(plain(speed(412_000_000)).replace("/c", "/с")).toBe(expected["rate"]);
    expect(plain(duration(12))).toBe(expected["time"]);
  });

  test("counts the people that are not named", () => {
    expect(people(["Mari", "Toomas", "Jüri"])).toBe(expected["more"]);
  });

  test.each(codes)("has words for %s, whether or not it is about something", (code) => {
    for (const error of [failure(code), failure(code, { subject: "x", number: 2, names: ["Mari"] })]) {
      const words = Object.values(errorWords(error));
      expect(words.every((text: string) => text.length > 3 && !text.includes("{"))).toBe(true);
    }
  });
});

test("offers no way past a limit that nobody can raise", () => {
  locale.current = "en";
  const words = errorWords(failure("limits_exceeded", { subject: "recipient records", number: 8192 }));
  expect(words.text).toBe("Its list of recipients is larger than any program takes.");
  expect(words.next).toBe("Ask the sender to encrypt again, for fewer recipients.");
});

test("never rounds up to a thousand of the smaller unit", () => {
  locale.current = "en";
  expect(plain(size(999_960))).toBe("1 MB");
});

test("names today and yesterday", () => {
  locale.current = "en";
  const noon = new Date(2026, 10, 24, 12).getTime() / 1000;
  expect(moment(noon - 3600, noon)).toContain("today");
  expect(moment(noon - 86_400, noon)).toContain("yesterday");
  expect(moment(noon - 3 * 86_400, noon)).toBe(date(noon - 3 * 86_400));
});

test("gives technical detail in one form", () => {
  const error = failure("damaged", { subject: "a.cdoc2", detail: "tag" });
  expect(technical(error, "0.1.0")).toBe("Kapsel 0.1.0\ncode: damaged\nsubject: a.cdoc2\ndetail: tag");
});

test.each<Language>(["et", "en", "ru"])("writes a number the same way in sentences and alone (%s)", (language) => {
  locale.current = language;
  const sentences = [
    m.and_more_files({ count: 12_000 }),
    m.encrypt_title({ count: 12_000 }),
    m.opened_many({ count: 12_000 }),
    m.encrypted_text({ count: 12_000, size: "1 MB", folder: "~" }),
    m.files_troubled({ count: 12_000 }),
  ];
  for (const sentence of sentences) {
    expect(plain(sentence)).toContain(plain(number(12_000)));
    expect(sentence).not.toContain("12000");
  }
});

test("keeps a name that runs from right to left from turning round the sentence", () => {
  locale.current = "en";
  expect(isolated("report.pdf")).toBe("report.pdf");
  expect(marked("re\u200bport\u{e0041}.pdf \u0600")).toBe("re\ufffdport\ufffd.pdf \u0600");
  expect(m.encrypted_ready({ name: isolated("דוח.cdoc2") })).toBe("\u2068דוח.cdoc2\u2069 is ready");
});

test("shows what reorders text in technical details as what it is", () => {
  expect(technical(failure("internal", { detail: "cannot read a\u202egpj.exe\u001b[2J\nx" }), "1")).toContain(
    "cannot read a\\u{202e}gpj.exe\\u{1b}[2J\\u{a}x",
  );
});

test("calls those who know a password so", () => {
  locale.current = "en";
  expect(people(recipientNames(["", "Mari"]))).toBe("Mari and whoever knows the password");
});

test.each<[Language, string]>([
  ["et", "Ümbrik avaneb parooliga."],
  ["en", "The container opens with a password."],
  ["ru", "Контейнер открывается паролем."],
])("says of a key for a container that only a password opens what does (%s)", (language, sentence) => {
  locale.current = language;
  expect(errorWords(failure("not_a_recipient", { names: [""] })).text).toBe(sentence);
  const mixed = errorWords(failure("not_a_recipient", { names: ["Mari", ""] })).text;
  expect(mixed).toContain("Mari");
  expect(mixed).not.toContain(m.who_knows_password());
});

test("says what is wrong with a name", () => {
  locale.current = "en";
  const about = { subject: "a:b.txt", reason: { kind: "character", character: ":" } } as const;
  expect(errorWords(failure("name_not_allowed", about)).text).toContain("The name has the character “:”");
});

test("says how short a key is, and what is needed", () => {
  locale.current = "en";
  const { text } = errorWords(failure("recipient_key_weak", { subject: "mari.cer", number: 1024 }));
  expect(text).toContain("1024 bits");
  expect(text).toContain("at least 2048");
});
