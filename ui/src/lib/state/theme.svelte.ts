// Light or dark, as chosen or as the system has it. The stylesheet follows an attribute of the document.
import type { Appearance } from "$lib/bindings/Appearance";

class Theme {
  appearance = $state<Appearance>("system");
  #systemDark = $state(false);

  readonly dark: boolean = $derived(
    this.appearance === "dark" || (this.appearance === "system" && this.#systemDark),
  );

  /** Follows the system from now on; gives a function that stops. */
  follow(): () => void {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const update = () => (this.#systemDark = query.matches);
    update();
    query.addEventListener("change", update);
    return () => query.removeEventListener("change", update);
  }
}

export const theme = new Theme();
