// Every state of the window, reached as a person would reach it. Pictures and the accessibility tests walk this list.
import { flushSync, tick } from "svelte";

import type { ContainerView } from "$lib/bindings/ContainerView";
import type { IdentityView } from "$lib/bindings/IdentityView";
import type { EncryptionPlan } from "$lib/bindings/EncryptionPlan";
import type { ErrorView } from "$lib/bindings/ErrorView";
import type { KeysView } from "$lib/bindings/KeysView";
import type { NameReason } from "$lib/bindings/NameReason";
import type { ProgressView } from "$lib/bindings/ProgressView";
import type { RefusedName } from "$lib/bindings/RefusedName";
import type { ServersView } from "$lib/bindings/ServersView";
import type { Double } from "$lib/backend/double";
import { failure } from "$lib/backend/failure";
import { m } from "$lib/paraglide/messages";
import { isolated } from "$lib/texts/format";

import {
  badCards,
  badReport,
  byCode,
  cards,
  certificate,
  container,
  containerOf,
  deceits,
  documents,
  dropped,
  encrypted,
  expiredCard,
  failedCard,
  failedModule,
  file,
  goodCard,
  goodReport,
  identity,
  incomplete,
  keyFile,
  misnamed,
  missing,
  noCards,
  noReader,
  noServers,
  noService,
  oldContainer,
  openedOf,
  osadA,
  osadB,
  otherIdentity,
  password,
  people,
  pin,
  privateKey,
  readingCard,
  recent,
  recipient,
  record,
  records,
  remembered,
  shareServers,
  shown,
  twoServers,
  token,
  tokens,
} from "./samples";

export interface Stage {
  readonly double: Double;
}

type Run = (stage: Stage) => Promise<void>;

/** Lets answers arrive and the window draw them. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve));
    await tick();
    flushSync();
  }
}

/** Presses the button with this name. */
export async function press(name: string): Promise<void> {
  const buttons = [...document.querySelectorAll("button")];
  const button = buttons.find(
    (candidate) => (candidate.getAttribute("aria-label") ?? candidate.textContent.trim()) === name,
  );
  if (!button) throw new Error(`no button is called “${name}”`);
  button.click();
  await settle();
}

/** Shows or hides what a server of the list says of itself. */
export async function unfold(name: string): Promise<void> {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const row = rows.find((candidate) => candidate.textContent.trim().startsWith(name));
  if (!row) throw new Error(`no server is called “${name}”`);
  row.focus();
  row.click();
  await settle();
}

/** Chooses one of a few. */
export async function choose(name: string): Promise<void> {
  const label = [...document.querySelectorAll("label")].find((candidate) => candidate.textContent.trim().startsWith(name));
  label?.querySelector("input")?.click();
  await settle();
}

/** Types into the field with this label. */
export async function type(label: string, text: string): Promise<void> {
  const labels = [...document.querySelectorAll("label")];
  const found = labels.find((candidate) => candidate.textContent.trim().startsWith(label));
  const input = document.getElementById(found?.htmlFor ?? "") as HTMLInputElement | null;
  if (!input) throw new Error(`no field is called “${label}”`);
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function drop({ double }: Stage, files: Parameters<typeof dropped>[0]): Promise<void> {
  double.answers.files = dropped(files);
  double.deliver(dropped(files));
  await settle();
}

async function addPeople({ double }: Stage, list = people): Promise<void> {
  double.answers.recipients = list;
  await press(m.add_certificate());
}

async function show(stage: Stage, view: ContainerView): Promise<void> {
  stage.double.answers.inspect = () => Promise.resolve(view);
  stage.double.deliver(dropped([container], null));
  await settle();
}

const byPassword = () => containerOf(records.password);
const either = () => containerOf(records.password, records.key, records.card);

async function openWithPassword(stage: Stage, view = byPassword()): Promise<void> {
  await show(stage, view);
  await type(m.password(), "correct horse");
  await press(m.open_with_password());
  await settle();
}

function refused(name: string, reason: NameReason, safeName: string): RefusedName {
  return { name, reason, safeName, detail: "" };
}

function openFails(error: ErrorView): Run {
  return async (stage) => {
    stage.double.answers.open = () => Promise.reject(error);
    await openWithPassword(stage);
  };
}

function opens(count: number, names?: string[]): Run {
  return async (stage) => {
    stage.double.answers.open = () => Promise.resolve(openedOf(count, names));
    await openWithPassword(stage);
  };
}

const progress = (more: Partial<ProgressView>): ProgressView => ({
  step: "encrypting",
  done: 1_210_000_000,
  total: 3_400_000_000,
  rate: 412_000_000,
  remaining: 6,
  servers: [],
  ...more,
});

const listProblem = failure("server_list_invalid", {
  detail: "/etc/kapsel/servers.json: servers[2]: certificates[0]: no PEM certificate",
});

const inDays = (days: number) => Math.floor(Date.now() / 1000) + days * 86_400;

/** A draft for people through the default servers. */
async function deliver(stage: Stage, list = people): Promise<void> {
  await drop(stage, documents);
  await addPeople(stage, list);
}

function planned(plan: Partial<EncryptionPlan>): Run {
  return async (stage) => {
    stage.double.answers.plan = ({ delivery }) => (delivery.servers.length > 0 ? plan : {});
    await deliver(stage);
  };
}

const kept: Partial<EncryptionPlan> = { delivery: { leftOut: [], shares: [], until: inDays(900) } };

/** Their keys are split over two servers. */
function splitFor(...recipients: string[]): Partial<EncryptionPlan> {
  const servers = [osadA.name, osadB.name];
  return { delivery: { leftOut: [], shares: recipients.map((recipient) => ({ recipient, servers, leftOut: [] })), until: null } };
}

async function addByCode(code: string): Promise<void> {
  await press(m.add_person());
  await type(m.person_code(), code);
  await press(m.person_add());
}

/** A container whose key is split, with the person's key file. */
async function openShares(stage: Stage): Promise<void> {
  stage.double.answers.keyFile = { ...withKey, fits: [records.shares.index] };
  await show(stage, containerOf(records.shares));
  await choose(m.means_key());
  await press(m.choose_key());
}

/** What is remembered, below the cards. */
function withRemembered(run: Run = async () => undefined): Run {
  return async (stage) => {
    stage.double.answers.remembered = () => Promise.resolve(remembered);
    await settings(m.settings_keys, run)(stage);
    bottom();
  };
}

function settings(section: () => string, run: Run = async () => undefined): Run {
  return async (stage) => {
    await press(m.settings());
    await press(section());
    await run(stage);
  };
}

/** Opens a server's details and presses a button there. */
function withServer(name: string, button?: () => string): Run {
  return settings(m.settings_servers, async () => {
    await unfold(name);
    if (button) await press(button());
  });
}

async function writeServer(): Promise<void> {
  await press(m.add_server());
  await type(m.new_server_id(), "kohtud-2027");
  await type(m.new_server_sender(), "https://kapslid.example:8443");
  await type(m.new_server_recipient(), "https://kapslid.example:8444");
  await type(m.new_server_name(), "Kohtute server");
}

/** Scrolls to what the last press brought. */
function bottom(): void {
  for (const part of document.querySelectorAll(".part")) part.scrollTop = part.scrollHeight;
}

const withKey = { ...keyFile, name: "mari_maasikas.pem", needsPassword: false, fits: [3, 7] };

async function openThroughServers(stage: Stage, key = withKey): Promise<void> {
  stage.double.answers.keyFile = key;
  await show(stage, containerOf(records.server, records.serverToo));
  await choose(m.means_key());
  await press(m.choose_key());
}

function serverFails(error: ErrorView): Run {
  return async (stage) => {
    stage.double.answers.open = () => Promise.reject(error);
    await openThroughServers(stage);
    await press(m.open_with_key());
  };
}

/** A container for which something is remembered. */
async function openRemembered(stage: Stage, kept = remembered.slice(0, 1), ...others: ContainerView["records"]): Promise<void> {
  await show(stage, { ...containerOf(records.password, ...others), remembered: kept });
}

function rememberedFails(error: ErrorView): Run {
  return async (stage) => {
    stage.double.answers.open = () => Promise.reject(error);
    await openRemembered(stage);
    await press(m.open_with_remembered_password());
  };
}

const rememberable = (replaces = false): ContainerView => ({
  ...byPassword(),
  rememberAs: { label: "koera nimi ja sünniaasta", replaces },
});

const forMari = () => containerOf(records.card, records.key);

/** The dialog for the PIN of Mari's card, over a container for her. */
function asks(secret: Partial<IdentityView["secret"]> = {}, run: Run = async () => undefined, view = forMari()): Run {
  return async (stage) => {
    // What is wrong with the card is found out between the look and the button.
    stage.double.have(cards(identity()));
    await show(stage, view);
    await press(m.open_with_id_card());
    stage.double.have(cards(identity({}, secret)));
    await settle();
    await run(stage);
  };
}

/** The same for Mari's token. */
function asksToken(secret: Partial<IdentityView["secret"]> = {}, run: Run = async () => undefined): Run {
  return async (stage) => {
    stage.double.have(tokens(token()));
    await show(stage, forMari());
    await press(m.open_with_token());
    stage.double.have(tokens(token({}, secret)));
    await settle();
    await run(stage);
  };
}

async function enterPin(digits: string): Promise<void> {
  await type("PIN1", digits);
  await press(m.pin_open());
}

/** A PIN with which this happens. */
function pinFails(error: ErrorView): Run {
  return async (stage) => {
    stage.double.answers.pin = () => Promise.reject(error);
    await enterPin("9999");
  };
}

const longName = `${"Väga pikk failinimi ".repeat(12)}lõpp.tar.gz`;
const longPerson = recipient(
  "Vladislava-Aleksandra Konstantinopolskaja-Ümarmägi-Öörahu von Weißenstein-Krasnoselskaja",
  "VK",
  { code: "48505050271", warnings: ["recentReaderNeeded"] },
);

export const states: Record<string, Run> = {
  "start-first": async () => undefined,
  start: async () => undefined,
  "start-hover": async ({ double }) => {
    double.hover(true);
    await settle();
  },
  "start-empty-folder": async ({ double }) => {
    double.deliver(dropped([]));
    await settle();
  },
  "start-only-links": async ({ double }) => {
    double.deliver(dropped([], null, 2));
    await settle();
  },
  encrypt: (stage) => drop(stage, [...documents, certificate]),
  "encrypt-links-left-out": async ({ double }) => {
    double.answers.files = dropped(documents, null, 1);
    double.deliver(double.answers.files);
    await settle();
  },
  "encrypt-recipients": async (stage) => {
    await drop(stage, documents);
    await addPeople(stage);
  },
  "encrypt-password-weak": async (stage) => {
    await drop(stage, documents);
    await press(m.add_password());
    await type(m.password_new(), "kevad2026");
    await type(m.hint_label(), "aastaaeg");
    await pause(150);
    await settle();
  },
  "encrypt-password-suggested": async (stage) => {
    await drop(stage, documents);
    await addPeople(stage, people.slice(0, 2));
    await press(m.add_password());
    await press(m.password_suggest());
    await pause(150);
    await settle();
  },
  "encrypt-password-wrong": async (stage) => {
    await drop(stage, documents);
    await press(m.add_password());
    await type(m.password_new(), "kevad2026");
    await type(m.password_repeat(), "kevad2025");
    await type(m.hint_label(), "Kevad2026!");
    await pause(150);
    await press(m.encrypt_with_password());
  },
  "encrypt-troubles": async (stage) => {
    const bad = file("aruanne: lõplik?.docx", 18_000);
    const twin = file("eelarve.xlsx", 84_121, { folder: "~/Downloads" });
    const gone = file("jagatud.sock", 0, {
      kind: "unusable",
      problem: failure("not_a_file", { subject: "jagatud.sock" }),
    });
    stage.double.answers.troubles.set(bad.id, {
      problem: failure("name_not_allowed", { subject: bad.name, reason: { kind: "character", character: ":" } }),
      safeName: "aruanne_ lõplik_.docx",
    });
    stage.double.answers.troubles.set(twin.id, {
      problem: failure("duplicate_name", { subject: twin.name }),
      safeName: "eelarve (2).xlsx",
    });
    await drop(stage, [...documents, bad, twin, gone]);
    await addPeople(stage);
  },
  "encrypt-many": async (stage) => {
    const pictures = Array.from({ length: 1204 }, (_, index) => file(`IMG_${20_000 + index}.jpg`, 4_100_000 + index));
    await drop(stage, pictures);
    await addPeople(
      stage,
      Array.from({ length: 12 }, (_, index) => recipient(`Inimene ${index + 1}`, `I${index}`)),
    );
  },
  "encrypt-long": async (stage) => {
    await drop(stage, [file(longName, 123_456_789), file("x", 3)]);
    stage.double.answers.place = { id: 77, name: longName.replace(".tar.gz", ".cdoc2"), folder: "~/Dokumendid/Tööasjad" };
    await addPeople(stage, [longPerson]);
    await press(m.add_password());
  },
  "encrypt-empty": async (stage) => {
    await drop(stage, [documents[1]!]);
    await press(m.remove({ name: documents[1]!.name }));
    await press(m.encrypt());
  },
  "encrypt-private-key": (stage) => drop(stage, [...documents, privateKey]),
  "encrypt-bad-certificate": async (stage) => {
    await drop(stage, documents);
    stage.double.backend.chooseRecipients = () =>
      Promise.reject(failure("recipient_unusable", { subject: "kiri.txt" }));
    await press(m.add_certificate());
  },
  "encrypt-weak-key": async (stage) => {
    await drop(stage, documents);
    stage.double.backend.chooseRecipients = () =>
      Promise.reject(failure("recipient_key_weak", { subject: "toomas_tamm.cer", number: 1024 }));
    await press(m.add_certificate());
  },
  "encrypt-no-dialog": async (stage) => {
    await drop(stage, documents);
    stage.double.backend.chooseOutput = () => Promise.reject(failure("internal", { detail: "no dialog could be shown" }));
    await press(m.change_output());
    document.querySelector("details")?.setAttribute("open", "");
  },
  "encrypt-hover": async (stage) => {
    await drop(stage, documents);
    stage.double.hover(true);
    await settle();
  },
  "encrypt-held": async (stage) => {
    await drop(stage, documents);
    await addPeople(stage);
    stage.double.deliver(dropped([container], null));
    await settle();
  },
  "encrypt-held-several": async (stage) => {
    await drop(stage, documents);
    await addPeople(stage);
    stage.double.deliver(dropped([container], null));
    stage.double.deliver(dropped([oldContainer], null));
    await settle();
  },
  "encrypt-held-files": async (stage) => {
    await press(m.settings());
    await drop(stage, documents);
    await press(m.back_to_start());
  },
  "encrypt-beyond-limit": async (stage) => {
    stage.double.answers.plan = () => ({ warnings: ["filesBeyondLimit"] });
    await drop(stage, documents);
  },
  "encrypt-deceiving": async (stage) => {
    await drop(stage, [file("arve\ufffdfdp.exe", 84_120), file("kiri\ufffdkahel real.txt", 1), file("דוח שנתי 2026.pdf", 2_104_332)]);
  },
  closing: async (stage) => {
    stage.double.answers.encrypt = () => stage.double.never();
    await drop(stage, documents);
    await addPeople(stage);
    await press(m.encrypt_for({ count: people.length }));
    stage.double.advance(progress({}));
    stage.double.close();
    await settle();
  },
  encrypting: async (stage) => {
    stage.double.answers.encrypt = () => stage.double.never();
    await drop(stage, documents);
    await addPeople(stage);
    await press(m.encrypt_for({ count: people.length }));
    stage.double.advance(progress({}));
    await settle();
  },
  "encrypt-cancelled": async (stage) => {
    stage.double.answers.encrypt = () => stage.double.never();
    await drop(stage, documents);
    await addPeople(stage);
    await press(m.encrypt_for({ count: people.length }));
    await press(m.cancel());
  },
  encrypted: async (stage) => {
    stage.double.answers.encrypt = () => Promise.resolve(encrypted);
    await drop(stage, documents);
    await addPeople(stage);
    await press(m.encrypt_for({ count: people.length }));
  },
  "encrypted-not-copied": async (stage) => {
    stage.double.answers.encrypt = () => Promise.resolve(encrypted);
    stage.double.answers.system = () => Promise.reject(failure("internal", { detail: "the clipboard is not available" }));
    await drop(stage, documents);
    await addPeople(stage);
    await press(m.encrypt_for({ count: people.length }));
    await press(m.copy_path());
  },
  "encrypted-password": async (stage) => {
    const recipients = [...encrypted.recipients, password];
    stage.double.answers.encrypt = () => Promise.resolve({ ...encrypted, recipients });
    await drop(stage, documents);
    await addPeople(stage);
    await press(m.encrypt_for({ count: people.length }));
  },
  "start-servers": async () => undefined,
  "start-servers-trouble": async () => undefined,
  delivery: planned(kept),
  "delivery-choice": async (stage) => {
    await planned(kept)(stage);
    await press(m.change_delivery());
  },
  "delivery-none-chosen": async (stage) => {
    await planned(kept)(stage);
    await press(m.change_delivery());
    for (const name of ["RIA", "Demo"]) await choose(name);
    await press(m.encrypt_for({ count: people.length }));
  },
  "delivery-inside": async (stage) => {
    await planned(kept)(stage);
    await press(m.change_delivery());
    await choose(m.delivery_by_file());
  },
  "delivery-beside-password": async (stage) => {
    await planned({ delivery: { leftOut: [{ recipient: people[2]!.name, servers: ["Demo"] }], shares: [], until: null } })(stage);
    await press(m.add_password());
  },
  "delivery-password-only": async (stage) => {
    await drop(stage, documents);
    await press(m.add_password());
  },
  "delivery-expired": planned({
    delivery: null,
    blockers: [
      failure("recipient_expired", {
        subject: "Mari Maasikas",
        detail: "its certificate has expired, so no server keeps a capsule for it",
      }),
    ],
  }),
  "delivery-unusable": planned({
    delivery: null,
    blockers: [
      failure("server_unusable", { subject: "demo", detail: "the server demo cannot be used: its list has expired" }),
    ],
  }),
  "delivery-network": planned({
    delivery: null,
    blockers: [
      failure("settings_invalid", {
        subject: "/home/mari/.config/kapsel/network.toml",
        number: 3,
        detail: "/home/mari/.config/kapsel/network.toml, line 3: proxy must be an address",
      }),
    ],
  }),
  "delivery-list-trouble": planned({}),
  "deliver-lost": planned({}),
  "delivery-unusable-all": async (stage) => {
    await deliver(stage);
    await press(m.change_delivery());
    await choose(m.delivery_by_servers());
  },
  "shares-entry": async (stage) => {
    await drop(stage, documents);
    await press(m.add_person());
  },
  "shares-entry-wrong": async (stage) => {
    await drop(stage, documents);
    await addByCode("3800108571");
  },
  "shares-person": async (stage) => {
    stage.double.answers.plan = () => splitFor("60001019906");
    await drop(stage, documents);
    await addByCode("60001019906");
  },
  "shares-beside": async (stage) => {
    stage.double.answers.plan = () => ({ delivery: { ...splitFor("60001019906").delivery!, until: inDays(900) } });
    await deliver(stage, people.slice(0, 1));
    await addByCode("60001019906");
  },
  "shares-all": async (stage) => {
    stage.double.answers.plan = () => splitFor("Toomas Tamm", "60001019906");
    await deliver(stage, people.slice(0, 1));
    await press(m.change_delivery());
    await choose(m.delivery_needed_all());
  },
  "shares-no-person": async (stage) => {
    stage.double.answers.plan = ({ delivery }) =>
      delivery.needed === "all" ? { blockers: [failure("not_a_person", { subject: people[2]!.name, detail: "no person" })] } : {};
    await deliver(stage, people.slice(1));
    await press(m.change_delivery());
    await choose(m.delivery_needed_all());
  },
  "shares-few": async (stage) => {
    stage.double.answers.plan = () => ({ blockers: [failure("too_few_share_servers", { number: 1, detail: "only one" })] });
    await drop(stage, documents);
    await addByCode("60001019906");
  },
  "shares-encrypted": async (stage) => {
    const shares = splitFor("60001019906").delivery!.shares;
    stage.double.answers.plan = () => splitFor("60001019906");
    stage.double.answers.encrypt = () =>
      Promise.resolve({ ...encrypted, recipients: [byCode], shares, keptUntil: inDays(900) });
    await drop(stage, documents);
    await addByCode("60001019906");
    await press(m.encrypt_for({ count: 1 }));
  },
  delivering: async (stage) => {
    stage.double.answers.encrypt = () => stage.double.never();
    await planned(kept)(stage);
    await press(m.encrypt_for({ count: people.length }));
    const servers: ProgressView["servers"] = [
      { id: "ria", name: "RIA", state: "answered", code: null },
      { id: "demo", name: "Demo", state: "asked", code: null },
    ];
    stage.double.advance(progress({ step: "delivering", done: 0, total: null, rate: 0, remaining: null, servers }));
    await settle();
  },
  "encrypted-servers": async (stage) => {
    const done = { ...encrypted, servers: ["RIA", "Demo"], keptUntil: inDays(900), opensUntil: inDays(900) };
    stage.double.answers.encrypt = () => Promise.resolve(done);
    await planned(kept)(stage);
    await press(m.encrypt_for({ count: people.length }));
  },
  "encrypted-servers-password": async (stage) => {
    const recipients = [...encrypted.recipients, password];
    const done = { ...encrypted, recipients, servers: ["RIA"], keptUntil: null };
    stage.double.answers.encrypt = () => Promise.resolve(done);
    await planned(kept)(stage);
    await press(m.encrypt_for({ count: people.length }));
  },
  "open-password": (stage) => show(stage, byPassword()),
  "open-either": (stage) => show(stage, either()),
  "open-key": async (stage) => {
    await show(stage, containerOf(records.key));
  },
  "open-key-fits": async (stage) => {
    stage.double.answers.keyFile = { ...keyFile, name: "toomas_tamm.pem", needsPassword: false, fits: [1] };
    await show(stage, either());
    await choose(m.means_key());
    await press(m.choose_key());
  },
  "open-key-password": async (stage) => {
    stage.double.answers.keyFile = keyFile;
    stage.double.answers.open = () => Promise.reject(failure("key_file_password"));
    await show(stage, containerOf(records.key));
    await press(m.choose_key());
    await type(m.key_password(), "vale");
    await press(m.open_with_key());
  },
  "open-key-public": async (stage) => {
    const problem = failure("key_file_is_public", { subject: "mari_maasikas.crt" });
    stage.double.answers.keyFile = { ...keyFile, name: "mari_maasikas.crt", needsPassword: false, problem };
    await show(stage, containerOf(records.key));
    await press(m.choose_key());
  },
  "open-key-wrong": async (stage) => {
    stage.double.answers.keyFile = { ...keyFile, needsPassword: false };
    stage.double.answers.open = () =>
      Promise.reject(failure("not_a_recipient", { names: ["Toomas Tamm", "Mari Maasikas"] }));
    await show(stage, containerOf(records.key));
    await press(m.choose_key());
    await press(m.open_with_key());
  },
  "open-password-key-dropped": async (stage) => {
    stage.double.answers.keyFile = { ...keyFile, needsPassword: false };
    await show(stage, byPassword());
    await drop(stage, [privateKey]);
  },
  "open-password-wrong": async (stage) => {
    stage.double.answers.open = () =>
      Promise.reject(failure("wrong_password", { names: ["koera nimi ja sünniaasta"] }));
    await openWithPassword(stage);
  },
  "start-demo": async () => undefined,
  "open-card": (stage) => show(stage, forMari()),
  "open-card-either": (stage) => show(stage, either()),
  "open-card-servers": (stage) => show(stage, containerOf(records.server, records.serverToo, records.soon)),
  "open-card-two": (stage) => show(stage, forMari()),
  "open-card-blocked": (stage) => show(stage, forMari()),
  "open-card-last": (stage) => show(stage, forMari()),
  "open-card-change": (stage) => show(stage, forMari()),
  "open-card-expired": (stage) => show(stage, forMari()),
  "open-card-insert": (stage) => show(stage, forMari()),
  "open-card-reading": (stage) => show(stage, forMari()),
  "open-card-other": (stage) => show(stage, forMari()),
  "open-card-service": (stage) => show(stage, forMari()),
  "open-card-reader": (stage) => show(stage, forMari()),
  "open-card-unknown": (stage) => show(stage, forMari()),
  "open-card-mute": (stage) => show(stage, forMari()),
  "open-card-busy": (stage) => show(stage, forMari()),
  pin: asks(),
  "pin-demo": asks(),
  "pin-typed": asks({}, () => type("PIN1", "1234")),
  "pin-length": asks({}, () => enterPin("12")),
  "pin-wrong": asks({}, pinFails(failure("pin_incorrect", { number: 2 }))),
  "pin-wrong-last": asks({}, pinFails(failure("pin_incorrect", { number: 1 }))),
  "pin-last": asks({ triesLeft: 1 }),
  "pin-last-unsure": asks({ triesLeft: 1 }, () => enterPin("1234")),
  "pin-blocked": asks({}, pinFails(failure("pin_blocked"))),
  "pin-change": asks({}, pinFails(failure("pin_change_required"))),
  "pin-busy-elsewhere": asks({}, pinFails(failure("card_busy"))),
  "pin-removed": asks({}, async (stage) => {
    stage.double.have(noCards);
    await settle();
  }),
  "pin-pad": asks({ entry: "onReader" }),
  "pin-pad-last": asks({ entry: "onReader", triesLeft: 1 }),
  "pin-pad-cancelled": asks({ entry: "onReader" }, async (stage) => {
    stage.double.answers.pin = () => Promise.reject(failure("pin_cancelled"));
    await press(m.pin_open());
  }),
  "pin-pad-working": asks({ entry: "onReader" }, async (stage) => {
    stage.double.answers.pin = () => stage.double.never();
    await press(m.pin_open());
  }),
  "pin-working": asks({}, async (stage) => {
    stage.double.answers.pin = () => stage.double.never();
    await enterPin("1234");
  }),
  "pin-working-servers": asks(
    {},
    async (stage) => {
      stage.double.answers.pin = () => stage.double.never();
      await enterPin("1234");
      const servers: ProgressView["servers"] = [
        { id: "ria", name: "RIA", state: "asked", code: null },
        { id: "demo", name: "Demo", state: "failed", code: "server_unreachable" },
      ];
      stage.double.advance(progress({ step: "fetching", done: 0, total: null, rate: 0, remaining: null, servers }));
      await settle();
    },
    containerOf(records.server, records.serverToo),
  ),
  "pin-opening": asks({}, async (stage) => {
    stage.double.answers.pin = () => stage.double.never();
    await enterPin("1234");
    stage.double.advance(progress({ step: "verifying", done: 610_000, total: 1_284_022, rate: 91_000, remaining: 7 }));
    await settle();
  }),
  "open-token": (stage) => show(stage, forMari()),
  "open-token-blocked": (stage) => show(stage, forMari()),
  "open-token-module-failed": (stage) => show(stage, forMari()),
  "pin-token": asksToken(),
  "pin-token-wrong": asksToken({}, async (stage) => {
    stage.double.answers.pin = () => Promise.reject(failure("pin_incorrect", { subject: "token" }));
    await type("PIN", "wrong horse");
    await press(m.pin_open());
  }),
  "pin-token-low": asksToken({ wasWrong: true }),
  "pin-token-last": asksToken({ triesLeft: 1 }),
  "pin-token-pad": asksToken({ entry: "onReader" }),
  "pin-token-working": asksToken({}, async (stage) => {
    stage.double.answers.pin = () => stage.double.never();
    await type("PIN", "right horse");
    await press(m.pin_open());
  }),
  "settings-tokens": settings(m.settings_keys, async () => bottom()),
  "settings-tokens-failed": settings(m.settings_keys, async () => bottom()),
  "keep-card": asks({}, async (stage) => {
    stage.double.answers.pin = () => Promise.resolve(openedOf(3));
    await enterPin("1234");
    await press(m.keep_button());
  }),
  "encrypt-card": (stage) => drop(stage, documents),
  "encrypt-card-added": async (stage) => {
    stage.double.answers.recipientFromKey = () =>
      Promise.resolve(recipient("Mari Maasikas", "MM", { code: "48505050271", file: "" }));
    await drop(stage, documents);
    await addPeople(stage, people.slice(0, 1));
    await press(m.add_me({ name: "Mari Maasikas" }));
  },
  "settings-cards": settings(m.settings_keys),
  "settings-cards-two": settings(m.settings_keys),
  "settings-cards-trouble": settings(m.settings_keys),
  "settings-cards-none": settings(m.settings_keys),
  "settings-cards-reading": settings(m.settings_keys),
  "settings-cards-tested": settings(m.settings_keys, async (stage) => {
    stage.double.answers.readers = () => Promise.resolve([goodCard]);
    await press(m.keys_test());
    bottom();
  }),
  "settings-cards-tested-expired": settings(m.settings_keys, async (stage) => {
    stage.double.answers.readers = () => Promise.resolve([expiredCard]);
    await press(m.keys_test());
    bottom();
  }),
  "settings-cards-tested-bad": settings(m.settings_keys, async (stage) => {
    stage.double.answers.readers = () => Promise.resolve(badCards);
    await press(m.keys_test());
    bottom();
  }),
  "settings-cards-no-service": settings(m.settings_keys, async (stage) => {
    stage.double.answers.readers = () => Promise.reject(failure("no_pcsc"));
    await press(m.keys_test());
  }),
  "open-server": (stage) => show(stage, containerOf(records.server, records.serverToo, records.soon)),
  "open-server-key": (stage) => openThroughServers(stage),
  "open-server-unknown": (stage) => show(stage, containerOf(records.strange)),
  "open-server-unusable": (stage) => show(stage, containerOf(records.unusable)),
  "open-server-list-invalid": (stage) => show(stage, containerOf(records.listInvalid)),
  "open-server-beside": (stage) =>
    show(
      stage,
      containerOf(records.password, { ...records.strange, name: "Jüri Juurikas", initials: "JJ", code: null }, records.server),
    ),
  "open-server-past": (stage) => show(stage, containerOf({ ...records.soon, until: inDays(-3) })),
  "shares-open": (stage) => show(stage, containerOf(records.shares)),
  "shares-open-lost": (stage) => show(stage, containerOf(records.sharesLost)),
  "shares-open-card": (stage) => show(stage, containerOf(records.shares)),
  "shares-open-key": (stage) => openShares(stage),
  "shares-opening": async (stage) => {
    stage.double.answers.open = () => stage.double.never();
    await openShares(stage);
    await press(m.open_with_key());
    const servers: ProgressView["servers"] = [
      { id: osadA.id, name: osadA.name, state: "answered", code: null },
      { id: osadB.id, name: osadB.name, state: "asked", code: null },
    ];
    stage.double.advance(progress({ step: "fetching", done: 0, total: null, rate: 0, remaining: null, servers }));
    await settle();
  },
  "shares-failed": async (stage) => {
    const missing = { subject: osadB.id, number: 2, names: [osadB.id] };
    stage.double.answers.open = () => Promise.reject(failure("server_unreachable", { ...missing, detail: "in detail" }));
    await openShares(stage);
    await press(m.open_with_key());
  },
  "open-server-certificate": (stage) => openThroughServers(stage, { ...withKey, needsCertificate: true }),
  "open-server-certificate-asked": async (stage) => {
    stage.double.answers.open = () => Promise.reject(failure("certificate_needed", { subject: "ria" }));
    await openThroughServers(stage, { ...withKey, needsPassword: true, fits: [] });
    await type(m.key_password(), "1234");
    await press(m.open_with_key());
  },
  "open-server-certificate-chosen": async (stage) => {
    await openThroughServers(stage, { ...withKey, needsCertificate: true });
    stage.double.answers.certificate = { id: 300, name: "mari_maasikas.cer", problem: null };
    await press(m.choose_certificate());
  },
  "open-server-certificate-wrong": async (stage) => {
    await openThroughServers(stage, { ...withKey, needsCertificate: true });
    const problem = failure("recipient_unusable", { subject: "kiri.txt" });
    stage.double.answers.certificate = { id: 301, name: "kiri.txt", problem };
    await press(m.choose_certificate());
  },
  "open-mixed": (stage) =>
    show(stage, containerOf(records.password, records.key, records.soon, records.unknown, records.broken, records.costly)),
  "open-newer": (stage) => show(stage, containerOf(records.unknown)),
  "open-newer-broken": (stage) => show(stage, containerOf(records.unknown, records.broken)),
  "open-newer-server": (stage) => show(stage, containerOf(records.strange, records.unknown)),
  "open-nobody": (stage) => show(stage, containerOf()),
  "open-long": (stage) =>
    show(stage, {
      ...containerOf(
        record(0, { ...records.password, hint: "väga pikk vihje ".repeat(14) }),
        record(1, { name: longPerson.name, initials: "VK", servers: ["https://kapslid.näidis.ee/jaotis/üks"] }),
      ),
      name: longName,
    }),
  "open-hover": async (stage) => {
    await show(stage, either());
    stage.double.hover(true);
    await settle();
  },
  opening: async (stage) => {
    stage.double.answers.open = () => stage.double.never();
    await openWithPassword(stage);
    stage.double.advance(progress({ step: "verifying", done: 610_000, total: 1_284_022, rate: 91_000, remaining: 7 }));
    stage.double.deliver(dropped(documents));
    await settle();
  },
  "opening-unpacks-on": async (stage) => {
    stage.double.answers.open = () => stage.double.never();
    await openWithPassword(stage);
    const whole = { done: 1_284_022, total: 1_284_022, rate: 91_000, remaining: null };
    stage.double.advance(progress({ step: "unpacking", ...whole }));
    await settle();
  },
  "opening-start": async (stage) => {
    stage.double.answers.open = () => stage.double.never();
    await openWithPassword(stage);
  },
  "opening-servers": async (stage) => {
    stage.double.answers.open = () => stage.double.never();
    await openThroughServers(stage);
    await press(m.open_with_key());
    const servers: ProgressView["servers"] = [
      { id: "ria", name: "RIA", state: "asked", code: null },
      { id: "demo", name: "Demo", state: "failed", code: "server_unreachable" },
    ];
    stage.double.advance(progress({ step: "fetching", done: 0, total: null, rate: 0, remaining: null, servers }));
    await settle();
  },
  "opening-servers-done": async (stage) => {
    stage.double.answers.open = () => stage.double.never();
    await openThroughServers(stage);
    await press(m.open_with_key());
    const servers: ProgressView["servers"] = [
      { id: "ria", name: "RIA", state: "answered", code: null },
      { id: "demo", name: "Demo", state: "asked", code: null },
    ];
    stage.double.advance(progress({ step: "fetching", done: 0, total: null, servers }));
    await settle();
    stage.double.advance(progress({ step: "unpacking", done: 610_000, total: 1_284_022, rate: 91_000, remaining: 7 }));
    await settle();
  },
  opened: opens(3),
  "opened-gone": async (stage) => {
    stage.double.answers.system = () => Promise.reject(failure("not_readable", { subject: "selgitus.docx" }));
    await opens(3)(stage);
    await press(m.open_file_named({ name: "selgitus.docx" }));
  },
  "opened-one": opens(1),
  "opened-program": opens(1, ["paigalda.sh"]),
  "opened-programs": opens(3, ["palgad november.xlsx", "arve.exe", "paigalda.sh"]),
  "opened-deceit": async (stage) => {
    stage.double.answers.open = () => Promise.resolve({ ...openedOf(1), deceits: deceits.slice(0, 1) });
    await openThroughServers(stage);
    await press(m.open_with_key());
  },
  "opened-deceits": async (stage) => {
    stage.double.answers.open = () => Promise.resolve({ ...openedOf(2), deceits });
    await openThroughServers(stage);
    await press(m.open_with_key());
  },
  "opened-refused": async (stage) => {
    stage.double.answers.system = () => Promise.reject(failure("internal", { detail: "xdg-open: no application" }));
    await opens(1)(stage);
    await press(m.open_file());
  },
  "opened-by-key": async (stage) => {
    stage.double.answers.keyFile = { ...keyFile, needsPassword: false, fits: [1] };
    stage.double.answers.open = () => Promise.resolve(openedOf(1));
    await show(stage, containerOf(records.key));
    await press(m.choose_key());
    await press(m.open_with_key());
  },
  "opened-many": opens(5210),
  keep: async (stage) => {
    await opens(3)(stage);
    await press(m.keep_button());
  },
  "keep-done": async (stage) => {
    await opens(3)(stage);
    const output = { ...encrypted.output, name: "palgad-november (2).cdoc2" };
    stage.double.answers.encrypt = () => Promise.resolve({ ...encrypted, output, recipients: [password] });
    await press(m.keep_button());
    await type(m.keep_old_password(), "correct horse");
    await press(m.password_suggest());
    await press(m.keep_button());
  },
  "keep-done-deceit": async (stage) => {
    await opens(3)(stage);
    const output = { ...encrypted.output, name: "palgad-november (2).cdoc2" };
    const done = { ...encrypted, output, recipients: [password], deceits: deceits.slice(0, 1) };
    stage.double.answers.encrypt = () => Promise.resolve(done);
    await press(m.keep_button());
    await type(m.keep_old_password(), "correct horse");
    await press(m.password_suggest());
    await press(m.keep_button());
  },
  "failed-damaged": openFails(failure("damaged", { detail: "authentication tag at 1203441 does not match" })),
  "failed-exists": openFails(failure("already_exists", { subject: "palgad november.xlsx" })),
  "failed-unsafe": openFails(
    failure("unsafe_content", {
      subject: "../../.bashrc",
      number: 1,
      refused: [refused("../../.bashrc", { kind: "character", character: "/" }, ".._.._.bashrc")],
      detail: 'the container holds unsafe file names: "../../.bashrc" (the character \'/\' is not allowed)',
    }),
  ),
  "failed-unsafe-names": openFails(
    failure("unsafe_content", {
      subject: "CON",
      number: 31,
      refused: [
        refused("CON", { kind: "device" }, "_CON"),
        refused(
          "palgad: november 2026, koos lisadega ja väga pika nimega koondtabel kõigi osakondade kohta.xlsx",
          { kind: "character", character: ":" },
          "palgad_ november 2026, koos lisadega ja väga pika nimega koondtabel kõigi osakondade kohta.xlsx",
        ),
        refused("arve\ufffdfdp.exe", { kind: "hidden" }, "arve_fdp.exe"),
        refused("leping.", { kind: "trailingDot" }, "leping"),
        refused("Kiri.TXT", { kind: "duplicate" }, "Kiri (2).TXT"),
        refused("", { kind: "empty" }, "file"),
      ],
    }),
  ),
  "failed-unsafe-link": openFails(
    failure("unsafe_content", { subject: "aruanne.docx", detail: "entry 3: a symbolic link" }),
  ),
  "failed-limits": openFails(failure("limits_exceeded", { subject: "total size", number: 68_719_476_736 })),
  "failed-iterations": openFails(failure("limits_exceeded", { subject: "password iterations", number: 10_000_000 })),
  "failed-disk": openFails(failure("disk_full", { subject: "palgad november.xlsx", detail: "write: ENOSPC" })),
  "failed-internal": async (stage) => {
    stage.double.answers.encrypt = () => Promise.reject(failure("internal", { detail: "thread panicked at …" }));
    await drop(stage, documents);
    await addPeople(stage);
    await press(m.encrypt_for({ count: people.length }));
    document.querySelector("details")?.setAttribute("open", "");
  },
  "failed-misnamed": async (stage) => {
    stage.double.deliver(dropped([misnamed], null));
    await settle();
  },
  "failed-empty": async (stage) => {
    stage.double.deliver(dropped([{ ...misnamed, size: 0 }], null));
    await settle();
  },
  "failed-missing": async (stage) => {
    stage.double.deliver(dropped([missing], null));
    await settle();
  },
  "failed-old-format": async (stage) => {
    stage.double.deliver(dropped([oldContainer]));
    await settle();
  },
  "failed-version": async (stage) => {
    stage.double.answers.inspect = () => Promise.reject(failure("unsupported_format", { subject: "3" }));
    stage.double.deliver(dropped([container]));
    await settle();
  },
  "failed-server-unknown": serverFails(failure("server_unknown", { subject: "kohtud-2027" })),
  "failed-server-pin": serverFails(
    failure("server_pin_mismatch", { subject: "ria", detail: "the server ria: its key is not the listed one" }),
  ),
  "failed-server-unreachable": serverFails(
    failure("server_unreachable", { subject: "ria", detail: "the server ria: no connection to ria.example:8444" }),
  ),
  "failed-server-proxy": serverFails(failure("proxy_required", { subject: "ria" })),
  "failed-server-not-found": serverFails(failure("capsule_not_found", { subject: "ria" })),
  "failed-server-wrong-capsule": serverFails(
    failure("capsule_wrong", { subject: "ria", detail: "the server ria gave a capsule that does not open the container" }),
  ),
  "failed-server-expired": serverFails(failure("certificate_expired", { subject: "ria" })),
  settings: settings(m.settings_servers),
  "settings-empty": settings(m.settings_servers),
  "settings-trouble": settings(m.settings_servers),
  "settings-locked": settings(m.settings_servers),
  "settings-imported": settings(m.settings_servers, () => press(m.import_list())),
  "settings-import-failed": settings(m.settings_servers, async (stage) => {
    stage.double.backend.importServers = () =>
      Promise.reject(failure("server_list_invalid", { detail: "/home/mari/servers.json: servers[1]: no id" }));
    await press(m.import_list());
  }),
  "settings-import-closed": settings(m.settings_servers, async (stage) => {
    stage.double.backend.importServers = () =>
      Promise.reject(failure("server_list_closed", { detail: "/etc/kapsel/policy.toml closes your own list" }));
    await press(m.import_list());
  }),
  "settings-server": withServer("RIA"),
  "settings-server-own": withServer("Demo"),
  "settings-server-unusable": withServer("Keskusserver"),
  "settings-server-remove": withServer("Demo", m.remove_server),
  "settings-testing": async (stage) => {
    stage.double.answers.report = () => stage.double.never();
    await withServer("RIA", m.test_server)(stage);
  },
  "settings-tested": async (stage) => {
    stage.double.answers.report = () => Promise.resolve(goodReport);
    await withServer("RIA", m.test_server)(stage);
    bottom();
  },
  "settings-tested-bad": async (stage) => {
    stage.double.answers.report = () => Promise.resolve(badReport);
    await withServer("RIA", m.test_server)(stage);
    bottom();
  },
  "settings-certificate": async (stage) => {
    stage.double.answers.shown = () => Promise.resolve(shown);
    await withServer("RIA", m.new_certificate)(stage);
    bottom();
  },
  "settings-certificate-same": withServer("RIA", m.new_certificate),
  "settings-certificate-unreachable": async (stage) => {
    stage.double.answers.shown = () => Promise.reject(failure("server_unreachable", { subject: "ria" }));
    await withServer("RIA", m.new_certificate)(stage);
    bottom();
  },
  "settings-import-older": settings(m.settings_servers, async (stage) => {
    const detail = "/home/mari/old.json, server `ria`: the list's serial 4 is lower than 5, from which it was imported before";
    stage.double.backend.importServers = () => Promise.reject(failure("server_list_superseded", { detail }));
    await press(m.import_list());
  }),
  "settings-add": settings(m.settings_servers, () => press(m.add_server())),
  "settings-add-wrong": settings(m.settings_servers, async () => {
    await press(m.add_server());
    await type(m.new_server_id(), "kohtu server");
    await type(m.new_server_sender(), "server.example");
    await press(m.new_server_look());
  }),
  "settings-add-refused": settings(m.settings_servers, async (stage) => {
    stage.double.answers.shown = () =>
      Promise.reject(failure("server_list_invalid", { detail: "the identifier RIA differs from ria in case only" }));
    await writeServer();
    await press(m.new_server_look());
  }),
  "settings-add-looking": settings(m.settings_servers, async (stage) => {
    stage.double.answers.shown = () => stage.double.never();
    await writeServer();
    await press(m.new_server_look());
  }),
  "settings-add-compare": settings(m.settings_servers, async (stage) => {
    stage.double.answers.shown = () => Promise.resolve([shown[0]!, { ...shown[1]!, certificate: pin(5) }]);
    await writeServer();
    await press(m.new_server_look());
    await press(m.add_server_go());
  }),
  "open-remembered": (stage) => openRemembered(stage),
  "open-remembered-several": (stage) => openRemembered(stage, remembered, records.secret, records.key, records.card),
  "open-remembered-wrong": rememberedFails(failure("wrong_password", { names: ["Isa arvuti"] })),
  "open-remembered-locked": rememberedFails(failure("keyring_unavailable", { detail: "the system's keyring is locked" })),
  "open-remembered-gone": rememberedFails(failure("keyring_unavailable", { subject: remembered[0]!.label })),
  "open-remembered-key-wrong": async (stage) => {
    stage.double.answers.open = () => Promise.reject(failure("wrong_key"));
    await openRemembered(stage, remembered.slice(1), records.secret);
    await press(m.open_with_remembered_key());
  },
  "open-remember": async (stage) => {
    await show(stage, rememberable());
    await choose(m.remember_box());
  },
  "open-remember-replaces": (stage) => show(stage, rememberable(true)),
  "opened-not-remembered": async (stage) => {
    const notRemembered = failure("keyring_unavailable", { detail: "the system's keyring is locked" });
    stage.double.answers.open = () => Promise.resolve({ ...openedOf(1), notRemembered });
    await openWithPassword(stage, rememberable());
  },
  "settings-remembered": withRemembered(),
  "settings-remembered-ask": withRemembered(() => press(m.remembered_forget_named({ label: isolated("Juhatuse koosolekud") }))),
  "settings-remembered-locked": withRemembered(async (stage) => {
    stage.double.answers.forget = () => Promise.reject(failure("keyring_unavailable", { detail: "the system's keyring is locked" }));
    await press(m.remembered_forget_named({ label: isolated("varukoopia-2026") }));
    await press(m.remembered_forget_yes());
  }),
  "settings-remembered-broken": settings(m.settings_keys, async (stage) => {
    const subject = "~/.config/kapsel/remembered.toml";
    const detail = "/home/mari/.config/kapsel/remembered.toml: missing field `kind`";
    stage.double.answers.remembered = () => Promise.reject(failure("settings_invalid", { subject, detail }));
    await press(m.settings_general());
    await press(m.settings_keys());
    bottom();
  }),
  "settings-network": settings(m.settings_network),
  "settings-network-given": settings(m.settings_network, async () => {
    await choose(m.proxy_given());
    await type(m.proxy_address(), "proxy.asutus.ee");
    await press(m.save());
  }),
  "settings-network-credentials": settings(m.settings_network, async () => {
    await choose(m.proxy_given());
    await type(m.proxy_address(), "http://mari:salasona@proxy.example:3128");
    await press(m.save());
  }),
  "settings-network-kept": async (stage) => {
    stage.double.answers.network = () =>
      Promise.resolve({
        proxy: "given",
        address: "http://proxy.asutus.ee:3128",
        user: "mari",
        hasPassword: true,
        byAdministrator: true,
        problem: null,
      });
    await settings(m.settings_network)(stage);
    await press(m.save());
  },
  "settings-network-trouble": async (stage) => {
    stage.double.answers.network = () =>
      Promise.resolve({
        proxy: "system",
        address: "",
        user: "",
        hasPassword: false,
        byAdministrator: false,
        problem: failure("settings_invalid", {
          subject: "/etc/kapsel/network.toml",
          number: 2,
          detail: "/etc/kapsel/network.toml, line 2: total-timeout must be 1 to 600 seconds",
        }),
      });
    await settings(m.settings_network)(stage);
  },
  "settings-general": settings(m.settings_general),
  "settings-about": settings(m.settings_about),
};

/** States that begin with containers in the list of recent ones. */
export function recentFor(state: string) {
  return state === "start-first" ? [] : recent;
}

const expired = () => identity({ validUntil: inDays(-20), warnings: ["expired"] });

/** What is in the readers when a state begins. */
const keysOf: Record<string, () => KeysView> = {
  "start-demo": () => cards(identity()),
  "open-card": () => cards(identity()),
  "open-card-either": () => cards(identity()),
  "shares-open-card": () => cards(identity()),
  "open-card-servers": () => cards(identity()),
  "open-card-two": () => cards(identity(), identity({ id: "c3".repeat(32), document: "digiId", documentNumber: null })),
  "open-card-blocked": () => cards(identity({}, { triesLeft: 0 })),
  "open-card-last": () => cards(identity({}, { triesLeft: 1 })),
  "open-card-change": () => cards(identity({}, { mustChange: true })),
  "open-card-expired": () => cards(expired()),
  "open-card-reading": () => readingCard,
  "open-card-other": () => cards(otherIdentity),
  "open-card-service": () => noService,
  "open-card-reader": () => noReader,
  "open-card-unknown": () => failedCard(failure("card_unsupported", { subject: "3B00" })),
  "open-card-mute": () => failedCard(failure("card_unsupported", { subject: "mute" })),
  "open-card-busy": () => failedCard(failure("card_busy")),
  "open-token": () => tokens(token()),
  "open-token-blocked": () => tokens(token({}, { triesLeft: 0 })),
  "settings-tokens": () => tokens(token(), token({ id: "c5".repeat(32), holder: "mari", initials: "M", code: null, validUntil: null }, { wasWrong: true })),
  "settings-tokens-failed": () => failedModule(),
  "open-token-module-failed": () => failedModule(),
  "encrypt-card": () => cards(identity()),
  "encrypt-card-added": () => cards(identity()),
  "settings-cards": () => cards(identity()),
  "settings-cards-two": () => cards(expired(), { ...otherIdentity, secret: { ...otherIdentity.secret, triesLeft: 0 } }),
  "settings-cards-trouble": () => failedCard(failure("card_unsupported", { subject: "3B00" })),
  "settings-cards-none": () => noReader,
  "settings-cards-reading": () => readingCard,
  "settings-cards-tested": () => cards(identity()),
  "settings-cards-tested-expired": () => cards(expired()),
  "settings-cards-tested-bad": () => cards(identity({}, { triesLeft: 0 })),
  "settings-cards-no-service": () => noService,
};

export function keysFor(state: string): KeysView {
  return (keysOf[state] ?? (() => noCards))();
}

/** Servers that a state begins with. */
export function serversFor(state: string): ServersView {
  if (/^(start-servers-trouble|delivery-list-trouble|settings-trouble)$/u.test(state)) return { ...noServers, problem: listProblem };
  if (state === "delivery-unusable-all") return { ...noServers, servers: [incomplete] };
  if (state === "deliver-lost") return { ...twoServers, chosen: ["demo"], lost: ["ria", incomplete.id] };
  if (state === "settings-locked") return { ...twoServers, lockedBy: "/etc/kapsel/policy.toml" };
  if (state === "settings-empty") return noServers;
  if (state.startsWith("shares-")) return shareServers;
  return /^(start-servers|deliver|encrypted-servers|open-server|open-card-servers|pin-working-servers|opening-servers|failed-server|settings)/u.test(state)
    ? twoServers
    : noServers;
}
