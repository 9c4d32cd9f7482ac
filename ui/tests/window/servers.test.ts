// Servers: how capsules travel, what is asked of servers when opening, and the settings.
import { page, userEvent } from "vitest/browser";
import { expect, test } from "vitest";

import type { Code } from "$lib/bindings/Code";
import type { EncryptionDraft } from "$lib/bindings/EncryptionDraft";
import type { OpenDraft } from "$lib/bindings/OpenDraft";
import type { ServersView } from "$lib/bindings/ServersView";
import { failure } from "$lib/backend/failure";
import { offers } from "$lib/state/offers";
import { errorWords, messageToSender, technical } from "$lib/texts/errors";

import {
  badReport,
  certificate,
  containerOf,
  deceits,
  documents,
  encrypted,
  file,
  goodReport,
  keyFile,
  noServers,
  openedOf,
  password,
  people,
  pin,
  records,
  ria,
  server,
  shown,
  twoServers,
} from "../../src/dev/samples";
import { play } from "../../src/dev/stage";
import { choose, press, settle, type, unfold } from "../../src/dev/states";
import { begin, deliver, holds, openContainer, played, screen, text } from "./window";

/** A draft for the first of the people. */
async function draft(): Promise<void> {
  await deliver(documents);
  played.double.answers.recipients = people.slice(0, 1);
  await press("Add certificates");
}

const withKey = { ...keyFile, name: "mari.pem", needsPassword: false, fits: [3, 7] };

const delivery = () => {
  const { servers, days } = (played.double.called("planEncryption").at(-1)?.args[0] as EncryptionDraft).delivery;
  return { servers, days };
};

function field(label: string): HTMLInputElement {
  const labels = [...document.querySelectorAll("label")];
  const found = labels.find((candidate) => candidate.textContent.trim().startsWith(label) && candidate.checkVisibility());
  return (document.getElementById(found?.htmlFor ?? "") ?? found!.querySelector("input")) as HTMLInputElement;
}

async function tick(label: string): Promise<void> {
  const named = document.querySelector<HTMLElement>(`input[aria-label="${label}"]`);
  (named ?? field(label)).click();
  await settle();
}

async function select(label: string, value: string): Promise<void> {
  const box = document.querySelector<HTMLSelectElement>(`select[aria-label="${label}"]`)!;
  box.value = value;
  box.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
}

function focused(): string {
  const element = document.activeElement as HTMLElement;
  return element.getAttribute("aria-label") ?? element.textContent.trim();
}

/** Presses the button with this name by the keyboard. */
async function activate(name: string): Promise<void> {
  const buttons = [...document.querySelectorAll<HTMLElement>("button")];
  const button = buttons.find(
    (candidate) => (candidate.getAttribute("aria-label") ?? candidate.textContent.trim()) === name,
  );
  button!.focus();
  await keys("{Enter}");
}

async function keys(text: string): Promise<void> {
  await userEvent.keyboard(text);
  await settle();
}

async function openSettings(section = "Servers"): Promise<void> {
  await activate("Settings");
  await press(section);
}

test("the way to more files stays in sight above a long choice of servers", async () => {
  await begin("delivery-choice");
  const add = [...document.querySelectorAll("button")].find((button) => button.textContent.trim() === "Add files")!;
  const { x, y, width, height } = add.getBoundingClientRect();
  expect(add.contains(document.elementFromPoint(x + width / 2, y + height / 2))).toBe(true);
});

test("proposes the default servers and says until when it opens", async () => {
  await begin("start-servers");
  played.double.answers.plan = () => ({ delivery: { leftOut: [], shares: [], until: Date.UTC(2028, 4, 1) / 1000 } });
  await draft();
  expect(delivery()).toEqual({ servers: ["ria", "demo"], days: null });
  expect(text()).toContain("RIA or Demo, one is enough");
  expect(text()).toContain("Opens until 1 May 2028");
  await select("How long it can be opened", "30");
  expect(delivery()).toEqual({ servers: ["ria", "demo"], days: 30 });
  await select("How long it can be opened", "");
  expect(delivery().days).toBeNull();
});

test("lets other servers be chosen, those that cannot be used excepted, or the file", async () => {
  await begin("start-servers");
  await draft();
  await press("Change how the key travels");
  expect(field("Keskusserver").disabled).toBe(true);
  expect(text()).toContain("The server's certificate is not in this list yet.");
  await tick("RIA");
  expect(delivery().servers).toEqual(["demo"]);
  await tick("RIA");
  expect(delivery().servers).toEqual(["ria", "demo"]);
  await tick("RIA");
  await tick("Demo");
  await press("Encrypt for 1 recipient");
  expect(text()).toContain("Choose at least one server, or leave the key in the file.");
  expect(played.double.called("encrypt")).toEqual([]);
  await tick("Inside the file");
  expect(delivery()).toEqual({ servers: [], days: null });
  expect(text()).toContain("The key travels inside the file");
  await tick("Through servers");
  expect(delivery().servers).toEqual(["ria", "demo"]);
  await press("Done");
  expect(focused()).toBe("Change how the key travels");
});

test("encrypts through the servers that were chosen", async () => {
  await begin("start-servers");
  played.double.answers.encrypt = () => Promise.resolve(encrypted);
  await draft();
  await press("Encrypt for 1 recipient");
  expect((played.double.called("encrypt")[0]?.args[0] as EncryptionDraft).delivery.servers).toEqual(["ria", "demo"]);
});

test("chooses servers by keyboard, without encrypting by the way", async () => {
  await begin("start-servers");
  await draft();
  document.querySelector<HTMLElement>("[data-change]")!.focus();
  await keys("{Enter}");
  expect((document.activeElement as HTMLInputElement).value).toBe("servers");
  await keys("{Tab}{ }");
  expect(delivery().servers).toEqual(["demo"]);
  await keys("{Enter}");
  expect(played.double.called("encrypt")).toEqual([]);
  await keys("{Escape}");
  expect(focused()).toBe("Change how the key travels");
  expect(document.querySelector("[data-delivery] fieldset")).toBeNull();
});

test("says nothing of servers when only a password opens it, and sends none", async () => {
  await begin("start-servers");
  await deliver(documents);
  await press("Add a password");
  expect(delivery()).toEqual({ servers: [], days: null });
  expect(document.querySelector("[data-delivery]")?.textContent).not.toMatch(/server|RIA/i);
  played.double.answers.recipients = people.slice(0, 1);
  await press("Add certificates");
  expect(delivery().servers).toEqual(["ria", "demo"]);
  expect(text()).toContain("With the password it opens without a server");
});

test("names who is left out on which server", async () => {
  await begin("start-servers");
  played.double.answers.plan = () => ({
    delivery: { leftOut: [{ recipient: "Toomas Tamm", servers: ["Demo"] }], shares: [], until: null },
  });
  await draft();
  expect(text()).toContain("Toomas Tamm: Demo takes no keys of this kind, so the key goes to the other servers.");
  expect(text()).toContain("Opens as long as a server keeps the key");
});

test.each<[Code, string, string | null]>([
  ["server_unknown", "None of your lists has the server RIA.", "Server settings"],
  ["server_unusable", "The server RIA is on the list", "Server settings"],
  ["server_list_invalid", "The list of servers has a mistake", "Server settings"],
  ["settings_invalid", "The settings have a mistake", "Network settings"],
  ["recipient_unusable", "Not possible through a server: Toomas Tamm", null],
  ["recipient_expired", "No server keeps a key for it: “Toomas Tamm”.", null],
])("shows %s where servers are chosen, and the file as the way out", async (code, words, settings) => {
  await begin("start-servers");
  played.double.answers.plan = ({ delivery }) =>
    delivery.servers.length > 0
      ? { blockers: [failure(code, { subject: code.startsWith("recipient") ? "Toomas Tamm" : "ria", detail: "in detail" })] }
      : {};
  await draft();
  const part = document.querySelector<HTMLElement>("[data-delivery]")!;
  expect(part.innerText).toContain(words);
  expect(part.textContent).toContain("in detail");
  if (settings) {
    await press(settings);
    expect(played.session.settings.open).toBe(true);
    await keys("{Escape}");
  }
  await press("Inside the file instead");
  expect(delivery().servers).toEqual([]);
  expect(part.innerText).not.toContain(words);
  expect(focused()).toBe("Change how the key travels");
});

test("says why there is no plan at all", async () => {
  await begin("start-servers");
  played.double.backend.planEncryption = () => Promise.reject(failure("server_list_invalid"));
  await draft();
  expect(text()).toContain("The list of servers has a mistake");
});

test("shows how far each server is, and who was not needed", async () => {
  await begin("start-servers");
  played.double.answers.encrypt = () => played.double.never();
  await draft();
  await press("Encrypt for 1 recipient");
  const steps = () => [...document.querySelectorAll(".steps > li")].map((step) => step.textContent.replace(/\s+/g, " ").trim());
  expect(steps()).toEqual(["Bringing the keys to servers", "Encrypting", "Saving the result"]);
  const ask = { id: "demo", name: "Demo", state: "asked" as const, code: null };
  const progress = { done: 0, total: null, rate: 0, remaining: null };
  played.double.advance({
    ...progress,
    step: "delivering",
    servers: [ask, { id: "ria", name: "RIA", state: "failed", code: "server_timeout" }],
  });
  await settle();
  expect(steps()[0]).toContain("Demo waiting for an answer");
  expect(steps()[0]).toContain("RIA answers too slowly");
  played.double.advance({ ...progress, step: "encrypting", servers: [] });
  await settle();
  expect(steps()[0]).toContain("Demo not needed");
  expect(steps()[0]).toContain("RIA answers too slowly");
});

test("tells of fetching only when it is known or happens", async () => {
  await begin("start-servers");
  played.double.answers.open = () => played.double.never();
  await openContainer(records.password, records.server);
  await keys("secret{Enter}");
  expect(text()).not.toContain("Fetching the key from servers");
  const progress = { step: "fetching" as const, done: 0, total: null, rate: 0, remaining: null, servers: [] };
  played.double.advance(progress);
  await settle();
  expect(text()).toContain("Fetching the key from servers");
});

test("cannot be led to the settings while something runs", async () => {
  await begin("start-servers");
  played.double.answers.open = () => played.double.never();
  await openContainer(records.password);
  await type("Password", "secret");
  await press("Open with password");
  expect(document.querySelector("[aria-label=Settings]")).toBeNull();
  played.session.openSettings();
  expect(played.session.settings.open).toBe(false);
});

test("says who keeps the keys, and until when, also in the text to send along", async () => {
  await begin("start-servers");
  const keptUntil = Date.UTC(2028, 4, 1) / 1000;
  played.double.answers.encrypt = () => Promise.resolve({ ...encrypted, servers: ["RIA", "Demo"], keptUntil });
  await draft();
  await press("Encrypt for 1 recipient");
  expect(text()).toContain("The key is kept on RIA and Demo. One of them is enough to open it.");
  expect(text()).toContain("Opens until 1 May 2028");
  await press("Copy a text to send along");
  expect(played.double.called("copyText")[0]?.args[0]).toMatch(/It can be opened until 1\sMay\s2028\.$/);
});

test("tells the term of the key apart from the password, and no term where there is none", async () => {
  await begin("start-servers");
  const keptUntil = Date.UTC(2028, 4, 1) / 1000;
  const recipients = [...encrypted.recipients, password];
  const done = { ...encrypted, recipients, servers: ["RIA"], keptUntil };
  played.double.answers.encrypt = () => Promise.resolve(done);
  await draft();
  await press("Encrypt for 1 recipient");
  await press("Copy a text to send along");
  expect(played.double.called("copyText")[0]?.args[0]).toMatch(/until 1\sMay\s2028, with the password also later\.$/);
  await press("Encrypt something else");
  played.double.answers.encrypt = () => Promise.resolve({ ...encrypted, servers: [], keptUntil: null });
  await draft();
  await press("Encrypt for 1 recipient");
  expect(text()).not.toMatch(/kept on|Opens until/);
  await press("Copy a text to send along");
  expect(played.double.called("copyText")[1]?.args[0]).not.toContain("until");
});

test("shows a recipient on two servers once, by the servers' names", async () => {
  await begin("start-servers");
  await openContainer(records.server, records.serverToo, records.soon);
  expect(text()).toContain("Encrypted for 2 recipients");
  expect(text()).toContain("through RIA or Demo");
  expect(document.querySelectorAll("ul.rows > li")).toHaveLength(2);
});

test("opens through servers with a key file", async () => {
  await begin("start-servers");
  played.double.answers.keyFile = withKey;
  played.double.answers.open = () => Promise.resolve(openedOf(1));
  await openContainer(records.server, records.serverToo);
  await choose("Key file");
  await press("Choose key file…");
  expect(text()).toContain("The key is fetched from RIA or Demo.");
  await press("Open with key file");
  expect(played.double.called("open")[0]?.args).toMatchObject([{ certificate: null }, null]);
});

test("asks for the certificate of a key that comes without one, and sends it along", async () => {
  await begin("start-servers");
  played.double.answers.keyFile = { ...withKey, needsCertificate: true };
  played.double.answers.open = () => Promise.resolve(openedOf(1));
  await openContainer(records.server);
  await choose("Key file");
  await press("Choose key file…");
  expect(text()).toContain("This key comes without its certificate, and the server asks for it.");
  await press("Open with key file");
  expect(played.double.called("open")).toEqual([]);
  expect(focused()).toBe("Choose certificate…");
  const wrong = failure("not_a_recipient");
  played.double.answers.certificate = { id: 41, name: "other.cer", problem: wrong };
  await press("Choose certificate…");
  expect(text()).toContain("“other.cer” does not hold the certificate of this key.");
  await press("Open with key file");
  expect(played.double.called("open")).toEqual([]);
  played.double.answers.certificate = { id: 42, name: "mari.cer", problem: null };
  await press("Change the certificate");
  await press("Open with key file");
  expect((played.double.called("open")[0]?.args[0] as OpenDraft).certificate).toBe(42);
});

test("takes a certificate that is dropped while it is asked for, and keeps the key", async () => {
  await begin("start-servers");
  played.double.answers.keyFile = { ...withKey, needsCertificate: true };
  played.double.answers.open = () => Promise.resolve(openedOf(1));
  await openContainer(records.server);
  await choose("Key file");
  await press("Choose key file…");
  played.double.answers.certificate = { id: 43, name: "mari.cer", problem: null };
  await deliver([certificate]);
  expect(played.double.called("certificateFrom")).toHaveLength(1);
  expect(played.double.called("keyFileFrom")).toEqual([]);
  await press("Open with key file");
  expect((played.double.called("open")[0]?.args[0] as OpenDraft).certificate).toBe(43);
});

test("asks for the certificate when the server turns out to want it, and forgets it with the key", async () => {
  await begin("start-servers");
  played.double.answers.keyFile = { ...withKey, needsPassword: true, fits: [] };
  played.double.answers.open = () => Promise.reject(failure("certificate_needed", { subject: "ria" }));
  await openContainer(records.server);
  await choose("Key file");
  await press("Choose key file…");
  await type("Password of the key file", "1234");
  await press("Open with key file");
  expect(screen()).toBe("open");
  played.double.answers.certificate = { id: 42, name: "mari.cer", problem: null };
  await press("Choose certificate…");
  await press("Change the key file");
  expect(text()).not.toContain("mari.cer");
  expect(text()).not.toContain("This key comes without its certificate");
});

test("makes an unknown server the main statement, and opens once a list names it", async () => {
  await begin("start-servers");
  await openContainer(records.strange);
  expect(document.querySelector("h2")?.textContent).toBe("None of your lists has the server kohtud-2027");
  const known: ServersView = { ...twoServers, servers: [...twoServers.servers, server("kohtud-2027", "Kohtud")] };
  played.double.answers.servers = () => Promise.resolve(known);
  played.double.answers.inspect = () => Promise.resolve(containerOf({ ...records.strange, serverProblem: null }));
  await press("Import list…");
  await settle();
  expect(document.querySelector("h2")?.textContent).toBe("Opens with the ID-card of Mari Maasikas");
  expect(text()).toContain("through Kohtud");
  expect(document.activeElement?.tagName).toBe("H1");
});

test("says why a list was not imported", async () => {
  await begin("start-servers");
  await openContainer(records.strange);
  played.double.backend.importServers = () => Promise.reject(failure("server_list_invalid", { detail: "no id" }));
  await press("Import list…");
  expect(text()).toContain("The list was not imported. It has a mistake, and nothing was changed.");
  expect(document.body.textContent).toContain("no id");
});

test("says that a policy closes one's own list", async () => {
  await begin("start-servers");
  await openSettings();
  const closed = () => Promise.reject(failure("server_list_closed", { detail: "policy.toml closes your own list" }));
  played.double.backend.importServers = closed;
  await press("Import list…");
  expect(text()).toContain("The list was not imported. Your own list cannot be used. Ask your administrator");
  played.double.backend.lookAtCertificates = closed;
  await unfold("RIA");
  await press("New certificate…");
  expect(text()).toContain("A policy of your administrator allows other lists only.");
});

test("says until when only where nobody can open it for ever", async () => {
  await begin("start-servers");
  await openContainer(records.soon);
  expect(text()).toContain("It can be opened only until");
  await openContainer(records.soon, records.password);
  expect(text()).not.toContain("It can be opened only until");
  await openContainer(records.soon, records.server);
  expect(text()).not.toContain("It can be opened only until");
});

test("never offers a way on past a server that is another", () => {
  for (const task of ["encrypt", "open", "keep"] as const) {
    expect(offers(failure("server_pin_mismatch"), task)).toEqual(["back"]);
  }
});

test.each<[Code, readonly string[]]>([
  ["server_unknown", ["servers", "again", "back"]],
  ["server_list_invalid", ["servers", "again", "back"]],
  ["settings_invalid", ["network", "again", "back"]],
  ["proxy_required", ["network", "again", "back"]],
  ["server_unreachable", ["again", "network", "back"]],
  ["server_timeout", ["again", "network", "back"]],
  ["server_misbehaved", ["again", "back"]],
  ["capsule_not_found", ["messageToSender", "back"]],
  ["certificate_revoked", ["messageToSender", "back"]],
])("offers after %s what helps, and names the server", async (code, expected) => {
  await begin("start-servers");
  expect(offers(failure(code), "open")).toEqual(expected);
  if (code !== "server_list_invalid" && code !== "settings_invalid") {
    expect(errorWords(failure(code, { subject: "ria" })).text).toContain("RIA");
  }
});

test("leads from a failure to the settings and back, and goes on with the same password", async () => {
  await begin("start-servers");
  played.double.answers.open = () =>
    played.double.called("open").length === 1
      ? Promise.reject(failure("proxy_required", { subject: "ria" }))
      : Promise.resolve(openedOf(1));
  played.double.answers.keyFile = { ...withKey, needsPassword: true };
  await openContainer(records.server);
  await choose("Key file");
  await press("Choose key file…");
  await type("Password of the key file", "1234");
  await press("Open with key file");
  await activate("Network settings");
  expect(text()).toContain("As in the system");
  await keys("{Escape}");
  expect(screen()).toBe("failed");
  expect(focused()).toBe("Network settings");
  await press("Try again");
  expect(played.double.called("open")[1]?.args[1]).toBe("1234");
});

test("asks the sender to encrypt again where the same file would fail again", async () => {
  await begin("start-servers");
  played.double.answers.keyFile = withKey;
  played.double.answers.open = () => Promise.reject(failure("capsule_not_found", { subject: "ria" }));
  await openContainer({ ...records.server, until: Date.UTC(2026, 0, 2) / 1000 });
  await choose("Key file");
  await press("Choose key file…");
  await press("Open with key file");
  expect(text()).toContain("RIA does not have it");
  expect(text()).toContain("According to its label it could be opened until 2 Jan 2026.");
  expect(messageToSender(failure("capsule_not_found"), "a.cdoc2")).toContain("encrypt it for me again");
  expect(messageToSender(failure("damaged"), "a.cdoc2")).toContain("send it again");
});

test("opens the settings over a draft, which stays with all that was typed", async () => {
  await begin("start-servers");
  await draft();
  await press("Add a password");
  await type("New password", "correct horse battery");
  await openSettings();
  expect(document.querySelector("h1:not([hidden] *)")?.textContent).toBe("Settings");
  await keys("{Escape}");
  expect(focused()).toBe("Settings");
  expect(screen()).toBe("encrypt");
  expect(field("New password").value).toBe("correct horse battery");
});

test("goes through the settings with the keyboard alone", async () => {
  await begin("start-servers");
  document.querySelector<HTMLElement>("[aria-label=Settings]")!.focus();
  await keys("{Enter}");
  expect(document.activeElement?.textContent).toBe("Settings");
  await keys("{Tab}{Tab}{Tab}{Enter}");
  expect(played.session.settings.section).toBe("network");
  await keys("{Shift>}{Tab}{Tab}{/Shift}{Enter}");
  expect(played.session.settings.section).toBe("servers");
  await keys("{Tab}{Tab}{Tab}{Tab}{Tab}{Enter}");
  expect(focused()).toMatch(/^RIA/);
  expect(text()).toContain("ria.example:8443");
  await keys("{Escape}");
  expect(focused()).toBe("Settings");
});

test("holds what arrives over the settings, and adds it to the draft below", async () => {
  await begin("start-servers");
  await draft();
  await openSettings();
  const late = file("hiline.txt", 5);
  await deliver([late]);
  expect(text()).toContain("Meanwhile “hiline.txt” arrived.");
  await press("Continue with it");
  expect(played.session.settings.open).toBe(false);
  expect(screen()).toBe("encrypt");
  expect((played.double.called("planEncryption").at(-1)?.args[0] as EncryptionDraft).files).toHaveLength(4);
});

test("chooses where new containers go, and a draft below follows until it was decided there", async () => {
  await begin("start-servers");
  await draft();
  await openSettings();
  played.double.answers.servers = () => Promise.resolve({ ...twoServers, chosen: ["demo"] });
  await tick("for new containers: RIA");
  expect(played.double.called("chooseServers")[0]?.args).toEqual([["demo"]]);
  expect(delivery().servers).toEqual(["demo"]);
  await keys("{Escape}");
  await press("Change how the key travels");
  await tick("Demo");
  await tick("RIA");
  played.session.serversChanged(twoServers);
  await settle();
  expect(delivery().servers).toEqual(["ria"]);
  played.session.serversChanged(noServers);
  await settle();
  expect(text()).toContain("None of the servers can be used now.");
  await press("Done");
  await press("Encrypt for 1 recipient");
  expect(played.double.called("encrypt")).toEqual([]);
  await press("Change how the key travels");
  await tick("Inside the file");
  await press("Encrypt for 1 recipient");
  expect(played.double.called("encrypt")).toHaveLength(1);
});

test("says which chosen servers are lost, and leaves a list that a policy closed alone", async () => {
  await begin("deliver-lost");
  const said = document.querySelector("[data-delivery]")?.textContent ?? "";
  expect(said).toContain("these cannot be used now: RIA");
  await played.close();
  await begin("settings-locked");
  expect(document.body.textContent).toContain("/etc/kapsel/policy.toml");
  const names = [...document.querySelectorAll("button")].map((button) => button.textContent.trim());
  expect(names.filter((name) => /Import list|Add server/u.test(name))).toEqual([]);
});

test("tests a connection step by step, can be stopped, and copies the detail", async () => {
  await begin("start-servers");
  await openSettings();
  await unfold("RIA");
  played.double.answers.report = () => played.double.never();
  await activate("Test connection");
  expect(text()).toContain("Testing the connection…");
  expect(focused()).toBe("Cancel");
  await press("Cancel");
  expect(played.double.called("cancel")).toHaveLength(1);
  expect(text()).not.toContain("Testing the connection…");
  expect(focused()).toBe("Test connection");
  played.double.answers.report = () => Promise.resolve(goodReport);
  await activate("Test connection");
  expect(focused()).toBe("Test connection");
  expect(text()).toContain("Everything is in order.");
  played.double.answers.report = () => Promise.resolve(badReport);
  await press("Test connection");
  expect(text()).toContain("This is not the expected server.");
  expect(document.body.textContent).toContain("The server’s key is the listed one: failed");
  await press("Copy details");
  const detail = played.double.called("copyText")[0]?.args[0];
  expect(detail).toContain("ria.example:8443\n  resolve: ok, 192.0.2.7");
  expect(detail).toContain("pin: failed, its key has the SHA-256");
  expect(detail).toContain(technical(badReport.problem!, "0.1.0"));
});

test("stops a test that is left behind", async () => {
  await begin("start-servers");
  await openSettings();
  await unfold("RIA");
  played.double.answers.report = () => played.double.never();
  await press("Test connection");
  await press("Network");
  expect(played.double.called("cancel")).toHaveLength(1);
});

test("pins a new certificate only when each was compared", async () => {
  await begin("start-servers");
  await openSettings();
  await unfold("RIA");
  await press("New certificate…");
  expect(text()).toContain("Nothing new");
  played.double.answers.shown = () => Promise.resolve(shown);
  await press("New certificate…");
  expect(focused()).toBe("Is this the right server?");
  const fingerprint = shown[0]!.certificate.fingerprint;
  expect(text()).toContain(fingerprint.toUpperCase().match(/.{4}/g)!.join(" "));
  expect(document.querySelectorAll("form .certificate")).toHaveLength(1);
  await press("Trust this server");
  expect(played.double.called("pinServer")).toEqual([]);
  expect(text()).toContain("Compare each fingerprint and tick that it is the same.");
  await tick("I compared it");
  const pins = played.double.backend.pinServer;
  played.double.backend.pinServer = () => Promise.reject(failure("not_writable", { subject: "servers.json" }));
  await press("Trust this server");
  expect(text()).toContain("It cannot be saved there.");
  played.double.backend.pinServer = pins;
  await press("Trust this server");
  expect(played.double.called("pinServer")[0]?.args).toEqual(["ria", [fingerprint]]);
});

test("removes a server of one's own list after a question, and no other", async () => {
  await begin("start-servers");
  await openSettings();
  await unfold("RIA");
  expect(text()).toContain("The administrator has added it. It cannot be removed here.");
  expect([...document.querySelectorAll("button")].some((button) => button.textContent.trim() === "Remove…")).toBe(false);
  await unfold("RIA");
  await unfold("Demo");
  await press("Remove…");
  expect(focused()).toBe("Keep it");
  await keys("{Escape}");
  expect(played.session.settings.open).toBe(true);
  expect(focused()).toBe("Remove…");
  await press("Remove…");
  played.double.answers.servers = () => Promise.resolve({ ...noServers, servers: [ria], chosen: ["ria"] });
  await press("Remove");
  expect(played.double.called("removeServer")[0]?.args).toEqual(["demo"]);
  expect(focused()).toMatch(/^RIA/);
});

test("adds a server: the fields first, then its certificates, then the list", async () => {
  await begin("start-servers");
  await openSettings();
  await press("Add server…");
  await press("See its certificate");
  expect(played.double.called("lookAtServer")).toEqual([]);
  expect(field("Identifier").getAttribute("aria-invalid")).toBe("true");
  await type("Identifier", "kohtud-2027");
  await type("Address for senders", "http://kapslid.example");
  await type("Address for recipients", "https://kapslid.example:8444");
  await press("See its certificate");
  expect(text()).toContain("Write the address as https://server.example:8443.");
  await keys("{Escape}");
  await keys("{Escape}");
  await openSettings();
  await press("Add server…");
  expect(field("Identifier").value).toBe("kohtud-2027");
  await type("Address for senders", "https://kapslid.example:8443");
  const draft = {
    id: "kohtud-2027",
    name: null,
    organisation: null,
    senderUrl: "https://kapslid.example:8443",
    recipientUrl: "https://kapslid.example:8444",
  };
  const other = { address: "kapslid.example:8444", certificate: pin(5) };
  played.double.answers.shown = () => Promise.resolve([shown[0]!, other]);
  await press("See its certificate");
  expect(played.double.called("lookAtServer")[0]?.args).toEqual([draft]);
  expect(text()).toContain("This connection alone proves nothing");
  const boxes = [...document.querySelectorAll<HTMLElement>("form .certificate input")];
  boxes[0]!.click();
  await settle();
  await press("Add server");
  expect(played.double.called("addServer")).toEqual([]);
  boxes[1]!.click();
  await settle();
  const view = { ...twoServers, servers: [...twoServers.servers, server("kohtud-2027", "kohtud-2027")] };
  played.double.answers.servers = () => Promise.resolve(view);
  await press("Add server");
  const prints = [shown[0]!.certificate.fingerprint, other.certificate.fingerprint];
  expect(played.double.called("addServer")[0]?.args).toEqual([draft, prints]);
  expect(text()).toContain("for new containers");
  await press("Add server…");
  expect(field("Identifier").value).toBe("");
});

test("gives up looking at a server, and passes over its late answer", async () => {
  await begin("start-servers");
  await openSettings();
  await press("Add server…");
  await type("Identifier", "x");
  await type("Address for senders", "https://a.example");
  await type("Address for recipients", "https://a.example");
  let answer: (value: typeof shown) => void = () => undefined;
  played.double.answers.shown = () => new Promise((resolve) => (answer = resolve));
  await press("See its certificate");
  await press("Cancel");
  answer(shown);
  await settle();
  expect(text()).not.toContain("Is this the right server?");
  expect(played.double.called("cancel")).toHaveLength(1);
});

test("saves the proxy, keeps its password nowhere, and leaves a kept one alone", async () => {
  await begin("start-servers");
  const view = { proxy: "given", address: "http://p.example:3128", user: "mari", hasPassword: true } as const;
  played.double.answers.network = () => Promise.resolve({ ...view, byAdministrator: true, problem: null });
  await openSettings("Network");
  expect(text()).toContain("The administrator has set a proxy, too.");
  expect(text()).toContain("A password is kept in the system’s keyring.");
  await press("Save");
  const sent = { proxy: "given", address: "http://p.example:3128", user: "mari" };
  expect(played.double.called("setNetwork")[0]?.args).toEqual([sent, null]);
  expect(text()).toContain("Saved.");
  await type("Password of the proxy", "salasõna");
  await press("Save");
  expect(played.double.called("setNetwork")[1]?.args).toEqual([sent, "salasõna"]);
  expect(field("Password of the proxy").value).toBe("");
  expect(holds(played.session, "salasõna")).toBe(false);
});

test("asks for a password of another name or proxy, and says when the keyring took none", async () => {
  await begin("start-servers");
  const view = { proxy: "given", address: "http://p.example:3128", user: "mari", hasPassword: true } as const;
  played.double.answers.network = () => Promise.resolve({ ...view, byAdministrator: false, problem: null });
  await openSettings("Network");
  await type("User name", "toomas");
  await press("Save");
  expect(played.double.called("setNetwork")).toEqual([]);
  expect(field("Password of the proxy").getAttribute("aria-invalid")).toBe("true");
  await type("Password of the proxy", "salasõna");
  await type("User name", "");
  await press("Save");
  expect(field("User name").getAttribute("aria-invalid")).toBe("true");
  await type("User name", "toomas");
  played.double.answers.network = () => Promise.reject(failure("proxy_required", { detail: "no keyring" }));
  await press("Save");
  expect(text()).toContain("The system’s keyring did not take the password. The settings were not changed.");
  expect(document.body.textContent).toContain("no keyring");
  await tick("None");
  await press("Save");
  expect(played.double.called("setNetwork").at(-1)?.args).toEqual([{ proxy: "none", address: "", user: "" }, null]);
});

test("says at the field what is wrong with the proxy's address", async () => {
  await begin("start-servers");
  await openSettings("Network");
  await tick("This one");
  await type("Address of the proxy", "proxy.example");
  await press("Save");
  expect(played.double.called("setNetwork")).toEqual([]);
  expect(field("Address of the proxy").getAttribute("aria-invalid")).toBe("true");
  await type("Address of the proxy", "http://proxy.example:99999");
  played.double.answers.network = () => Promise.reject(failure("settings_invalid"));
  await press("Save");
  expect(played.double.called("setNetwork")).toHaveLength(1);
  expect(field("Address of the proxy").getAttribute("aria-invalid")).toBe("true");
});

test("says where the name and the password for a proxy belong when they stand in its address", async () => {
  await begin("start-servers");
  await openSettings("Network");
  await tick("This one");
  await type("Address of the proxy", "http://mari:salasona@proxy.example:3128");
  await press("Save");
  expect(played.double.called("setNetwork")).toEqual([]);
  expect(text()).toContain("do not belong in the address: they have fields of their own below");
  await type("Address of the proxy", "http://proxy.example:3128");
  await press("Save");
  expect(played.double.called("setNetwork")).toHaveLength(1);
});

test("shows which part of the settings stands also under the mouse", async () => {
  await begin("start-servers");
  await openSettings("Network");
  const [part] = [...document.querySelectorAll<HTMLElement>("nav [aria-current]")];
  const colours = () => [getComputedStyle(part!).backgroundColor, getComputedStyle(part!).color];
  const before = colours();
  await userEvent.hover(part!);
  expect(part!.matches(":hover")).toBe(true);
  expect(colours()).toEqual(before);
});

test("what is wrong with a server is told in the window’s language, and what is English stands in the details", async () => {
  const expired = server("vana", "Vana server", { problem: "its list /etc/kapsel/servers.json has expired on 2026-01-01", listExpired: true });
  for (const [language, words] of [
    ["et", "Serveri loend on aegunud. Impordi uusim loend."],
    ["ru", "Список с этим сервером устарел. Импортируйте самый новый."],
  ] as const) {
    const window = await play({ state: "start-servers", language, appearance: "light" });
    window.double.answers.servers = () => Promise.resolve({ ...twoServers, servers: [...twoServers.servers, expired] });
    window.session.openSettings("servers");
    await settle();
    await unfold("Vana server");
    expect(text()).toContain(words);
    expect(text()).not.toContain("has expired");
    await unfold("Vana server");
    // The reason that the list itself gives is quoted as such.
    await unfold("Keskusserver");
    expect(text()).toMatch(/[„«]The server's certificate is not in this list yet\./u);
    await window.close();
  }
  await begin("settings-add-refused");
  expect(document.querySelector("[role=alert]")?.textContent).not.toContain("differs");
  expect(document.querySelector("details")?.textContent).toContain("the identifier RIA differs from ria in case only");
  await played.close();
  await begin("settings-tested-bad");
  const steps = () => [...document.querySelectorAll("ol li")].map(({ textContent }) => textContent).join(" ");
  expect(steps()).not.toContain("not listed");
  expect([...document.querySelectorAll("details")].map(({ textContent }) => textContent).join(" ")).toContain("which is not listed");
});

test("keeps three rows of files above the delivery, and the page scrolls instead", async () => {
  await page.viewport(720, 520);
  try {
    await begin("encrypt-troubles");
    const rows = document.querySelector<HTMLElement>(".files .rows")!;
    expect(rows.clientHeight).toBeGreaterThanOrEqual(150);
    const content = document.querySelector<HTMLElement>(".content")!;
    expect(content.scrollHeight).toBeGreaterThan(content.clientHeight);
    const [list, delivery] = [rows, document.querySelector<HTMLElement>(".delivery")!].map((part) => part.getBoundingClientRect());
    expect(list!.bottom).toBeLessThanOrEqual(delivery!.top);
  } finally {
    await page.viewport(920, 640);
  }
});

test.each(["et", "en", "ru"] as const)("nothing is squeezed or stands out in the smallest window in %s", async (language) => {
  await page.viewport(720, 520);
  try {
    const ofServers = ["start", "delivery-choice", "delivery-list-trouble", "settings", "settings-tokens-failed", "opened-deceits"];
    for (const state of [...ofServers, "open-remembered-several", "open-remember", "settings-remembered-ask"]) {
      const window = await play({ state, language, appearance: "light" });
      const wide = (part: Element) => part.scrollWidth <= part.clientWidth;
      const cards = [...document.querySelectorAll(".card, .note, footer, .content")];
      expect(cards.filter((card) => !wide(card)).map(({ className }) => `${state}: ${className}`)).toEqual([]);
      const words = [...document.querySelectorAll(".rows .grow, .note .grow")];
      expect(words.filter(({ clientWidth }) => clientWidth > 0 && clientWidth < 90).map(({ textContent }) => `${state}: ${textContent}`)).toEqual([]);
      const files = document.querySelector(".files .adding")?.getBoundingClientRect();
      const delivery = document.querySelector(".delivery")?.getBoundingClientRect();
      if (files && delivery) expect(files.bottom).toBeLessThanOrEqual(delivery.top);
      await window.close();
    }
  } finally {
    await page.viewport(920, 640);
  }
});

/** What a warning on the screen says, line by line. */
const alertLines = () => {
  const lines = [...document.querySelectorAll<HTMLElement>("[role=alert] :is(p, li)")];
  return lines.map(({ textContent }) => textContent.trim());
};

test("tells which servers lied after opening, and what to do", async () => {
  await begin("opened-deceits");
  expect(screen()).toBe("opened");
  expect(alertLines()).toEqual([
    "Not every key server was in order. The container opened all the same, and your files are whole.",
    "Demo (Kapseli näidisserver) gave a key that does not open this container.",
    "Somebody answered in place of RIA (ee.ria): the key is not the one on the list.",
    expect.stringContaining("The certificate of Keskusserver (Näidisministeerium) is not in order"),
    expect.stringContaining("Esimene võtmeserver (Näidisasutus A) asked for a signature that would have counted at another server."),
    "kohtud-2027 does not answer as a key server does.",
    "Tell your administrator, or whoever runs the server.",
  ]);
});

test("says nothing of servers where none lied, and tells those that lied after encrypting again", async () => {
  await begin("opened");
  expect(alertLines()).toEqual([]);
  await press("Encrypt again");
  await type("Password of the container", "correct horse");
  played.double.answers.encrypt = () => Promise.resolve({ ...encrypted, recipients: [password], deceits: deceits.slice(0, 1) });
  await press("Suggest one");
  await press("Encrypt again");
  expect(screen()).toBe("encrypted");
  expect(alertLines()).toContain("Demo (Kapseli näidisserver) gave a key that does not open this container.");
});

test("says what is true of where things stay", async () => {
  await begin("start-first");
  expect(document.querySelector("footer")?.textContent).toContain("Everything stays on this computer");
  await played.close();
  await begin("start-servers");
  expect(document.querySelector("footer")?.textContent).not.toContain("Everything stays");
  await press("2 key servers");
  expect(played.session.settings.section).toBe("servers");
});
