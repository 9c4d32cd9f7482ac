import { tick } from "svelte";

/** After a row is gone, moves the focus to the row that took its place, else to the title of the screen. */
export async function focusRow(list: HTMLElement, index: number): Promise<void> {
  await tick();
  const buttons = list.querySelectorAll<HTMLElement>("[data-remove]");
  const next = list.isConnected ? (buttons[index] ?? buttons[buttons.length - 1]) : undefined;
  (next ?? document.querySelector<HTMLElement>("h1"))?.focus();
}
