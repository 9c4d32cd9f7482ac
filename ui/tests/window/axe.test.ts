import axe from "axe-core";
import { describe, expect, test } from "vitest";

import type { Appearance } from "$lib/bindings/Appearance";
import type { Language } from "$lib/bindings/Language";

import { play } from "../../src/dev/stage";
import { states } from "../../src/dev/states";

const languages: Language[] = ["et", "en", "ru"];
const appearances: Appearance[] = ["light", "dark"];

async function findings(): Promise<string[]> {
  const { violations } = await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  });
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

describe.each(Object.keys(states))("%s", (state) => {
  test.each(languages.flatMap((language) => appearances.map((appearance) => ({ language, appearance }))))(
    "has no finding in $language, $appearance",
    async ({ language, appearance }) => {
      const played = await play({ state, language, appearance });
      try {
        expect(await findings()).toEqual([]);
      } finally {
        await played.close();
      }
    },
  );
});
