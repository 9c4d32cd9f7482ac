// The language of the window. Messages read it while they are drawn, so a change redraws exactly them.
import type { Language } from "$lib/bindings/Language";
import { overwriteGetLocale } from "$lib/paraglide/runtime";

class Locale {
  current = $state<Language>("et");
}

export const locale = new Locale();

overwriteGetLocale(() => locale.current);

/** Each language in its own words, in the order of the switch. */
export const languages: readonly { id: Language; name: string }[] = [
  { id: "et", name: "Eesti" },
  { id: "en", name: "English" },
  { id: "ru", name: "Русский" },
];
