// What axe finds in every state. Light and dark are files of their own, which run at the same time.
import axe from "axe-core";
import { describe, expect, test } from "vitest";

import type { Appearance } from "$lib/bindings/Appearance";
import type { Language } from "$lib/bindings/Language";

import { play } from "../../../src/dev/stage";
import { states } from "../../../src/dev/states";

const languages: Language[] = ["et", "en", "ru"];

async function findings(): Promise<string[]> {
  const { violations } = await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  });
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

export function statesHaveNoFinding(appearance: Appearance): void {
  describe.each(Object.keys(states))("%s", (state) => {
    test.each(languages)(`has no finding in %s, ${appearance}`, async (language) => {
      const played = await play({ state, language, appearance });
      try {
        expect(await findings()).toEqual([]);
      } finally {
        await played.close();
      }
    });
  });
}
