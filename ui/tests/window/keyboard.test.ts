// The window with the keyboard alone.
import { userEvent } from "vitest/browser";
import { expect, test } from "vitest";

import { dropped, container, containerOf, documents, encrypted, keyFile, openedOf, records } from "../../src/dev/samples";
import { settle } from "../../src/dev/states";
import { begin, openContainer, played } from "./window";

function focused(): string {
  const element = document.activeElement as HTMLElement;
  const labels = (element as HTMLInputElement).labels;
  return element.getAttribute("aria-label") ?? labels?.[0]?.textContent.trim() ?? element.textContent.trim();
}

/** Presses Tab until the focus is on the control with this name. */
async function tabTo(name: string): Promise<void> {
  for (let step = 0; step < 60; step += 1) {
    await userEvent.keyboard("{Tab}");
    if (focused() === name) return;
  }
  throw new Error(`the Tab key never came to “${name}”, at last it was on “${focused()}”`);
}

async function press(keys: string): Promise<void> {
  await userEvent.keyboard(keys);
  await settle();
}

test("encrypts with a password", async () => {
  await begin();
  played.double.answers.files = dropped(documents);
  played.double.answers.encrypt = () => Promise.resolve(encrypted);
  await tabTo("Encrypt files…");
  await press("{Enter}");
  expect(focused()).toBe("Encrypt 3 files");
  await tabTo("Add a password");
  await press("{Enter}");
  expect(focused()).toBe("New password");
  await press("a Long passphrase of 5 words");
  await tabTo("The same password again");
  await press("a Long passphrase of 5 words{Enter}");
  expect(played.double.called("encrypt")[0]?.args.slice(1)).toEqual(["a Long passphrase of 5 words", null]);
  expect(focused()).toBe("Encrypted");
  await tabTo("Show in folder");
  await press("{Enter}");
  expect(played.double.called("reveal")).toHaveLength(1);
});

test("opens with a password: three actions after the double-click", async () => {
  await begin();
  played.double.answers.open = () => Promise.resolve(openedOf(3));
  await openContainer(records.password);
  expect(focused()).toBe("Password");
  await press("secret{Enter}");
  expect(played.double.called("open")[0]?.args[1]).toBe("secret");
  expect(focused()).toBe("Opened");
  await tabTo("Open folder");
});

test("chooses the way to open by arrow keys", async () => {
  await begin();
  played.double.answers.inspect = () => Promise.resolve(containerOf(records.password, records.key));
  played.double.answers.keyFile = { ...keyFile, needsPassword: false, fits: [1] };
  played.double.answers.open = () => Promise.resolve(openedOf(1));
  played.double.deliver(dropped([container], null));
  await settle();
  await userEvent.keyboard("{Shift>}{Tab}{/Shift}");
  await press("{ArrowRight}");
  await tabTo("Choose key file…");
  await press("{Enter}");
  await tabTo("Open with key file");
  await press("{Enter}");
  expect(played.double.called("open")[0]?.args[1]).toBeNull();
});

test("cancels by Escape and returns to what was filled in", async () => {
  await begin();
  played.double.answers.open = () => played.double.never();
  await openContainer(records.password);
  await press("secret{Enter}");
  expect(focused()).toBe("Opening");
  await press("{Escape}");
  expect(document.body.textContent).toContain("Cancelled. Nothing was saved.");
  expect(focused()).toBe("Password");
});

test("shows where the focus is", async () => {
  await begin();
  await tabTo("Encrypt files…");
  expect(getComputedStyle(document.activeElement!).outlineStyle).toBe("solid");
});

test("asks whether to stop when the window is closed, and keeps going by Escape", async () => {
  await begin();
  played.double.answers.open = () => played.double.never();
  await openContainer(records.password);
  await press("secret{Enter}");
  played.double.close();
  await settle();
  expect(focused()).toBe("Keep going");
  await press("{Escape}");
  expect(document.querySelector("dialog")).toBeNull();
  expect(played.double.called("cancel")).toEqual([]);
  played.double.close();
  await settle();
  await press("{Tab}");
  expect(focused()).toBe("Stop and close");
  await press("{Enter}");
  expect(played.double.called("stopAndClose")).toHaveLength(1);
});

test("selects all in a field or a list of files, never the whole window", async () => {
  await begin();
  played.double.deliver(dropped(documents));
  await settle();
  const selected = () => getSelection()?.toString() ?? "";
  await press("{Control>}a{/Control}");
  expect(selected()).toBe("");
  await tabTo(`Remove: ${documents[1]!.name}`);
  await press("{Control>}a{/Control}");
  for (const { name } of documents) expect(selected().replace(/\s/gu, "")).toContain(name.slice(-9).replace(/\s/gu, ""));
  expect(selected()).not.toContain("Add files");
  await tabTo("Add a password");
  await press("{Enter}");
  await press("kevad{Control>}a{/Control}suvi");
  expect((document.activeElement as HTMLInputElement).value).toBe("suvi");
});
