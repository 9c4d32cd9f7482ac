// Keys in parts: persons by code, "one is enough" and "all are needed", and what is told when opening.
import { userEvent } from "vitest/browser";
import { expect, test } from "vitest";

import type { EncryptionDraft } from "$lib/bindings/EncryptionDraft";
import type { OpenDraft } from "$lib/bindings/OpenDraft";
import type { ServersView } from "$lib/bindings/ServersView";
import { failure } from "$lib/backend/failure";
import { m } from "$lib/paraglide/messages";
import { errorWords } from "$lib/texts/errors";

import {
  cards,
  containerOf,
  documents,
  encrypted,
  identity,
  keyFile,
  openedOf,
  osadA,
  osadB,
  otherIdentity,
  people,
  records,
  ria,
  shareServers,
  twoServers,
} from "../../src/dev/samples";
import { choose, press, settle, type } from "../../src/dev/states";
import { begin, deliver, openContainer, played, text } from "./window";

const CODE = "60001019906";

/** Files to encrypt, by these servers. */
async function draftBy(servers: ServersView): Promise<void> {
  await begin("start");
  played.session.servers = servers;
  await deliver(documents);
}

async function addByCode(code: string): Promise<void> {
  await press("Add personal code");
  await type("Personal code", code);
  await press("Add");
}

async function addCertificate(): Promise<void> {
  played.double.answers.recipients = people.slice(0, 1);
  await press("Add certificates");
}

const draft = () => played.double.called("planEncryption").at(-1)?.args[0] as EncryptionDraft;

/** What the program would answer: over these servers. */
function splitOver(servers: readonly string[], leftOut: readonly string[] = []) {
  const shares = [{ recipient: CODE, servers: [...servers], leftOut: [...leftOut] }];
  played.double.answers.plan = () => ({ delivery: { leftOut: [], shares, until: null } });
}

test("a person by code is a recipient, and all servers are needed", async () => {
  await begin("shares-entry");
  splitOver([osadA.name, osadB.name]);
  await type("Personal code", CODE);
  await userEvent.keyboard("{Enter}");
  await settle();
  expect(draft().persons).toEqual([`PNOEE-${CODE}`]);
  expect(draft().recipients).toEqual([]);
  expect(draft().delivery).toEqual({ servers: ["osad-a", "osad-b"], days: null, needed: "one" });
  expect(text()).toContain("Esimene võtmeserver and Teine võtmeserver, all are needed to open");
  expect(text()).toContain("none alone can help open it");
  expect(text()).toContain("By personal code");
  // There is no such thing as a person's key inside the file.
  await press("Change how the key travels");
  expect(text()).not.toContain("Inside the file");
  expect(text()).not.toContain("One is enough");
});

test("a mistyped code is said at its field, and nothing is added", async () => {
  await begin("shares-entry");
  await type("Personal code", "3800108571");
  await press("Add");
  expect(text()).toContain("This is no personal code. A digit is missing or wrong. Check all 11 digits.");
  const input = document.querySelector<HTMLInputElement>("input[aria-invalid=true]")!;
  expect(document.activeElement).toBe(input);
  expect(played.double.called("planEncryption").every((call) => (call.args[0] as EncryptionDraft).persons.length === 0)).toBe(true);
  await userEvent.keyboard("{Escape}");
  await settle();
  expect(document.activeElement?.textContent).toContain("Add personal code");
});

test("the same person twice is one recipient, and is removed by name", async () => {
  await begin("shares-entry");
  await type("Personal code", CODE);
  await press("Add");
  await addByCode(CODE);
  expect(draft().persons).toEqual([`PNOEE-${CODE}`]);
  await addByCode("38001085718");
  expect(draft().persons).toHaveLength(2);
  await press(m.remove({ name: CODE }));
  expect(draft().persons).toEqual(["PNOEE-38001085718"]);
});

test("beside a certificate, the parts of a person's key are told apart from the capsule", async () => {
  await draftBy(shareServers);
  await addCertificate();
  splitOver([osadA.name, osadB.name]);
  await addByCode(CODE);
  expect(text()).toContain(`${CODE}: parts of the key are kept on Esimene võtmeserver and Teine võtmeserver, and all are needed`);
  await press("Change how the key travels");
  await choose("Inside the file");
  // The capsule stands in the file then; the person's key is still split, over servers of the list.
  expect(draft().delivery.servers).toEqual([]);
  expect(text()).toContain("The key travels inside the file");
  expect(text()).toContain("all are needed to open");
});

test("whether one server is enough or all are needed is the sender's choice", async () => {
  await draftBy(shareServers);
  await addCertificate();
  await press("Change how the key travels");
  expect(text()).toContain("One of them is enough to open.");
  await choose("All are needed");
  expect(draft().delivery).toEqual({ servers: ["osad-a", "osad-b"], days: null, needed: "all" });
  expect(text()).toContain("While one of them is down, it does not open.");
  expect(text()).toContain("none alone can help open it");
  // Which of them cannot take part is said beside it.
  expect(text()).toContain("keeps no parts of keys");
  await choose("One is enough");
  expect(draft().delivery.needed).toBe("one");
  expect(text()).not.toContain("none alone can help open it");
});

test("without servers that keep parts there is no such choice", async () => {
  await draftBy(twoServers);
  await addCertificate();
  await press("Change how the key travels");
  expect(text()).not.toContain("All are needed");
});

test("who is no person leads back to one server being enough", async () => {
  await draftBy(shareServers);
  played.double.answers.plan = ({ delivery }) =>
    delivery.needed === "all" ? { blockers: [failure("not_a_person", { subject: "Toomas Tamm" })] } : {};
  await addCertificate();
  await press("Change how the key travels");
  await choose("All are needed");
  expect(text()).toContain("The key cannot be split");
  await press("One server is enough");
  expect(draft().delivery.needed).toBe("one");
  expect(text()).not.toContain("The key cannot be split");
});

test("too few servers are told of where they are chosen", async () => {
  await begin("shares-entry");
  played.double.answers.plan = () => ({ blockers: [failure("too_few_share_servers", { number: 1 })] });
  await type("Personal code", CODE);
  await press("Add");
  const part = document.querySelector<HTMLElement>("[data-delivery]")!;
  expect(part.innerText).toContain("Too few servers for parts of the key");
  expect(part.innerText).toContain("Chosen now: 1.");
  await press("Server settings");
  expect(played.session.settings.open).toBe(true);
});

test("servers that keep parts come beside those that are chosen by default", async () => {
  await draftBy({ ...shareServers, servers: [ria, osadA, osadB], chosen: ["ria"] });
  await addByCode(CODE);
  expect(draft().delivery.servers).toEqual(["ria", "osad-a", "osad-b"]);
});

test("the encrypted file says that all are needed", async () => {
  await begin("shares-entry");
  splitOver([osadA.name, osadB.name]);
  const shares = [{ recipient: CODE, servers: [osadA.name, osadB.name], leftOut: [] }];
  played.double.answers.encrypt = () => Promise.resolve({ ...encrypted, shares, keptUntil: Date.UTC(2028, 4, 1) / 1000 });
  await type("Personal code", CODE);
  await press("Add");
  await press("Encrypt for 1 recipient");
  expect(text()).toContain("Parts of the key are kept on Esimene võtmeserver and Teine võtmeserver. All are needed to open it.");
  expect(text()).toContain("Opens until 1 May 2028");
});

async function openByCard(...list: Parameters<typeof containerOf>): Promise<void> {
  await begin("shares-open-card");
  await openContainer(...list);
}

test("it opens with the person's key file, through all of its servers", async () => {
  await openByCard(records.shares);
  expect(text()).toContain("parts of the key: Esimene võtmeserver and Teine võtmeserver, all are needed");
  played.double.answers.keyFile = { ...keyFile, needsPassword: false, fits: [8] };
  played.double.answers.open = () => Promise.resolve(openedOf(1));
  await choose(m.means_key());
  await press(m.choose_key());
  expect(text()).toContain("The parts of the key are fetched from Esimene võtmeserver and Teine võtmeserver, all of which are needed.");
  await press(m.open_with_key());
  expect((played.double.called("open")[0]?.args[0] as OpenDraft).keyFile).toBe(keyFile.id);
});

test("it opens with a card of the person at hand, and with nobody else's", async () => {
  await openByCard(records.shares);
  expect(played.session.screen.name === "open" && played.session.screen.opening.identities.map(({ holder }) => holder)).toEqual([
    identity().holder,
  ]);
  expect(text()).toContain("all of which are needed");
  played.double.have(cards(otherIdentity));
  await settle();
  expect(played.session.screen.name === "open" && played.session.screen.opening.identities).toEqual([]);
});

test("a server that no list has is the one that is named", async () => {
  await openByCard(records.sharesLost);
  expect(text()).toContain("osad-x.example");
});

test("of a failed opening it says how many are needed and which are missing", async () => {
  await openByCard(records.shares);
  const error = failure("server_unreachable", { subject: "osad-b", number: 2, names: ["osad-b"] });
  expect(errorWords(error).text).toBe("No connection to Teine võtmeserver. All 2 servers are needed to open it.");
  const both = failure("server_unreachable", { subject: "osad-b", number: 3, names: ["osad-b", "osad-a"] });
  expect(errorWords(both).text).toBe(
    "No connection to Teine võtmeserver. All 3 servers are needed to open it; missing: Teine võtmeserver and Esimene võtmeserver.",
  );
  expect(errorWords(failure("server_unreachable", { subject: "osad-b" })).text).toBe("No connection to Teine võtmeserver.");
});
