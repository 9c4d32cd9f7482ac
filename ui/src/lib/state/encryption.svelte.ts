// What shall be encrypted, for whom, by which way, and where to, with what stands in the way as the program sees it.
import type { Chosen } from "$lib/bindings/Chosen";
import type { Code } from "$lib/bindings/Code";
import type { EncryptionDraft } from "$lib/bindings/EncryptionDraft";
import type { EncryptionPlan } from "$lib/bindings/EncryptionPlan";
import type { ErrorView } from "$lib/bindings/ErrorView";
import type { Incoming } from "$lib/bindings/Incoming";
import type { Needed } from "$lib/bindings/Needed";
import type { OutputView } from "$lib/bindings/OutputView";
import type { RecipientView } from "$lib/bindings/RecipientView";
import type { ServersView } from "$lib/bindings/ServersView";
import { asErrorView } from "$lib/backend/failure";
import type { Backend, FileId } from "$lib/backend/types";

/** A file as the list shows it. */
export interface DraftRow {
  readonly file: Chosen;
  /** Name in the container. */
  readonly name: string;
  readonly problem: ErrorView | null;
  readonly safeName: string | null;
}

/** How capsules travel. */
export type Way = "servers" | "inside";

export class Encryption {
  files = $state.raw<readonly Chosen[]>([]);
  recipients = $state.raw<readonly RecipientView[]>([]);
  /** The recipients that came from keys at hand, by the identity's `id`. */
  #ofKeys = $state.raw<ReadonlyMap<string, FileId>>(new Map());
  withPassword = $state(false);
  plan = $state.raw<EncryptionPlan | null>(null);
  /** Why something could not be added, beside the recipients. */
  recipientProblem = $state.raw<ErrorView | null>(null);
  way = $state<Way>("inside");
  /** Identifiers of the servers that are chosen, whether or not they are the way. */
  servers = $state.raw<readonly string[]>([]);
  /** How many of the servers are needed to open it. Of a person by code, always all. */
  needed = $state<Needed>("one");
  /** For how many days at most; as long as possible otherwise. */
  days = $state<number | null>(null);
  /** What should hardly be given away. */
  readonly privateKeys = $derived(this.files.filter((file) => file.kind === "privateKey"));
  /** Links in the folder that was added last, to be said until something else is done with the files. */
  linksLeftOut = $state(0);

  #names = $state.raw<ReadonlyMap<FileId, string>>(new Map());
  #output = $state.raw<OutputView | null>(null);
  /** Why there is no plan. */
  #refusal = $state.raw<ErrorView | null>(null);
  #asked = 0;
  /** The person has chosen the way for this container. */
  #decided = false;
  readonly #backend: Backend;

  constructor(backend: Backend, incoming: Incoming, servers: ServersView) {
    this.#backend = backend;
    this.#follow(servers);
    this.add(incoming);
  }

  /** Files with their troubles; those with trouble first, so that nobody has to look for them. */
  readonly rows: readonly DraftRow[] = $derived.by(() => {
    const planned = new Map(this.plan?.files.map((file) => [file.id, file]));
    const rows = this.files.map((file): DraftRow => {
      const plan = planned.get(file.id);
      return {
        file,
        name: this.#names.get(file.id) ?? file.name,
        problem: file.problem ?? plan?.problem ?? null,
        safeName: plan?.safeName ?? null,
      };
    });
    return [...rows.filter((row) => row.problem), ...rows.filter((row) => !row.problem)];
  });

  readonly troubled: readonly DraftRow[] = $derived(this.rows.filter((row) => row.problem));

  readonly totalSize: number = $derived(
    this.plan?.totalSize ?? this.files.reduce((sum, file) => sum + file.size, 0),
  );

  readonly output: OutputView | null = $derived(this.#output ?? this.plan?.output ?? null);

  /** Those who will be able to open it, without the password. */
  readonly peopleCount: number = $derived(this.recipients.length);

  /** Whether there is nobody but persons by code, for whom nothing can stand in the file. */
  readonly personsOnly: boolean = $derived(
    this.recipients.length > 0 && this.recipients.every((recipient) => recipient.person !== null),
  );

  /** Whether something goes to servers: capsules for recipients with keys where that is the way, parts of the keys of persons by code. */
  readonly delivers: boolean = $derived(
    (this.way === "servers" && this.recipients.length > 0) || this.recipients.some(({ person }) => person !== null),
  );

  /** What hinders as a whole. */
  readonly blockers: readonly ErrorView[] = $derived.by(() => (this.#refusal ? [this.#refusal] : (this.plan?.blockers ?? [])));

  /** What hinders the way that was chosen. */
  readonly deliveryBlockers: readonly ErrorView[] = $derived(
    this.blockers.filter((blocker) => aboutServers.has(blocker.code) || this.#refusesRecipient(blocker)),
  );

  /** Servers are the way, and none is chosen. */
  readonly lacksServer: boolean = $derived(
    this.way === "servers" && this.recipients.length > 0 && !this.personsOnly && this.servers.length === 0,
  );

  add({ files, linksLeftOut }: Incoming): void {
    // When there were only links, the window's notice says that nothing was added, and why.
    this.linksLeftOut = files.length > 0 ? linksLeftOut : 0;
    const known = new Set(this.files.map((file) => file.id));
    this.files = [...this.files, ...files.filter((file) => !known.has(file.id) && known.add(file.id))];
    void this.#replan();
  }

  forgetLinks(): void {
    this.linksLeftOut = 0;
  }

  removeFiles(ids: readonly FileId[]): void {
    this.files = this.files.filter((file) => !ids.includes(file.id));
    if (this.files.length === 0) this.forgetLinks();
    void this.#replan();
  }

  acceptName(id: FileId, name: string): void {
    this.#names = new Map(this.#names).set(id, name);
    void this.#replan();
  }

  addRecipients(recipients: readonly RecipientView[]): void {
    const known = new Set(this.recipients.map(recipientKey));
    this.recipients = [...this.recipients, ...recipients.filter((recipient) => !known.has(recipientKey(recipient)))];
    this.recipientProblem = null;
    void this.#replan();
  }

  dropRecipientProblem(): void {
    this.recipientProblem = null;
  }

  removeRecipient(gone: RecipientView): void {
    this.recipients = this.recipients.filter((recipient) => recipientKey(recipient) !== recipientKey(gone));
    void this.#replan();
  }

  /** Takes a person by code; what is wrong with the code is the result. */
  async addPerson(code: string, servers: ServersView): Promise<ErrorView | null> {
    try {
      const person = await this.#backend.person(code);
      if (!this.#decided) this.#proposeHolders(servers);
      this.addRecipients([person]);
      return null;
    } catch (thrown) {
      return asErrorView(thrown);
    }
  }

  /** A key is split over at least two servers: where fewer are chosen by default, those that the list has come beside them. */
  #proposeHolders(servers: ServersView): void {
    const chosen = this.way === "servers" ? this.servers : [];
    if (holders(servers, (id) => chosen.includes(id)).length > 1) return;
    const wanted = holders(servers, () => true).slice(0, 2);
    if (chosen.length > 0) this.servers = [...new Set([...chosen, ...wanted])];
  }

  setWithPassword(withPassword: boolean): void {
    this.withPassword = withPassword;
    void this.#replan();
  }

  setWay(way: Way, servers: ServersView): void {
    this.#decided = true;
    this.way = way;
    if (way === "servers" && this.servers.length === 0) this.servers = proposed(servers);
    void this.#replan();
  }

  setServers(servers: readonly string[]): void {
    this.#decided = true;
    this.way = "servers";
    this.servers = servers;
    void this.#replan();
  }

  setNeeded(needed: Needed): void {
    this.#decided = true;
    this.needed = needed;
    void this.#replan();
  }

  setDays(days: number | null): void {
    this.days = days;
    void this.#replan();
  }

  /** The lists or the settings have changed: what was chosen here stays, as far as it is still there. */
  settingsChanged(servers: ServersView): void {
    if (this.#decided) this.servers = this.servers.filter((id) => servers.servers.some((server) => server.id === id));
    else this.#follow(servers);
    void this.#replan();
  }

  #follow({ chosen }: ServersView): void {
    this.way = chosen.length > 0 ? "servers" : "inside";
    this.servers = chosen;
  }

  setOutput(output: OutputView): void {
    this.#output = output;
    void this.#replan();
  }

  /** Takes certificate files as recipients; those that are none say so. */
  async addRecipientFiles(ids: readonly FileId[]): Promise<void> {
    for (const id of ids) {
      try {
        this.addRecipients([await this.#backend.recipientFrom(id)]);
        this.removeFiles([id]);
      } catch (thrown) {
        this.recipientProblem = asErrorView(thrown);
      }
    }
  }

  /** Whether the holder of a key at hand is a recipient already. */
  hasKey(id: string): boolean {
    const number = this.#ofKeys.get(id);
    return number !== undefined && this.recipients.some((recipient) => recipient.id === number);
  }

  /** The holder of a key at hand. */
  async addRecipientFromKey(id: string): Promise<void> {
    try {
      const recipient = await this.#backend.recipientFromKey(id);
      this.#ofKeys = new Map(this.#ofKeys).set(id, recipient.id);
      this.addRecipients([recipient]);
    } catch (thrown) {
      this.recipientProblem = asErrorView(thrown);
    }
  }

  async chooseRecipients(): Promise<void> {
    try {
      const chosen = await this.#backend.chooseRecipients();
      if (chosen) this.addRecipients(chosen);
    } catch (thrown) {
      this.recipientProblem = asErrorView(thrown);
    }
  }

  draft(): EncryptionDraft {
    return {
      files: this.files.map(({ id }) => ({ id, name: this.#names.get(id) ?? null })),
      recipients: this.recipients.filter(({ person }) => person === null).map(({ id }) => id),
      persons: this.recipients.flatMap(({ person }) => person ?? []),
      withPassword: this.withPassword,
      // Without servers, keys of persons by code are split over the first that the list has.
      delivery: {
        servers: this.way === "servers" && this.delivers ? [...this.servers] : [],
        days: this.delivers ? this.days : null,
        needed: this.way === "servers" ? this.needed : "one",
      },
      output: this.#output?.id ?? null,
    };
  }

  /** No server takes the key of a recipient; a file that holds none at all is refused by its own name. */
  #refusesRecipient({ code, subject }: ErrorView): boolean {
    if (!this.delivers || code !== "recipient_unusable") return false;
    return subject === null || this.recipients.some((recipient) => recipient.name === subject);
  }

  /** Asks the program again; an answer that is overtaken by a newer question is dropped. */
  async #replan(): Promise<void> {
    this.#asked += 1;
    const question = this.#asked;
    try {
      const plan = await this.#backend.planEncryption(this.draft());
      if (question !== this.#asked) return;
      this.plan = plan;
      this.#refusal = null;
    } catch (thrown) {
      if (question === this.#asked) this.#refusal = asErrorView(thrown);
    }
  }
}

const aboutServers: ReadonlySet<Code> = new Set([
  "server_unknown",
  "server_unusable",
  "server_list_closed",
  "server_list_invalid",
  "settings_invalid",
  "too_few_share_servers",
  "not_a_person",
  "recipient_expired",
]);

/** Tells recipients apart: those from files by their file, persons by code. */
export function recipientKey({ id, person }: RecipientView): string {
  return person ?? String(id);
}

/** Servers that keep parts of keys, one of each organisation. */
function holders({ servers }: ServersView, counts: (id: string) => boolean): readonly string[] {
  const owners = new Set<string>();
  const keeping = servers.filter((server) => server.problem === null && server.shares !== null && counts(server.id));
  return keeping
    .filter(({ owner }) => !owners.has(owner) && owners.add(owner))
    .map(({ id }) => id);
}

/** The default servers, else the first that can be used. */
function proposed({ servers, chosen }: ServersView): readonly string[] {
  const usable = servers.filter((server) => server.problem === null).map((server) => server.id);
  const preferred = usable.filter((id) => chosen.includes(id));
  return preferred.length > 0 ? preferred : usable.slice(0, 1);
}
