// What axe finds in every state, in each language: everything while it is light, and what depends on colours when it is dark.
import axe, { type RunOptions } from "axe-core";
import { flushSync } from "svelte";
import { describe, expect, test } from "vitest";

import type { Language } from "$lib/bindings/Language";

import { play } from "../../src/dev/stage";
import { states } from "../../src/dev/states";

const languages: Language[] = ["et", "en", "ru"];

const everything: RunOptions = {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
};
const colours: RunOptions = { runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } };

async function findings(options: RunOptions): Promise<string[]> {
  const { violations } = await axe.run(document, { ...options, resultTypes: ["violations"] });
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

describe.each(Object.keys(states))("%s", (state) => {
  test.each(languages)("has no finding in %s, light and dark", async (language) => {
    const played = await play({ state, language, appearance: "light" });
    try {
      expect(await findings(everything)).toEqual([]);
      played.session.setAppearance("dark");
      flushSync();
      expect(document.documentElement.dataset["theme"]).toBe("dark");
      expect(await findings(colours)).toEqual([]);
    } finally {
      await played.close();
    }
  });
});
