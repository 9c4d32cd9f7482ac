// The development page: `dev.html?state=open-either&language=ru&appearance=dark`.
import "@fontsource-variable/inter/wght.css";

import "$lib/styles/tokens.css";
import "$lib/styles/base.css";

import type { Appearance } from "$lib/bindings/Appearance";
import type { Language } from "$lib/bindings/Language";

import { play } from "./stage";
import { states } from "./states";

const query = new URLSearchParams(location.search);

Object.assign(window, { stateNames: Object.keys(states) });

await play({
  state: query.get("state") ?? "start",
  language: (query.get("language") ?? "et") as Language,
  appearance: (query.get("appearance") ?? "light") as Appearance,
});
await document.fonts.ready;
document.documentElement.dataset["ready"] = "";
