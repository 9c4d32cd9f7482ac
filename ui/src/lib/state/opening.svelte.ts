// How a container shall be opened.
import type { Code } from "$lib/bindings/Code";
import type { ContainerView } from "$lib/bindings/ContainerView";
import type { ErrorView } from "$lib/bindings/ErrorView";
import type { IdentityView } from "$lib/bindings/IdentityView";
import type { KeyCertificateView } from "$lib/bindings/KeyCertificateView";
import type { KeyFileView } from "$lib/bindings/KeyFileView";
import type { KeysView } from "$lib/bindings/KeysView";
import type { NameChoice } from "$lib/bindings/NameChoice";
import type { OpenDraft } from "$lib/bindings/OpenDraft";
import type { OutputView } from "$lib/bindings/OutputView";
import type { RecordProblemKind } from "$lib/bindings/RecordProblemKind";
import type { RecordView } from "$lib/bindings/RecordView";
import type { RememberedView } from "$lib/bindings/RememberedView";
import { asErrorView, failure } from "$lib/backend/failure";
import type { Backend, FileId } from "$lib/backend/types";

export type Means = "remembered" | "card" | "password" | "keyFile";

/** A recipient: one record, or those of one key on several servers. */
export interface Entry {
  /** The first of them, which the others resemble. */
  readonly record: RecordView;
  readonly records: readonly RecordView[];
  /** Identifiers of the servers, any of which is enough. */
  readonly servers: readonly string[];
  /** Until when the last of the servers keeps it. */
  readonly until: number | null;
}

/** Why a server of the container cannot be asked. */
export interface ServerTrouble {
  readonly code: Code;
  readonly server: string;
}

export class Opening {
  container = $state.raw() as ContainerView;
  means = $state<Means>("password");
  keyFile = $state.raw<KeyFileView | null>(null);
  /** The certificate of a key that comes without one. */
  certificate = $state.raw<KeyCertificateView | null>(null);
  /** What was wrong with the last try, shown at the field. */
  refusal = $state.raw<ErrorView | null>(null);
  /** What was remembered and did not open it, and why. */
  rememberedRefusal = $state.raw<{ readonly one: RememberedView; readonly error: ErrorView } | null>(null);
  /** The keys at hand that open it. */
  identities = $state.raw<readonly IdentityView[]>([]);
  names = $state.raw<NameChoice>({ existing: "refuse", safeNames: false });
  raiseLimits = $state(false);
  /** The password shall be remembered once it has opened the container. */
  remember = $state(false);

  /** A server has asked for the certificate, which could not be told before. */
  #certificateAsked = $state(false);
  #destination = $state.raw<OutputView | null>(null);
  #keys: KeysView;
  /** The person has chosen the means. */
  #decided = false;
  readonly #backend: Backend;

  constructor(backend: Backend, container: ContainerView, keys: KeysView) {
    this.#backend = backend;
    this.container = container;
    this.#keys = keys;
    this.follow(keys);
  }

  /** What has come to the readers, and gone. A card that fits is the way, unless the person has chosen another. */
  follow(keys: KeysView): void {
    const { identities } = (this.#keys = keys);
    const usable = this.container.records.filter(isUsable);
    this.identities = identities.filter((identity) => usable.some((record) => opens(identity, record)));
    if (!this.#decided && this.keyFile === null) this.means = this.proposed;
    else if (!this.possible.includes(this.means)) this.means = this.proposed;
  }

  get proposed(): Means {
    if (this.remembered.length > 0) return "remembered";
    return (this.identities.length > 0 ? "card" : this.possible.at(0)) ?? "keyFile";
  }

  /** Entries that open with a card, by their labels. */
  readonly #ofCards: readonly Entry[] = $derived.by(() =>
    this.entries.filter(({ records }) => records.some((record) => isForCard(record) && isUsable(record))),
  );

  /** Holders of cards for whom it is encrypted. */
  readonly cardHolders: readonly string[] = $derived(this.#ofCards.map(({ record }) => record.name).filter((name) => name !== ""));

  /** Whether no card but a Digi-ID opens it. */
  readonly isForDigiId: boolean = $derived(
    this.#ofCards.length > 0 && this.#ofCards.every(({ record }) => record.kind === "digiId" || record.kind === "eResident"),
  );

  /** How many entries have a problem of this kind. */
  count(kind: RecordProblemKind): number {
    return this.container.records.filter(({ problem }) => problem?.kind === kind).length;
  }

  readonly entries: readonly Entry[] = $derived.by(() => entriesOf(this.container.records));

  readonly #ways = $derived(new Set(this.container.records.filter(isUsable).map((record) => record.opensWith)));

  /** What the keyring keeps that may open it. */
  readonly remembered: readonly RememberedView[] = $derived(
    this.container.remembered.filter(({ kind }) => this.#ways.has(kind === "password" ? "password" : "secretFile")),
  );

  /** What the container can be opened with as things are. */
  get possible(): readonly Means[] {
    const ways = this.#ways;
    const possible: Means[] = [];
    if (this.remembered.length > 0) possible.push("remembered");
    if (ways.has("password")) possible.push("password");
    const forCard = this.container.records.some((record) => isForCard(record) && isUsable(record));
    if (forCard || this.identities.length > 0) possible.push("card");
    if (ways.has("keyFile") || ways.has("secretFile") || ways.has("shares")) possible.push("keyFile");
    return possible;
  }

  /** Whether a key on a token could open it, if there were one. */
  get takesTokens(): boolean {
    return this.container.records.some((record) => isUsable(record) && /^(keyFile|shares)$/u.test(record.opensWith));
  }

  /** Whether only tokens are at hand that open it, and no card is asked for. */
  get byToken(): boolean {
    return this.identities.length > 0 && this.identities.every(({ kind }) => kind === "token");
  }

  /** Why servers of the container cannot be asked, the first of the causes. */
  readonly serverTrouble: ServerTrouble | null = $derived.by(() => {
    const record = this.container.records.find((record) => record.serverProblem !== null);
    return record?.serverProblem ? { code: record.serverProblem, server: record.problemServer ?? "?" } : null;
  });

  /** Servers that the key fetches from, or may: with a file's password unknown, what it fits is unknown. */
  get through(): readonly string[] {
    return [...new Set(this.#asked.flatMap((record) => record.servers))];
  }

  /** Whether all of them are needed, not one of them. */
  get needsAll(): boolean {
    return this.#asked.length > 0 && this.#asked.every((record) => record.opensWith === "shares");
  }

  /** The records for which servers are asked: whole capsules, and only where there are none, keys in shares. */
  readonly #asked: readonly RecordView[] = $derived.by(() => {
    const { keyFile } = this;
    if (this.means === "password" || this.means === "remembered" || (this.means === "keyFile" && !keyFile)) return [];
    const mayFit = (record: RecordView) =>
      this.means === "card" ? this.#fitsCard(record) : keyFile?.fits.length === 0 || keyFile?.fits.includes(record.index);
    const fitting = this.container.records.filter((record) => isUsable(record) && mayFit(record));
    const whole = fitting.filter((record) => record.opensWith === "keyFile");
    if (whole.length === 0) return fitting.filter((record) => record.opensWith === "shares");
    return whole.every((record) => record.servers.length > 0) ? whole : [];
  });

  readonly needsCertificate: boolean = $derived.by(
    () => this.means === "keyFile" && this.keyFile !== null && (this.keyFile.needsCertificate || this.#certificateAsked),
  );

  /** Until when it opens: for the chosen key, else for the last of the recipients. Null when somebody can open it for ever. */
  readonly until: number | null = $derived.by(() => {
    const fitting = this.means === "password" || this.means === "remembered" ? [] : this.entries.filter((entry) => this.fits(entry));
    const concerned = fitting.length > 0 ? fitting : this.entries.filter(({ record }) => mayOpen(record));
    return latest(concerned.map((entry) => entry.until));
  });

  get hints(): readonly string[] {
    return this.container.records.flatMap((record) => (record.hint ? [record.hint] : []));
  }

  readonly destination: OutputView = $derived.by(() => this.#destination ?? this.container.destination);

  setDestination(destination: OutputView): void {
    this.#destination = destination;
  }

  /** The same container, looked at again after lists or settings have changed. */
  async refresh(): Promise<void> {
    const container = await this.#backend.inspect(this.container.id).catch(() => null);
    if (!container) return;
    this.container = { ...container, destination: this.container.destination };
    // Cards may have come and gone meanwhile.
    this.follow(this.#keys);
  }

  setMeans(means: Means): void {
    this.#decided = true;
    this.means = means;
    this.forgetRefusals();
  }

  /** Before something else is tried. */
  forgetRefusals(): void {
    this.refusal = null;
    this.rememberedRefusal = null;
  }

  /** What is remembered did not do: it is entered by hand instead. */
  refuseRemembered(one: RememberedView, error: ErrorView): void {
    // A card that comes must not take the place of the field, nor what has just failed.
    this.#decided = true;
    this.means = one.kind === "password" ? "password" : "keyFile";
    this.refusal = null;
    this.rememberedRefusal = { one, error };
  }

  /** Whether the chosen key file opens this entry, or the card at hand where that is the way. */
  fits({ records }: Entry): boolean {
    if (this.means === "card") return this.isAtHand({ records });
    return records.some((record) => this.keyFile?.fits.includes(record.index));
  }

  /** Whether a card at hand opens this entry. */
  isAtHand({ records }: Pick<Entry, "records">): boolean {
    return records.some((record) => this.#fitsCard(record));
  }

  #fitsCard(record: RecordView): boolean {
    return this.identities.some((identity) => opens(identity, record));
  }

  /** What a try has shown to be wrong. */
  refuse(refusal: ErrorView): void {
    this.refusal = refusal;
    if (refusal.code === "certificate_needed") this.#certificateAsked = true;
  }

  async chooseCertificate(): Promise<void> {
    try {
      const certificate = await this.#backend.chooseCertificate(this.container.id);
      if (!certificate) return;
      this.certificate = certificate;
      this.refusal = null;
    } catch (thrown) {
      this.certificate = null;
      this.refusal = asErrorView(thrown);
    }
  }

  chooseKeyFile(): Promise<void> {
    return this.#takeKeyFile(() => this.#backend.chooseKeyFile(this.container.id));
  }

  /** What is dropped while a certificate is asked for is that, when it fits; else it is meant as a key. */
  async fileFrom(id: FileId): Promise<void> {
    if (this.needsCertificate) {
      const certificate = await this.#backend.certificateFrom(id, this.container.id).catch(() => null);
      if (certificate?.problem === null) {
        this.certificate = certificate;
        this.refusal = null;
        return;
      }
    }
    await this.#takeKeyFile(() => this.#backend.keyFileFrom(id, this.container.id));
  }

  /** With a key at hand or with what is remembered, or as the chosen means says. */
  draft(identity: IdentityView | null = null, remembered: RememberedView | null = null): OpenDraft {
    return {
      container: this.container.id,
      identity: identity?.id ?? null,
      keyFile: this.means === "keyFile" ? (this.keyFile?.id ?? null) : null,
      remembered: remembered?.label ?? null,
      remember: this.remember && this.means === "password" && !remembered && !identity,
      certificate: this.needsCertificate && !this.certificate?.problem ? (this.certificate?.id ?? null) : null,
      destination: this.#destination?.id ?? null,
      names: this.names,
      raiseLimits: this.raiseLimits,
    };
  }

  async #takeKeyFile(take: () => Promise<KeyFileView | null>): Promise<void> {
    try {
      const keyFile = await take();
      if (!keyFile) return;
      if (!this.possible.includes("keyFile")) {
        // Whatever it holds: the field of what does open it stays.
        this.refusal = failure("not_a_recipient", { subject: keyFile.name, names: recipientsInShort(this.container.records) });
        return;
      }
      this.#forgetCertificate();
      this.keyFile = keyFile;
      this.means = "keyFile";
      this.refusal = keyFile.problem;
    } catch (thrown) {
      this.refusal = asErrorView(thrown);
      if (!this.possible.includes("keyFile")) return;
      this.#forgetCertificate();
      this.means = "keyFile";
      this.keyFile = null;
    }
  }

  /** It belongs to the key. */
  #forgetCertificate(): void {
    this.certificate = null;
    this.#certificateAsked = false;
  }
}

/** For whom a container is, a password once; it has no name of its own. */
export function recipientsInShort(records: readonly RecordView[]): string[] {
  const known = records.filter(({ problem }) => problem === null);
  const names = known.map(({ kind, name }) => (kind === "password" ? null : name)).filter((name) => name !== "");
  return [...new Set(names)].map((name) => name ?? "");
}

/** Until when somebody can open it; null when somebody always can. */
export function opensUntil({ records }: ContainerView): number | null {
  return latest(records.filter(mayOpen).map(({ until }) => until));
}

/** The last of them; null when there is one without an end, or none at all. */
function latest(ends: readonly (number | null)[]): number | null {
  const known = ends.filter((end) => end !== null);
  return known.length > 0 && known.length === ends.length ? Math.max(...known) : null;
}

/** Whether somebody may open the record, with this version or with a newer one. */
function mayOpen({ problem }: RecordView): boolean {
  return problem === null || problem.kind === "unknown";
}

/** Whether this version can try to open the record as things are. */
function isUsable({ problem, serverProblem }: RecordView): boolean {
  return problem === null && serverProblem === null;
}

const documents: ReadonlySet<RecordView["kind"]> = new Set(["idCard", "digiId", "eResident"]);

/** Whether it is meant for a card, by its label; a person's key in shares opens with any document of that person. */
export function isForCard({ kind, opensWith }: RecordView): boolean {
  return opensWith === "shares" || (opensWith === "keyFile" && documents.has(kind));
}

/** Whether the key at hand is the one of the record, or its holder the person. */
function opens({ keyId, person }: IdentityView, record: RecordView): boolean {
  return record.keyId === keyId || (record.person !== null && record.person === person);
}

/** Puts the records of one key on several servers together: any of the servers is enough. */
function entriesOf(records: readonly RecordView[]): Entry[] {
  const groups: RecordView[][] = [];
  const ofKey = new Map<string, RecordView[][]>();
  for (const record of records) {
    const key = keyOf(record);
    const alike = key === null ? [] : (ofKey.get(key) ?? []);
    const group = alike.find((group) => isOnOtherServers(record, group));
    if (group) {
      group.push(record);
      continue;
    }
    const begun = [record];
    groups.push(begun);
    if (key !== null) ofKey.set(key, [...alike, begun]);
  }
  return groups.map(entryOf);
}

function entryOf(records: readonly RecordView[]): Entry {
  return {
    record: records[0]!,
    records,
    servers: records.flatMap(({ servers }) => servers),
    until: latest(records.map(({ until }) => until)),
  };
}

/** What records of one key on servers have in common, as far as their labels tell; null for others. */
function keyOf({ opensWith, problem, servers, name, kind, code, algorithm }: RecordView): string | null {
  if (opensWith !== "keyFile" || problem !== null || servers.length === 0 || name === "") return null;
  return JSON.stringify([name, kind, code, algorithm]);
}

function isOnOtherServers({ servers }: RecordView, group: readonly RecordView[]): boolean {
  return group.every((record) => !record.servers.some((id) => servers.includes(id)));
}
