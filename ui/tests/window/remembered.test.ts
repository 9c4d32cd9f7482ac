// What the keyring remembers: offered, refused, kept and forgotten.
import { beforeEach, expect, test } from "vitest";

import type { ContainerView } from "$lib/bindings/ContainerView";
import type { ErrorView } from "$lib/bindings/ErrorView";
import { failure } from "$lib/backend/failure";
import { m } from "$lib/paraglide/messages";

import { cards, container, containerOf, dropped, identity, noCards, openedOf, records, remembered } from "../../src/dev/samples";
import { choose, press, settle, type } from "../../src/dev/states";
import { begin, holds, played, screen, text } from "./window";

const [word, key] = remembered as [(typeof remembered)[0], (typeof remembered)[0]];
const PASSWORD = "correct horse";

beforeEach(() => begin());

async function show(more: Partial<ContainerView>, ...list: ContainerView["records"]): Promise<void> {
  const view = { ...containerOf(...list), ...more };
  played.double.answers.inspect = () => Promise.resolve(view);
  played.double.deliver(dropped([container], null));
  await settle();
}

const opens = () => (played.double.answers.open = () => Promise.resolve(openedOf(1)));
const fails = (error: ErrorView) => (played.double.answers.open = () => Promise.reject(error));
const given = () => played.double.called("open").at(-1)?.args;
const field = () => document.querySelector<HTMLInputElement>("input[type=password]");

test("what is remembered comes first, also before a card, and no secret comes from the page", async () => {
  await show({ remembered: [word] }, records.password, records.card);
  played.double.have(cards(identity()));
  await settle();
  expect(text()).toContain(m.open_ready_remembered_password());
  expect(document.activeElement?.textContent.trim()).toBe(m.open_with_remembered_password());
  opens();
  await press(m.open_with_remembered_password());
  expect(screen()).toBe("opened");
  expect(given()).toEqual([expect.objectContaining({ remembered: word.label, remember: false, keyFile: null, identity: null }), null]);
  expect(text()).toContain(m.keep_offer_own_password());
});

test.each([
  failure("wrong_password"),
  failure("not_a_recipient"),
  failure("keyring_unavailable"),
  failure("keyring_unavailable", { subject: word.label }),
])("what does not open it leaves the field and says why: $code", async (error) => {
  await show({ remembered: [word] }, records.password);
  fails(error);
  await press(m.open_with_remembered_password());
  expect(screen()).toBe("open");
  expect(document.activeElement).toBe(field());
  const note = document.querySelector("form [role=alert]")?.textContent ?? "";
  expect(note).toContain(
    error.code !== "keyring_unavailable" ? m.remembered_wrong_password({ label: `“${word.label}”` })
    : error.subject ? m.error_keyring_gone({ label: `“${word.label}”` })
    : m.error_keyring_unavailable(),
  );
  // Cards that come and go do not take the field away.
  played.double.have(cards(identity()));
  played.double.have(noCards);
  await settle();
  expect(field()).not.toBeNull();
  // What the person enters goes as ever, and the note is gone.
  fails(failure("wrong_password"));
  const input = field()!;
  input.value = PASSWORD;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await press(m.open_with_password());
  expect(given()).toEqual([expect.objectContaining({ remembered: null }), PASSWORD]);
  expect(text()).not.toContain(m.remembered_wrong_password({ label: `“${word.label}”` }));
  expect(holds(played.session, PASSWORD)).toBe(false);
});

test("a remembered key that does not open it leaves the choice of a file", async () => {
  await show({ remembered: [key] }, records.password, records.secret);
  expect(text()).toContain(m.open_ready_remembered_key());
  fails(failure("wrong_key"));
  await press(m.open_with_remembered_key());
  expect(document.activeElement?.textContent.trim()).toBe(m.choose_key());
  expect(text()).toContain(m.remembered_wrong_key({ label: `“${key.label}”` }));
});

test("what no usable record asks for is not offered", async () => {
  await show({ remembered: [word, key] }, records.costly, records.card);
  expect(text()).not.toContain(word.label);
  expect(text()).not.toContain(m.means_remembered());
});

test("an obstacle is answered without anything typed", async () => {
  await show({ remembered: [word] }, records.password);
  fails(failure("already_exists", { subject: "palgad.xlsx" }));
  await press(m.open_with_remembered_password());
  opens();
  await press(m.offer_keep_both());
  expect(screen()).toBe("opened");
  expect(given()).toEqual([expect.objectContaining({ remembered: word.label, names: { existing: "rename", safeNames: false } }), null]);
});

test("a copy is made by what is remembered, and by the password where that has gone", async () => {
  await show({ remembered: [word] }, records.password);
  opens();
  await press(m.open_with_remembered_password());
  await press(m.keep_button());
  expect(text()).not.toContain(m.keep_old_password());
  await press(m.password_suggest());
  played.double.answers.encrypt = () => Promise.reject(failure("keyring_unavailable", { subject: word.label }));
  await press(m.keep_button());
  expect(played.double.called("encryptAgain")[0]?.args.slice(0, 2)).toEqual([expect.objectContaining({ remembered: word.label }), null]);
  await type(m.keep_old_password(), PASSWORD);
  await press(m.password_suggest());
  await press(m.keep_button());
  expect(played.double.called("encryptAgain")[1]?.args.slice(0, 2)).toEqual([expect.objectContaining({ remembered: null }), PASSWORD]);
});

test("a password is remembered only when asked to, and only where it is found again", async () => {
  await show({}, records.password);
  expect(document.querySelector("input[type=checkbox]")).toBeNull();
  await show({ rememberAs: { label: word.label, replaces: false } }, records.password);
  expect(document.querySelector<HTMLInputElement>("input[type=checkbox]")?.checked).toBe(false);
  expect(text()).toContain(m.remember_box_as({ label: `“${word.label}”` }));
  fails(failure("wrong_password"));
  await type(m.password(), PASSWORD);
  await press(m.open_with_password());
  expect(given()).toEqual([expect.objectContaining({ remember: false }), PASSWORD]);
  await choose(m.remember_box());
  played.double.answers.open = () => Promise.resolve({ ...openedOf(1), notRemembered: failure("keyring_unavailable") });
  await type(m.password(), PASSWORD);
  await press(m.open_with_password());
  expect(given()).toEqual([expect.objectContaining({ remember: true }), PASSWORD]);
  expect(screen()).toBe("opened");
  expect(text()).toContain(m.not_remembered());
});

test("the box says when something is replaced", async () => {
  await show({ rememberAs: { label: word.label, replaces: true } }, records.password);
  expect(text()).toContain(m.remember_box_replaces({ label: `“${word.label}”` }));
});

test("forgetting is asked about, and the container below offers it no longer", async () => {
  await show({ remembered: [word] }, records.password);
  let kept = [...remembered];
  played.double.answers.remembered = () => Promise.resolve(kept);
  played.double.answers.forget = (label) => {
    kept = kept.filter((one) => one.label !== label);
    played.double.answers.inspect = () => Promise.resolve({ ...containerOf(records.password), remembered: [] });
    return Promise.resolve(kept);
  };
  await press(m.settings());
  await press(m.settings_keys());
  const forget = m.remembered_forget_named({ label: word.label });
  await press(forget);
  expect(document.activeElement?.textContent.trim()).toBe(m.remove_no());
  // Escape leaves the question alone.
  document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true }));
  await settle();
  expect(document.activeElement?.getAttribute("aria-label")).toBe(forget);
  expect(played.double.called("forgetRemembered")).toEqual([]);
  await press(forget);
  await press(m.remembered_forget_yes());
  expect(played.double.called("forgetRemembered")[0]?.args).toEqual([word.label]);
  expect(document.activeElement?.getAttribute("aria-label")).toBe(m.remembered_forget_named({ label: key.label }));
  await played.session.closeSettings();
  await settle();
  expect(text()).not.toContain(m.means_remembered());
  expect(text()).toContain(m.open_ready_password());
});

test("a list that cannot be read is told with its file and cause", async () => {
  const detail = "/home/mari/.config/kapsel/remembered.toml: missing field `kind`";
  played.double.answers.remembered = () =>
    Promise.reject(failure("settings_invalid", { subject: "~/.config/kapsel/remembered.toml", detail }));
  await press(m.settings());
  await press(m.settings_keys());
  expect(text()).toContain(m.remembered_broken_text({ file: "~/.config/kapsel/remembered.toml" }));
  expect(document.body.textContent).toContain(detail);
  expect(text()).not.toContain(m.error_settings_invalid_text());
});
