// The settings: whether they stand over the screen, which part of them, and what is being written down there.
import { tick } from "svelte";

export type Section = "keys" | "servers" | "network" | "general" | "about";

/** A server as a person writes it down, field by field. */
export interface ServerForm {
  id: string;
  sender: string;
  recipient: string;
  name: string;
  organisation: string;
}

export class Settings {
  /** Whether they are shown. The screen below waits as it is, with all that was typed there. */
  open = $state(false);
  section = $state<Section>("servers");
  /** Whether a server is being written down. */
  adding = $state(false);
  /** Kept until the server is added. */
  readonly form = $state<ServerForm>(empty());

  #before: HTMLElement | null = null;

  show(section: Section | null): void {
    if (!this.open) this.#before = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    if (section) this.section = section;
    this.open = true;
  }

  /** Leads back to the button that led here. */
  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    const before = this.#before;
    this.#before = null;
    await tick();
    (before?.isConnected ? before : document.querySelector<HTMLElement>("h1"))?.focus();
  }

  clearForm(): void {
    Object.assign(this.form, empty());
    this.adding = false;
  }
}

function empty(): ServerForm {
  return { id: "", sender: "", recipient: "", name: "", organisation: "" };
}
