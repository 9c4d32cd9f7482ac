// Files, people and containers that the states are shown with.
import type { Chosen } from "$lib/bindings/Chosen";
import type { ContainerView } from "$lib/bindings/ContainerView";
import type { DeceitView } from "$lib/bindings/DeceitView";
import type { EncryptionDone } from "$lib/bindings/EncryptionDone";
import type { Incoming } from "$lib/bindings/Incoming";
import type { IdentityView } from "$lib/bindings/IdentityView";
import type { KeysView } from "$lib/bindings/KeysView";
import type { KeyFileView } from "$lib/bindings/KeyFileView";
import type { OpenDone } from "$lib/bindings/OpenDone";
import type { ReaderReport } from "$lib/bindings/ReaderReport";
import type { ReaderStateView } from "$lib/bindings/ReaderStateView";
import type { RecentView } from "$lib/bindings/RecentView";
import type { RecipientView } from "$lib/bindings/RecipientView";
import type { RecordView } from "$lib/bindings/RecordView";
import type { RememberedView } from "$lib/bindings/RememberedView";
import type { ServerReport } from "$lib/bindings/ServerReport";
import type { ServersView } from "$lib/bindings/ServersView";
import type { ServerView } from "$lib/bindings/ServerView";
import type { ShownCertificate } from "$lib/bindings/ShownCertificate";

import { failure } from "$lib/backend/failure";

const DAY = 86_400;
const now = () => Math.floor(Date.now() / 1000);

let last = 0;
const id = () => (last += 1);

export function file(name: string, size: number, more: Partial<Chosen> = {}): Chosen {
  return { id: id(), name, folder: "~/Documents", size, kind: "file", problem: null, ...more };
}

export function dropped(
  files: readonly Chosen[],
  position: Incoming["position"] = { x: 200, y: 300 },
  linksLeftOut = 0,
): Incoming {
  return { files: [...files], linksLeftOut, position };
}

export const documents = [
  file("Leping lisadega, allkirjastatud ja kinnitatud.asice", 2_104_332),
  file("eelarve.xlsx", 84_120),
  file("vaade.png", 640_377),
];

export const container = file("palgad-november.cdoc2", 1_284_022, { kind: "container" });
export const oldContainer = file("aruanne-2019.cdoc", 88_031, { kind: "oldContainer" });
export const misnamed = file("palgad-oktoober.cdoc2", 48_211, { kind: "misnamed" });
export const missing = file("kadunud.cdoc2", 0, {
  kind: "unusable",
  problem: failure("not_readable", { subject: "kadunud.cdoc2", detail: "cannot read kadunud.cdoc2: No such file or directory" }),
});
export const privateKey = file("mari_maasikas.key", 1_704, { kind: "privateKey" });
export const certificate = file("mari_maasikas.cer", 1_423, { kind: "recipient" });

export function recipient(name: string, initials: string, more: Partial<RecipientView> = {}): RecipientView {
  return {
    id: id(),
    name,
    initials,
    kind: "idCard",
    code: null,
    file: `${name}.cer`,
    validUntil: now() + 900 * DAY,
    algorithm: "P-384",
    warnings: [],
    person: null,
    ...more,
  };
}

/** A person by code. */
export const byCode: RecipientView = recipient("60001019906", "", {
  kind: "shares",
  code: "60001019906",
  file: "",
  validUntil: null,
  algorithm: "N-of-N",
  person: "PNOEE-60001019906",
});

export const people = [
  recipient("Toomas Tamm", "TT", { code: "38001085718" }),
  recipient("Mari Maasikas", "MM", { code: "48505050271", validUntil: now() - 20 * DAY, warnings: ["expired"] }),
  recipient("Põhja-Eesti Regionaalhaigla SA", "PE", { kind: "organisation", code: "90006399", algorithm: "RSA 2048" }),
];

export const password: RecipientView = recipient("Password", "", { kind: "password", validUntil: null, file: "" });

export const recent: RecentView[] = [
  {
    id: id(),
    name: "Leping 2026.cdoc2",
    folder: "~/Documents",
    encrypted: true,
    recipients: ["Mari Maasikas", "Toomas Tamm"],
    at: now() - 300,
    until: now() + 700 * DAY,
  },
  {
    id: id(),
    name: "palgad-november.cdoc2",
    folder: "~/Downloads",
    encrypted: false,
    recipients: ["Toomas Tamm", "Mari Maasikas", "Jüri Juurikas"],
    at: now() - DAY,
    until: now() - 2 * DAY,
  },
  { id: id(), name: "vana.cdoc2", folder: "~/Downloads", encrypted: false, recipients: [], at: now() - 40 * DAY, until: null },
];

export function record(index: number, more: Partial<RecordView>): RecordView {
  return {
    index,
    name: "",
    initials: "",
    kind: "certificate",
    code: null,
    algorithm: "P-384",
    keyId: null,
    person: null,
    servers: [],
    until: null,
    hint: null,
    opensWith: "keyFile",
    problem: null,
    serverProblem: null,
    problemServer: more.serverProblem ? (more.servers?.[0] ?? null) : null,
    ...more,
  };
}

/** Of Mari's ID-card. */
const MARI = "ad".repeat(32);

const mari = { keyId: MARI, name: "Mari Maasikas", initials: "MM", kind: "idCard", code: "48505050271" } as const;
const toomas = { name: "Toomas Tamm", initials: "TT", kind: "certificate" } as const;

export const records = {
  password: record(0, {
    name: "Isa arvuti",
    kind: "password",
    opensWith: "password",
    algorithm: "PBKDF2",
    hint: "koera nimi ja sünniaasta",
  }),
  key: record(1, toomas),
  card: record(2, mari),
  server: record(3, { ...mari, servers: ["ria"], until: now() + 200 * DAY }),
  soon: record(4, { ...toomas, kind: "digiId", servers: ["ria"], until: now() + 4 * DAY }),
  unknown: record(5, {
    kind: "unknown",
    algorithm: "",
    opensWith: "nothing",
    problem: { kind: "unknown", detail: "unknown capsule type 9" },
  }),
  secret: record(14, { name: "varukoopia-2026", initials: "V", kind: "secret", algorithm: "HKDF", opensWith: "secretFile" }),
  broken: record(6, {
    name: "Vigane",
    initials: "V",
    opensWith: "nothing",
    kind: "unknown",
    algorithm: "",
    problem: { kind: "broken", detail: "unusable public key: the point is not on the curve" },
  }),
  costly: record(13, {
    name: "Toomase parool",
    initials: "TP",
    kind: "unknown",
    algorithm: "",
    opensWith: "nothing",
    problem: { kind: "tooManyIterations", detail: "2147483647 password iterations" },
  }),
  /** The key of `server` on a second server. */
  serverToo: record(7, { ...mari, servers: ["demo"], until: now() + 200 * DAY }),
  shares: record(8, {
    name: "48505050271",
    code: "48505050271",
    kind: "shares",
    algorithm: "N-of-N",
    person: "etsi/PNOEE-48505050271",
    servers: ["https://osad-a.example", "https://osad-b.example"],
    opensWith: "shares",
  }),
  sharesLost: record(12, {
    name: "48505050271",
    code: "48505050271",
    kind: "shares",
    algorithm: "N-of-N",
    person: "etsi/PNOEE-48505050271",
    servers: ["https://osad-a.example", "https://osad-x.example"],
    opensWith: "shares",
    serverProblem: "server_unknown",
    problemServer: "https://osad-x.example",
  }),
  strange: record(9, { ...mari, servers: ["kohtud-2027"], serverProblem: "server_unknown", until: now() + 300 * DAY }),
  unusable: record(10, { ...mari, servers: ["keskus"], serverProblem: "server_unusable", until: now() + 300 * DAY }),
  listInvalid: record(11, { ...mari, servers: ["ria"], serverProblem: "server_list_invalid" }),
};

export function containerOf(...list: RecordView[]): ContainerView {
  return {
    id: container.id,
    name: container.name,
    folder: "~/Downloads",
    size: container.size,
    records: list,
    remembered: [],
    rememberAs: null,
    destination: { id: id(), name: "palgad-november", folder: "~/Downloads" },
  };
}

export const keyFile: KeyFileView = {
  id: id(),
  name: "toomas_tamm.p12",
  needsPassword: true,
  needsCertificate: false,
  fits: [],
  problem: null,
};

export const encrypted: EncryptionDone = {
  output: { id: id(), name: "Leping lisadega.cdoc2", folder: "~/Documents" },
  size: 2_901_113,
  files: 3,
  contentSize: 2_828_829,
  recipients: people.slice(0, 2).map((person) => ({ ...person, warnings: [] })),
  servers: [],
  shares: [],
  keptUntil: null,
  opensUntil: null,
  deceits: [],
};

const hex = (seed: number) =>
  Array.from({ length: 32 }, (_, index) => ((index * 47 + seed * 89 + index * index * 13) % 256).toString(16).padStart(2, "0")).join("");

export function pin(seed: number, days = 700): ServerView["certificates"][number] {
  return { fingerprint: hex(seed), validFrom: now() - 90 * DAY, validUntil: now() + days * DAY };
}

export function server(id: string, name: string, more: Partial<ServerView> = {}): ServerView {
  return {
    id,
    name,
    organisation: "ee.ria",
    owner: more.organisation ?? "ee.ria",
    origin: "system",
    addresses: [`${id}.example:8443`, `${id}.example:8444`],
    algorithms: ["P-256", "P-384", "P-521", "RSA"],
    shares: null,
    certificates: [pin(id.length)],
    endsSoon: null,
    problem: null,
    listExpired: false,
    ...more,
  };
}

export const ria = server("ria", "RIA");
export const demo = server("demo", "Demo", {
  organisation: "Kapseli näidisserver",
  origin: "own",
  algorithms: ["P-384"],
  certificates: [pin(9, 12)],
  endsSoon: now() + 12 * DAY,
});
export const incomplete = server("keskus", "Keskusserver", {
  organisation: "Näidisministeerium",
  origin: "shipped",
  certificates: [],
  problem: "The server's certificate is not in this list yet. An administrator adds it after checking its fingerprint.",
});

/** Two organisations whose servers keep parts of keys, too. */
export const osadA = server("osad-a", "Esimene võtmeserver", { organisation: "Näidisasutus A", shares: "https://osad-a.example" });
export const osadB = server("osad-b", "Teine võtmeserver", { organisation: "Näidisasutus B", shares: "https://osad-b.example" });

export const noServers: ServersView = { servers: [], chosen: [], lost: [], lockedBy: null, problem: null };
export const twoServers: ServersView = { ...noServers, servers: [ria, demo, incomplete], chosen: ["ria", "demo"] };
export const shareServers: ServersView = { ...noServers, servers: [osadA, osadB, ria], chosen: ["osad-a", "osad-b"] };

export const shown: ShownCertificate[] = [
  { address: "ria.example:8443", certificate: pin(21) },
  { address: "ria.example:8444", certificate: pin(21) },
];

const step = (step: ServerReport["addresses"][number]["steps"][number]["step"], detail: string, good = true) => ({
  step,
  good,
  detail,
});

export const goodReport: ServerReport = {
  addresses: ["ria.example:8443", "ria.example:8444"].map((address) => ({
    address,
    steps: [
      step("resolve", "192.0.2.7"),
      step("connect", "192.0.2.7:8443"),
      step("tls", "TLS 1.3"),
      step("pin", "SHA-256 as listed"),
      step("hostName", "ria.example"),
      step("validity", "until 2028-05-01"),
      step("ocsp", "good"),
      step("api", "404 for a capsule that is not there"),
    ],
  })),
  problem: null,
};

export const badReport: ServerReport = {
  addresses: [
    {
      address: "ria.example:8443",
      steps: [
        step("resolve", "192.0.2.7"),
        step("connect", "192.0.2.7:8443"),
        step("tls", "TLS 1.3"),
        step("pin", "its key has the SHA-256 5d41402abc4b2a76b9719d911017c592, which is not listed", false),
      ],
    },
    { address: "ria.example:8444", steps: [step("resolve", "no address: Name or service not known", false)] },
  ],
  problem: failure("server_pin_mismatch", { subject: "ria", detail: "the server ria: its key is not the listed one" }),
};

/** Every kind of lie. */
export const deceits: DeceitView[] = [
  { server: "demo", name: demo.name, organisation: demo.organisation, kind: "wrongCapsule" },
  { server: "ria", name: ria.name, organisation: ria.organisation, kind: "anotherKey" },
  { server: "keskus", name: incomplete.name, organisation: incomplete.organisation, kind: "certificateNotInOrder" },
  { server: "osad-a", name: osadA.name, organisation: osadA.organisation, kind: "foreignNonce" },
  { server: "kohtud-2027", name: "kohtud-2027", organisation: null, kind: "misbehaved" },
];

export function openedOf(count: number, names = ["palgad november.xlsx", "selgitus.docx", "con.txt_"]): OpenDone {
  const files = Array.from({ length: Math.min(count, 1000) }, (_, index) => ({
    id: id(),
    name: names[index] ?? `pilt-${String(index).padStart(4, "0")}.jpg`,
    size: 48_000 + index * 1_317,
    originalName: names[index] === "con.txt_" ? "con.txt" : null,
    isProgram: /\.(sh|exe)$/u.test(names[index] ?? ""),
  }));
  return {
    destination: { id: id(), name: "palgad-november", folder: "~/Downloads" },
    files,
    count,
    totalSize: files.reduce((sum, saved) => sum + saved.size, 0),
    deceits: [],
    notRemembered: null,
  };
}

const READERS = ["Gemalto PC Twin Reader 00 00", "Virtual PCD 00 01"] as const;

/** Mari's ID-card in the first reader. */
export function identity(more: Partial<IdentityView> = {}, secret: Partial<IdentityView["secret"]> = {}): IdentityView {
  return {
    id: "c1".repeat(32),
    kind: "card",
    place: READERS[0],
    keyId: MARI,
    person: "etsi/PNOEE-48505050271",
    holder: "Mari Maasikas",
    initials: "MM",
    code: "48505050271",
    document: "idCard",
    documentNumber: "AS0000001",
    model: "IDEMIA (2018, 2021)",
    validUntil: now() + 900 * DAY,
    warnings: [],
    secret: { least: 4, most: 12, triesLeft: 3, wasWrong: false, mustChange: false, entry: "typed", ...secret },
    ...more,
  };
}

/** Mari's key on a token. */
export function token(more: Partial<IdentityView> = {}, secret: Partial<IdentityView["secret"]> = {}): IdentityView {
  const kept = { kind: "token", place: "YubiKey PIV #1234", document: "certificate", documentNumber: null, model: "Yubico" } as const;
  return identity({ id: "c4".repeat(32), ...kept, ...more }, { least: 1, most: 255, triesLeft: null, ...secret });
}

/** A module that sees these tokens. */
export function tokens(...identities: IdentityView[]): KeysView {
  const module = { name: "opensc-pkcs11.so", folder: "/usr/lib", isChosen: true, isBusy: false, problem: null, fault: null };
  return { ...noCards, identities, modules: [{ ...module, identities: identities.map(({ id }) => id) }] };
}

/** A module that cannot be used. */
export function failedModule(): KeysView {
  const module = tokens().modules[0]!;
  return { ...noCards, modules: [{ ...module, problem: failure("token_unusable", { subject: "opensc-pkcs11.so" }), fault: "notLoaded" }] };
}

/** Jaak's card, which opens none of the samples. */
export const otherIdentity = identity({
  id: "c2".repeat(32),
  keyId: "ae".repeat(32),
  person: "etsi/PNOEE-38001085718",
  holder: "Jaak-Kristjan Jõeorg",
  initials: "JJ",
  code: "38001085718",
  model: "Thales (2025)",
  documentNumber: null,
});

function reader(name: string, more: Partial<ReaderStateView> = {}): ReaderStateView {
  return { name, atr: null, state: "empty", identity: null, problem: null, ...more };
}

/** Readers with these cards, and an empty one. */
export function cards(...identities: IdentityView[]): KeysView {
  const ready = identities.map(({ id }, index) =>
    reader(READERS[index] ?? "?", { atr: "3BDB960080B1FE451F830012233F536549440F9000F1", state: "ready", identity: id }),
  );
  const places = identities.map((identity, index) => ({ ...identity, place: READERS[index] ?? "?" }));
  const empty = READERS.slice(identities.length).map((name) => reader(name));
  return { identities: places, readers: [...ready, ...empty], modules: [], problem: null, isKnown: true };
}

export const noCards = cards();
export const readingCard: KeysView = { ...noCards, readers: [reader(READERS[0], { state: "reading" }), reader(READERS[1])] };
export const noService: KeysView = { identities: [], readers: [], modules: [], problem: failure("no_pcsc"), isKnown: true };
export const noReader: KeysView = { identities: [], readers: [], modules: [], problem: failure("no_reader"), isKnown: true };

/** What is in the first reader cannot be used. */
export function failedCard(problem: NonNullable<ReaderStateView["problem"]>): KeysView {
  return { ...noCards, readers: [reader(READERS[0], { state: "failed", problem }), reader(READERS[1])] };
}

const cardStep = (name: ReaderReport["steps"][number]["step"], detail = "", good = true, until: number | null = null) => ({
  step: name,
  good,
  detail,
  until,
});

const known = [
  cardStep("service"),
  cardStep("card", "ATR 3BDB960080B1FE451F830012233F536549440F9000F1"),
  cardStep("application", "IDEMIA (2018, 2021)"),
  cardStep("holder", "Mari Maasikas"),
];

export const goodCard: ReaderReport = {
  reader: READERS[0],
  steps: [...known, cardStep("certificate", "", true, now() + 900 * DAY), cardStep("pin", "tries left: 3")],
  problem: null,
};

export const expiredCard: ReaderReport = {
  ...goodCard,
  steps: [...known, cardStep("certificate", "", false, now() - 20 * DAY), cardStep("pin", "tries left: 3")],
};

export const badCards: ReaderReport[] = [
  {
    ...goodCard,
    steps: [...known, cardStep("certificate", "", true, now() + 900 * DAY), cardStep("pin", "tries left: 0", false)],
    problem: failure("pin_blocked", { detail: "PIN1 is blocked" }),
  },
  {
    reader: READERS[1],
    steps: [cardStep("service"), cardStep("card", "ATR 3B00"), cardStep("application", "an unknown kind (ATR 3B00)", false)],
    problem: failure("card_unsupported", { subject: "3B00", detail: "the card is of an unknown kind (ATR 3B00)" }),
  },
];

/** What the keyring keeps. */
export const remembered: RememberedView[] = [
  { label: "Juhatuse koosolekud", kind: "password" },
  { label: "varukoopia-2026", kind: "symmetricKey" },
];
