// Files, people and containers that the states are shown with.
import type { Chosen } from "$lib/bindings/Chosen";
import type { ContainerView } from "$lib/bindings/ContainerView";
import type { EncryptionDone } from "$lib/bindings/EncryptionDone";
import type { Incoming } from "$lib/bindings/Incoming";
import type { KeyFileView } from "$lib/bindings/KeyFileView";
import type { OpenDone } from "$lib/bindings/OpenDone";
import type { RecentView } from "$lib/bindings/RecentView";
import type { RecipientView } from "$lib/bindings/RecipientView";
import type { RecordView } from "$lib/bindings/RecordView";

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
    ...more,
  };
}

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
  },
  {
    id: id(),
    name: "palgad-november.cdoc2",
    folder: "~/Downloads",
    encrypted: false,
    recipients: ["Toomas Tamm", "Mari Maasikas", "Jüri Juurikas"],
    at: now() - DAY,
  },
  { id: id(), name: "vana.cdoc2", folder: "~/Downloads", encrypted: false, recipients: [], at: now() - 40 * DAY },
];

export function record(index: number, more: Partial<RecordView>): RecordView {
  return {
    index,
    name: "",
    initials: "",
    kind: "certificate",
    code: null,
    algorithm: "P-384",
    servers: [],
    until: null,
    hint: null,
    opensWith: "keyFile",
    problem: null,
    ...more,
  };
}

const mari = { name: "Mari Maasikas", initials: "MM", kind: "idCard", code: "48505050271" } as const;
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
  server: record(3, { ...mari, servers: ["ria"], opensWith: "server", until: now() + 200 * DAY }),
  soon: record(4, { ...toomas, kind: "digiId", servers: ["ria"], opensWith: "server", until: now() + 4 * DAY }),
  unknown: record(5, { kind: "unknown", algorithm: "type 9", opensWith: "nothing" }),
  broken: record(6, {
    name: "Vigane",
    initials: "V",
    opensWith: "nothing",
    problem: "recipient record 6: key is no point of the curve",
  }),
};

export function containerOf(...list: RecordView[]): ContainerView {
  return {
    id: container.id,
    name: container.name,
    folder: "~/Downloads",
    size: container.size,
    records: list,
    destination: { id: id(), name: "palgad-november", folder: "~/Downloads" },
  };
}

export const keyFile: KeyFileView = { id: id(), name: "toomas_tamm.p12", needsPassword: true, fits: [], problem: null };

export const encrypted: EncryptionDone = {
  output: { id: id(), name: "Leping lisadega.cdoc2", folder: "~/Documents" },
  size: 2_901_113,
  files: 3,
  contentSize: 2_828_829,
  recipients: people.slice(0, 2).map((person) => ({ ...person, warnings: [] })),
};

export function openedOf(count: number): OpenDone {
  const names = ["palgad november.xlsx", "selgitus.docx", "con.txt_"];
  const files = Array.from({ length: Math.min(count, 1000) }, (_, index) => ({
    id: id(),
    name: names[index] ?? `pilt-${String(index).padStart(4, "0")}.jpg`,
    size: 48_000 + index * 1_317,
    originalName: names[index] === "con.txt_" ? "con.txt" : null,
  }));
  return {
    destination: { id: id(), name: "palgad-november", folder: "~/Downloads" },
    files,
    count,
    totalSize: files.reduce((sum, saved) => sum + saved.size, 0),
  };
}
