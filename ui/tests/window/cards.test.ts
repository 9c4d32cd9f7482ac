// Cards that come and go, and the dialog for the PIN.
import { userEvent } from "vitest/browser";
import { expect, test } from "vitest";

import type { KeysView } from "$lib/bindings/KeysView";
import { Double } from "$lib/backend/double";
import { failure } from "$lib/backend/failure";
import { Session } from "$lib/state/session.svelte";

import {
  cards,
  containerOf,
  documents,
  dropped,
  encrypted,
  failedModule,
  identity,
  noCards,
  openedOf,
  otherIdentity,
  recipient,
  records,
  token,
  tokens,
} from "../../src/dev/samples";
import { choose, press, settle, type } from "../../src/dev/states";
import { begin as launch, openContainer, played, screen } from "./window";

async function begin(keys: KeysView, ...list: Parameters<typeof containerOf>): Promise<void> {
  await launch();
  await have(keys);
  await openContainer(...list);
}

async function have(keys: KeysView): Promise<void> {
  played.double.have(keys);
  await settle();
}

/** The dialog for the PIN of Mari's card. */
async function ask(): Promise<void> {
  await begin(cards(identity()), records.card, records.key);
  await press("Open with ID-card");
}

async function enter(pin: string, label = "PIN1"): Promise<void> {
  await type(label, pin);
  await press("Open");
}

const dialog = () => document.querySelector("dialog");
const field = () => dialog()?.querySelector<HTMLInputElement>("input[type=password]") ?? null;
const said = () => dialog()?.textContent.replace(/\s+/g, " ").trim() ?? "";
const sent = () => played.double.called("openWithPin");
const title = () => document.querySelector("h2")?.textContent;
const focused = () => document.activeElement?.textContent.trim();

test("the PIN goes to the program once, and is wiped", async () => {
  await ask();
  played.double.answers.pin = () => Promise.resolve(openedOf(1));
  const input = field()!;
  await enter("1234");
  expect(sent()).toHaveLength(1);
  expect(sent()[0]?.args).toEqual([expect.objectContaining({ identity: identity().id, keyFile: null }), "1234", false]);
  expect(input.value).toBe("");
  expect([screen(), dialog()]).toEqual(["opened", null]);
});

test.each(["", "123", "12a4", "١٢٣٤"])("“%s” is no PIN, and nothing is sent", async (pin) => {
  await ask();
  await enter(pin);
  expect(said()).toContain("PIN1 has 4 to 12 digits. Nothing was sent to the card.");
  expect(sent()).toEqual([]);
});

test("a wrong PIN is told with the tries that are left, and is not sent again", async () => {
  await ask();
  expect(said()).toContain("3 tries are left.");
  played.double.answers.pin = () => Promise.reject(failure("pin_incorrect", { number: 2 }));
  await enter("9999");
  expect(said()).toContain("The PIN was wrong. 2 tries are left.");
  expect([sent().length, field()!.value, document.activeElement]).toEqual([1, "", field()]);
});

test("a reader with a PIN pad takes the PIN itself, which never comes here", async () => {
  await ask();
  await have(cards(identity({}, { entry: "onReader" })));
  expect(field()).toBe(null);
  expect(said()).toContain("Enter PIN1 on the reader’s PIN pad");
  played.double.answers.pin = () => Promise.reject(failure("pin_cancelled"));
  await press("Open");
  expect(sent().map(({ args }) => args.slice(1))).toEqual([[null, false]]);
  expect(said()).toContain("PIN entry was cancelled.");
  played.double.answers.pin = () => Promise.resolve(openedOf(1));
  await press("Open");
  expect(screen()).toBe("opened");
});

test("the last try is taken only after a confirmation, each time", async () => {
  await ask();
  played.double.answers.pin = () => Promise.reject(failure("pin_last_try", { number: 1 }));
  await enter("1234");
  expect(said()).toContain("PIN1 has one try left.");
  await enter("1234");
  expect(said()).toContain("Confirm that the last try may be used.");
  expect(sent()).toHaveLength(1);
  dialog()!.querySelector<HTMLInputElement>("input[type=checkbox]")!.click();
  await settle();
  await enter("1234");
  expect(sent().map(({ args }) => args[2])).toEqual([false, true]);
  expect(dialog()!.querySelector<HTMLInputElement>("input[type=checkbox]")!.checked).toBe(false);
});

test.each([
  ["pin_blocked", "The PIN is blocked", "PUK"],
  ["pin_change_required", "The PIN must be changed first", "DigiDoc4"],
] as const)("%s leaves nothing to enter", async (code, heading, next) => {
  await ask();
  played.double.answers.pin = () => Promise.reject(failure(code));
  await enter("1234");
  expect(said()).toContain(heading);
  expect(said()).toContain(next);
  expect(field()).toBe(null);
  await press("Close");
  expect([dialog(), screen()]).toEqual([null, "open"]);
});

test("a card that is taken out is asked for again, and what was typed is gone", async () => {
  await ask();
  await type("PIN1", "1234");
  await have(noCards);
  expect(said()).toContain("Insert the card again");
  expect(field()).toBe(null);
  await have(cards(otherIdentity));
  expect(said()).toContain("Insert the card again");
  await have(cards(identity()));
  expect(field()!.value).toBe("");
  expect(document.activeElement).toBe(field());
});

test("a card that is taken out while it is used says so, and nothing is sent again", async () => {
  await ask();
  let fail: (error: unknown) => void = () => undefined;
  played.double.answers.pin = () => new Promise((_, reject) => (fail = reject));
  await enter("1234");
  expect(said()).toContain("Do not remove the card.");
  await have(noCards);
  expect(said()).toContain("Do not remove the card.");
  fail(failure("card_removed"));
  await settle();
  expect(said()).toContain("Insert the card again");
  await have(cards(identity()));
  expect([field()?.value, sent().length]).toEqual(["", 1]);
});

test("the dialog goes when the card has done its part", async () => {
  await ask();
  played.double.answers.pin = () => played.double.never();
  await enter("1234");
  const progress = { done: 0, total: null, rate: 0, remaining: null, servers: [] };
  played.double.advance({ step: "fetching", ...progress });
  await settle();
  expect([screen(), said().includes("Fetching the key from servers")]).toEqual(["open", true]);
  played.double.advance({ step: "verifying", ...progress });
  await settle();
  expect([screen(), dialog()]).toEqual(["working", null]);
  await press("Cancel");
  expect([screen(), played.session.notice]).toEqual(["open", "cancelled"]);
});

test("it can be cancelled while the card is used, and before", async () => {
  await ask();
  played.double.answers.pin = () => played.double.never();
  await enter("1234");
  await userEvent.keyboard("{Escape}");
  await settle();
  expect(played.double.called("cancel")).toHaveLength(1);
  expect([dialog(), screen(), played.session.notice]).toEqual([null, "open", "cancelled"]);
  await press("Open with ID-card");
  await userEvent.keyboard("{Escape}");
  await settle();
  expect([dialog(), focused()]).toEqual([null, "Open with ID-card"]);
});

test("the keyboard alone opens, and does not leave the dialog", async () => {
  await begin(cards(identity()), records.card);
  expect(focused()).toBe("Open with ID-card");
  await userEvent.keyboard("{Enter}");
  await settle();
  expect(document.activeElement).toBe(field());
  for (let step = 0; step < 5; step += 1) {
    await userEvent.keyboard("{Tab}");
    const { activeElement } = document;
    expect(activeElement === document.body || dialog()!.contains(activeElement)).toBe(true);
  }
  played.double.answers.pin = () => Promise.resolve(openedOf(1));
  field()!.focus();
  await userEvent.keyboard("1234{Enter}");
  await settle();
  expect(screen()).toBe("opened");
});

test("what is wrong with the container has its page, and the PIN is asked for once more", async () => {
  await ask();
  played.double.answers.pin = () => Promise.reject(failure("already_exists", { subject: "a.txt" }));
  await enter("1234");
  expect([dialog(), screen()]).toEqual([null, "failed"]);
  played.double.answers.pin = () => Promise.resolve(openedOf(1));
  await press("Keep both");
  expect(said()).toContain("Enter PIN1");
  await enter("1234");
  expect(sent().map(({ args }) => (args[0] as { names: { existing: string } }).names.existing)).toEqual(["refuse", "rename"]);
});

test("a card that comes is the way, unless the person has chosen another", async () => {
  await begin(noCards, records.password, records.card);
  expect(title()).toBe("Opens with a password or an ID-card");
  await have(cards(otherIdentity));
  expect(title()).toBe("Opens with a password or an ID-card");
  await have(cards(identity()));
  expect(title()).toBe("Opens with your ID-card");
  expect(document.body.textContent).toContain("Open with ID-card");
  await choose("Password");
  await have(noCards);
  await have(cards(identity()));
  expect(played.session.screen.name === "open" && played.session.screen.opening.means).toBe("password");
});

test("what to insert is told, and what stands in the way", async () => {
  await begin(noCards, records.card);
  const note = () => document.querySelector("div.note")?.textContent.replace(/\s+/g, " ").trim();
  expect(note()).toContain("Insert the card of Mari Maasikas.");
  await have(cards(otherIdentity));
  expect(note()).toContain("The card in the reader is another one (Jaak-Kristjan Jõeorg).");
  await have({ ...noCards, readers: [], problem: failure("no_pcsc") });
  expect(note()).toContain("The smart-card service is not running");
  await press("Cards and readers");
  expect(played.session.settings.section).toBe("keys");
});

test("looking at the lists again does not bring back a card that has gone", async () => {
  await begin(cards(identity()), records.card);
  let answer: () => void = () => undefined;
  const view = containerOf(records.card);
  played.double.answers.inspect = () => new Promise((resolve) => (answer = () => resolve(view)));
  played.session.settingsChanged();
  await have(noCards);
  answer();
  await settle();
  expect(document.body.textContent).not.toContain("Open with ID-card");
});

test("a card that came while the window started is not forgotten", async () => {
  await launch();
  const { start } = played.double.answers;
  const double = new Double({ start });
  const session = new Session({
    ...double.backend,
    start: () => {
      double.have(cards(identity()));
      return Promise.resolve(start);
    },
  });
  await session.start();
  expect(session.keys.identities.map(({ holder }) => holder)).toEqual(["Mari Maasikas"]);
});

test("what arrives while the PIN is asked for waits", async () => {
  await ask();
  played.double.deliver(dropped(documents));
  await settle();
  expect([screen(), dialog() !== null, played.session.held.flatMap(({ files }) => files).length]).toEqual(["open", true, documents.length]);
});

test("a container that a card opened is kept by the same card", async () => {
  await ask();
  played.double.answers.pin = () => Promise.resolve(openedOf(1));
  played.double.answers.encrypt = () => Promise.resolve(encrypted);
  await enter("1234");
  await press("Encrypt again");
  await press("Suggest one");
  await press("Encrypt again");
  await enter("4321");
  const [call] = played.double.called("encryptAgainWithPin");
  expect(call?.args.slice(1, 4)).toEqual(["4321", false, "kR7mX-w4TqN-hZ2bV-9cPfJ-Yd6sG"]);
  expect(screen()).toBe("encrypted");
});

test("the holder of a card is added once, and stays when the card goes", async () => {
  await launch();
  await have(cards(identity()));
  played.double.answers.recipientFromKey = () => Promise.resolve(recipient("Mari Maasikas", "MM"));
  played.double.deliver(dropped(documents));
  await settle();
  await press("Add me: Mari Maasikas");
  expect(played.double.called("recipientFromKey")[0]?.args).toEqual([identity().id]);
  const buttons = () => [...document.querySelectorAll("button")].map((button) => button.textContent.trim());
  expect(buttons()).not.toContain("Add me: Mari Maasikas");
  await have(noCards);
  expect(buttons()).toContain("Encrypt for 1 recipient");
  await have(cards(identity()));
  await press("Remove: Mari Maasikas");
  expect(buttons()).toContain("Add me: Mari Maasikas");
});

test("of two cards, the footer names the one that the container is for", async () => {
  await begin(cards(otherIdentity, identity()), records.card);
  const footer = () => document.querySelector("footer")?.textContent;
  expect(footer()).toContain("ID-card: Mari Maasikas");
  expect(footer()).not.toContain("Jaak-Kristjan");
});

const obstacle = () => failure("already_exists", { subject: "letter.txt", names: ["letter.txt"] });

test("after an obstacle no second PIN is asked for, and nothing stays unlocked once it is opened", async () => {
  await ask();
  played.double.answers.pin = () => Promise.reject(obstacle());
  await enter("1234");
  expect(screen()).toBe("failed");
  played.double.answers.unlocked = () => Promise.resolve(openedOf(1));
  await press("Keep both");
  expect([screen(), dialog(), sent().length]).toEqual(["opened", null, 1]);
  const [again] = played.double.called("openUnlocked");
  expect(again?.args[0]).toMatchObject({ identity: identity().id, names: { existing: "rename" } });
  expect(played.double.called("lockAgain")).toHaveLength(1);
});

test("when the time to decide is over, the PIN is asked for again", async () => {
  await ask();
  played.double.answers.pin = () => Promise.reject(obstacle());
  await enter("1234");
  await press("Keep both");
  expect(said()).toContain("Enter PIN1");
});

test("whoever leaves at an obstacle leaves nothing unlocked", async () => {
  await ask();
  played.double.answers.pin = () => Promise.reject(obstacle());
  await enter("1234");
  expect(played.double.called("lockAgain")).toHaveLength(0);
  played.session.home();
  expect(played.double.called("lockAgain")).toHaveLength(1);
});

test("a token's PIN may be any text, and its words are its own", async () => {
  await begin(tokens(token()), records.card);
  await press("Open with token");
  expect(said()).toContain("Enter the token’s PIN");
  played.double.answers.pin = () => Promise.reject(failure("pin_incorrect", { subject: "token" }));
  await enter("wrong horse", "PIN");
  expect(sent()[0]?.args.slice(1)).toEqual(["wrong horse", false]);
  expect(said()).toContain("The PIN was wrong");
  await have(tokens(token({}, { triesLeft: 0 })));
  expect(said()).toContain("software that came with the token");
});

test("a token says that a wrong PIN was entered before, and a card says how many tries are left", async () => {
  await begin(tokens(token({}, { wasWrong: true })), records.card);
  await press("Open with token");
  expect(said()).toContain("A wrong PIN was entered before. The token does not tell how many tries are left.");
  expect(document.getElementById(field()?.getAttribute("aria-describedby") ?? "")?.textContent).toContain("A wrong PIN");
  await have(tokens(token()));
  expect(said()).not.toContain("A wrong PIN was entered before");
  await have(tokens(token({}, { triesLeft: 1 })));
  expect(said()).toContain("The PIN has one try left.");
});

test("a chosen module that fails is told where its key might open, with the way to mend it", async () => {
  await begin(failedModule(), records.key);
  const note = () => [...document.querySelectorAll("[role=status]")].find(({ textContent }) => textContent.includes("PKCS#11"));
  expect(note()?.textContent).toContain("(opensc-pkcs11.so). It is not there, or cannot be loaded on this system.");
  await press("Cards and readers");
  expect(played.session.settings.section).toBe("keys");
  await played.session.closeSettings();
  // As soon as it answers, there is nothing to say.
  await have(tokens());
  expect(note()).toBeUndefined();
  // One that the person did not choose says nothing here.
  await have({ ...failedModule(), modules: failedModule().modules.map((module) => ({ ...module, isChosen: false })) });
  expect(note()).toBeUndefined();
});

test("a module that fails is nobody’s concern where a password opens", async () => {
  await begin(failedModule(), records.password);
  expect(document.body.textContent).not.toContain("PKCS#11");
});

test("a token that needs no PIN opens at once", async () => {
  await begin(tokens(token({}, { entry: "notNeeded" })), records.card);
  played.double.answers.pin = () => Promise.resolve(openedOf(1));
  await press("Open with token");
  await settle();
  expect(sent().map(({ args }) => args.slice(1))).toEqual([[null, false]]);
  expect(screen()).toBe("opened");
});
