// Numbers, sizes, dates and lists as people write them in the chosen language.
import type { Language } from "$lib/bindings/Language";
import { m } from "$lib/paraglide/messages";

import { locale } from "./locale.svelte";

/** How numbers and dates are written; English as in Europe: 24 Nov 2029, 16:05. */
const conventions: Record<Language, string> = { et: "et-EE", en: "en-GB", ru: "ru-RU" };
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
const DAY = 86_400;

/** Gives the power of 1000 and the value in it, with three figures at most. */
function scale(bytes: number): { unit: (typeof UNITS)[number]; value: number; digits: number } {
  let step = 0;
  let value = bytes;
  // 999.95 kB would be shown as 1,000 kB.
  while (value >= 999.5 && step < UNITS.length - 1) {
    value /= 1000;
    step += 1;
  }
  return { unit: UNITS[step] ?? "byte", value, digits: step > 0 && value < 99.95 ? 1 : 0 };
}

/** `12.5 kB`, `12,5 kB`, `12,5 кБ`. */
export function size(bytes: number): string {
  const { unit, value, digits } = scale(bytes);
  return new Intl.NumberFormat(conventions[locale.current], {
    style: "unit",
    unit,
    unitDisplay: unit === "byte" ? "long" : "short",
    maximumFractionDigits: digits,
  }).format(value);
}

/** `240 MB/s`. */
export function speed(bytesPerSecond: number): string {
  const { unit, value, digits } = scale(Math.max(bytesPerSecond, 1000));
  return new Intl.NumberFormat(conventions[locale.current], {
    style: "unit",
    unit: `${unit}-per-second`,
    unitDisplay: "short",
    maximumFractionDigits: digits,
  }).format(value);
}

/** `12 s`, `3 min`, `2 h`, rounded to what a waiting person wants to know. */
export function duration(seconds: number): string {
  const [unit, value] =
    seconds < 90
      ? (["second", Math.max(1, Math.round(seconds))] as const)
      : seconds < 5400
        ? (["minute", Math.round(seconds / 60)] as const)
        : (["hour", Math.round(seconds / 3600)] as const);
  return new Intl.NumberFormat(conventions[locale.current], { style: "unit", unit, unitDisplay: "short" }).format(value);
}

/** Letters that run from right to left. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** A foreign name within a sentence: it does not turn round what stands beside it. Where it stands alone, `<bdi>` does the same. */
export function isolated(name: string): string {
  return RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name;
}

/** What nobody sees, or what reorders text, but for the few signs among those that are seen, such as the Arabic number sign. */
const UNSEEN =
  /(?![\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A name of a file with a sign for each character that nobody sees: names that people are offered go back to the program as they stand. */
export function marked(name: string): string {
  return name.replace(UNSEEN, "\ufffd");
}

/** `1 234`. */
export function number(value: number): string {
  return new Intl.NumberFormat(conventions[locale.current]).format(value);
}

/** `24 Nov 2029`, from unix seconds. */
export function date(at: number): string {
  const written = new Intl.DateTimeFormat(conventions[locale.current], { dateStyle: "medium" }).format(at * 1000);
  // Russian adds "г." for the year, which no sentence of ours wants.
  // A date is not broken at the end of a line.
  return written.replace(/\s?г\.$/u, "").replace(/\s/gu, "\u00a0");
}

/** `today 10:42`, `yesterday 10:42`, else the date. */
export function moment(at: number, now: number = Date.now() / 1000): string {
  const days = calendarDays(at, now);
  if (days < -1 || days > 0) return date(at);
  const day = new Intl.RelativeTimeFormat(conventions[locale.current], { numeric: "auto" }).format(days, "day");
  const time = new Intl.DateTimeFormat(conventions[locale.current], { timeStyle: "short" }).format(at * 1000);
  return `${day} ${time}`;
}

function calendarDays(at: number, now: number): number {
  const midnight = (seconds: number) => new Date(seconds * 1000).setHours(0, 0, 0, 0) / 1000;
  return Math.round((midnight(at) - midnight(now)) / DAY);
}

/** Names of recipients; an empty one stands for whoever knows the password, who comes last. */
export function recipientNames(names: readonly string[]): readonly string[] {
  const named = names.filter((name) => name !== "").map(isolated);
  return named.length < names.length ? [...named, m.who_knows_password()] : named;
}

/** `Mari`, `Mari and Toomas`, `Mari and 2 others`. */
export function people(names: readonly string[]): string {
  const [first = "", second = ""] = names;
  if (names.length < 2) return first;
  if (names.length === 2) return m.people_two({ first, second });
  return m.people_more({ first, count: names.length - 1 });
}

/** All names: `Mari, Toomas and Jüri`. */
export function list(names: readonly string[]): string {
  return new Intl.ListFormat(conventions[locale.current], { type: "conjunction" }).format(names);
}

/** One of them: `RIA or Demo`. */
export function anyOf(names: readonly string[]): string {
  return new Intl.ListFormat(conventions[locale.current], { type: "disjunction" }).format(names);
}

/** A SHA-256 in hex, in blocks that the eye can compare. */
export function blocks(fingerprint: string): readonly string[] {
  return fingerprint.toUpperCase().match(/.{1,4}/gu) ?? [];
}

/** First letter large, for a phrase that begins a line. */
export function capital(phrase: string): string {
  return phrase.charAt(0).toLocaleUpperCase(locale.current) + phrase.slice(1);
}
