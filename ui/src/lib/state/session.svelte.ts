// The window: which screen stands, what runs, and what arrives from outside.
import type { Appearance } from "$lib/bindings/Appearance";
import type { Chosen } from "$lib/bindings/Chosen";
import type { EncryptionDone } from "$lib/bindings/EncryptionDone";
import type { DemoView } from "$lib/bindings/DemoView";
import type { ErrorView } from "$lib/bindings/ErrorView";
import type { IdentityView } from "$lib/bindings/IdentityView";
import type { Incoming } from "$lib/bindings/Incoming";
import type { KeysView } from "$lib/bindings/KeysView";
import type { Language } from "$lib/bindings/Language";
import type { OpenDone } from "$lib/bindings/OpenDone";
import type { OpenDraft } from "$lib/bindings/OpenDraft";
import type { OutputView } from "$lib/bindings/OutputView";
import type { ProgressStep } from "$lib/bindings/ProgressStep";
import type { ProgressView } from "$lib/bindings/ProgressView";
import type { RecentView } from "$lib/bindings/RecentView";
import type { RememberedView } from "$lib/bindings/RememberedView";
import type { ServersView } from "$lib/bindings/ServersView";
import { asErrorView, failure } from "$lib/backend/failure";
import type { Backend, FileId } from "$lib/backend/types";
import { locale } from "$lib/texts/locale.svelte";
import { serverNames } from "$lib/texts/servers.svelte";

import { Encryption } from "./encryption.svelte";
import { belongsToField, offers, type Offer, type Task } from "./offers";
import { Opening, opensUntil, recipientsInShort } from "./opening.svelte";
import { PinEntry, belongsToPin } from "./pin.svelte";
import { Settings, type Section } from "./settings.svelte";
import { theme } from "./theme.svelte";

/** Containers kept in the list of recent ones. */
const RECENT = 5;

export type Screen =
  | { readonly name: "starting" }
  | { readonly name: "start" }
  | { readonly name: "encrypt"; readonly encryption: Encryption }
  | { readonly name: "open"; readonly opening: Opening }
  | { readonly name: "keep"; readonly opened: Opened }
  | { readonly name: "working"; readonly task: Task; readonly subject: string; readonly viaServers: boolean }
  | { readonly name: "encrypted"; readonly done: EncryptionDone; readonly opened: Opened | null }
  | { readonly name: "opened"; readonly opened: Opened }
  | { readonly name: "failed"; readonly failed: Failed };

/** A container that was opened, with the way it was opened, for encrypting it again. */
export interface Opened {
  readonly opening: Opening;
  readonly draft: OpenDraft;
  readonly done: OpenDone;
  /** Whether a password took part: it is not kept, so it is asked for again. */
  readonly needsPassword: boolean;
  /** The key at hand that opened it, whose PIN is asked for again. */
  readonly identity: IdentityView | null;
  /** What the keyring keeps, where that opened it. */
  readonly remembered: RememberedView | null;
}

/** A failure on its own page. */
export interface Failed {
  readonly error: ErrorView;
  readonly task: Task;
  readonly offers: readonly Offer[];
  /** The container or file it was about. */
  readonly name: string | null;
  /** Until when the container was to open, by its labels. */
  readonly until: number | null;
  readonly take: (offer: Offer) => void;
  /** Gives up and goes to the start. */
  readonly leave: () => void;
}

/** Something to say once, in words that the screen chooses. */
export type Notice = "cancelled" | "nothingInFolder" | "onlyLinks" | "copied";

/** What the system did not do for the window, and why. */
export interface Trouble {
  readonly what: "copy" | "reveal" | "openFile" | "choosePlace";
  readonly error: ErrorView;
}

export class Session {
  screen = $state.raw<Screen>({ name: "starting" });
  version = $state("");
  recent = $state.raw<readonly RecentView[]>([]);
  servers = $state.raw<ServersView>({ servers: [], chosen: [], lost: [], lockedBy: null, problem: null });
  keys = $state.raw<KeysView>({ identities: [], readers: [], modules: [], problem: null, isKnown: false });
  /** A card to try the program with. */
  demo = $state.raw<DemoView | null>(null);
  /** A PIN is being asked for, above the screen. */
  pin = $state.raw<PinEntry | null>(null);
  progress = $state.raw<ProgressView | null>(null);
  /** Something hovers over the window. */
  hovering = $state(false);
  /** What arrived while an operation ran, or beside a draft that it must not replace: each is taken up by itself. */
  held = $state.raw<readonly Incoming[]>([]);
  notice = $state<Notice | null>(null);
  /** The last thing that was asked of the system, when it failed. */
  trouble = $state.raw<Trouble | null>(null);
  cancelling = $state(false);
  /** The window was to be closed while something runs: the person is asked, or has answered that it shall. */
  closing = $state<"asked" | "stopping" | null>(null);

  /** All files that wait, in order. */
  readonly heldFiles: readonly Chosen[] = $derived(this.held.flatMap((incoming) => incoming.files));

  readonly settings = new Settings();
  readonly backend: Backend;
  /** The container that is looked at, also while its failure is shown. */
  #opening: Opening | null = null;
  #listening: Promise<unknown> | null = null;
  /** The program may keep a container unlocked until an obstacle is decided about. */
  #mayBeUnlocked = false;

  constructor(backend: Backend) {
    this.backend = backend;
  }

  async start(): Promise<void> {
    try {
      this.#listening ??= this.#listen();
      await this.#listening;
      const start = await this.backend.start();
      locale.current = start.language;
      theme.appearance = start.appearance;
      this.version = start.version;
      this.recent = start.recent;
      this.demo = start.demo;
      this.#takeServers(start.servers);
      // What was told since is newer.
      if (!this.keys.isKnown) this.#takeKeys(start.keys);
      this.home();
      if (start.incoming) this.receive(start.incoming);
      // A list that an administrator has fetched may take its time; nothing waits for it.
      void this.#readServers();
    } catch (thrown) {
      this.#show(this.#failed(asErrorView(thrown), "start"));
    }
  }

  #listen(): Promise<unknown> {
    return Promise.all([
      this.backend.onIncoming((incoming) => this.receive(incoming)),
      this.backend.onDrag((hovering) => (this.hovering = hovering)),
      this.backend.onClosing(() => this.#close()),
      this.backend.onProgress((progress) => this.#advance(progress)),
      this.backend.onKeys((keys) => this.#takeKeys(keys)),
    ]);
  }

  /** The dialog stays until the card has done its part. */
  #advance(progress: ProgressView): void {
    if (this.pin?.busy && needsNoCard(progress.step)) {
      const { cancelling } = this;
      this.pin.leave();
      this.pin = null;
      this.cancelling = cancelling;
    }
    this.progress = progress;
  }

  #takeKeys(keys: KeysView): void {
    this.keys = keys;
    this.#opening?.follow(keys);
    this.pin?.follow(keys);
  }

  // Settings

  setLanguage(language: Language): void {
    locale.current = language;
    void this.backend.setLanguage(language).catch(() => undefined);
  }

  setAppearance(appearance: Appearance): void {
    theme.appearance = appearance;
    void this.backend.setAppearance(appearance).catch(() => undefined);
  }

  /** Shows the settings over the screen. Not while something runs: cancelling would end both. */
  openSettings(section: Section | null = null): void {
    if (this.screen.name === "working" || this.screen.name === "starting") return;
    this.notice = null;
    this.trouble = null;
    this.settings.show(section);
    void this.#readServers();
  }

  closeSettings(): Promise<void> {
    this.notice = null;
    this.trouble = null;
    return this.settings.close();
  }

  /** Lists may have been changed by others meanwhile. */
  async #readServers(): Promise<void> {
    try {
      this.serversChanged(await this.backend.servers());
    } catch (thrown) {
      this.serversChanged({ ...this.servers, problem: asErrorView(thrown) });
    }
  }

  /** What was being prepared is looked at again with these servers. */
  serversChanged(servers: ServersView): void {
    this.#takeServers(servers);
    this.settingsChanged();
  }

  settingsChanged(): void {
    if (this.screen.name === "encrypt") this.screen.encryption.settingsChanged(this.servers);
    void this.#opening?.refresh();
  }

  async importServers(): Promise<ErrorView | "imported" | null> {
    try {
      const servers = await this.backend.importServers();
      if (!servers) return null;
      this.serversChanged(servers);
      return "imported";
    } catch (thrown) {
      return asErrorView(thrown);
    }
  }

  #takeServers(servers: ServersView): void {
    this.servers = servers;
    serverNames.know(servers);
  }

  // What arrives

  receive(incoming: Incoming): void {
    this.hovering = false;
    const { screen } = this;
    if (screen.name === "working" || screen.name === "starting" || this.settings.open || this.pin) {
      this.#hold(incoming);
    } else if (screen.name === "encrypt") {
      this.#receiveBesideDraft(screen.encryption, incoming);
    } else if (screen.name === "open" && isKeyFor(incoming)) {
      void screen.opening.fileFrom(incoming.files[0]!.id);
    } else {
      this.#decide(incoming);
    }
  }

  /** Takes up what has waited longest; the rest waits on. */
  takeHeld(): void {
    const [incoming, ...others] = this.held;
    if (!incoming) return;
    this.held = others;
    if (this.settings.open) void this.closeSettings();
    const { screen } = this;
    if (screen.name === "encrypt" && !standsAlone(incoming)) this.#add(screen.encryption, incoming);
    else this.#decide(incoming);
  }

  dropHeld(): void {
    this.held = [];
  }

  /** Keeps it with what waits already; containers are opened one by one, everything else belongs together. */
  #hold(incoming: Incoming): void {
    const waiting = new Set(this.heldFiles.map((file) => file.id));
    const fresh = { ...incoming, files: incoming.files.filter((file) => !waiting.has(file.id)), position: null };
    if (fresh.files.length === 0 && this.held.length > 0) return;
    const last = this.held.at(-1);
    const joins = last !== undefined && !standsAlone(last) && !standsAlone(fresh);
    this.held = joins ? [...this.held.slice(0, -1), together(last, fresh)] : [...this.held, fresh];
  }

  /** What is taken up waits no longer, however it was come by. */
  #forgetHeld(ids: readonly FileId[]): void {
    const rest = this.held.map((incoming) => ({
      ...incoming,
      files: incoming.files.filter((file) => !ids.includes(file.id)),
    }));
    this.held = rest.filter((incoming) => incoming.files.length > 0);
  }

  #receiveBesideDraft(encryption: Encryption, incoming: Incoming): void {
    if (incoming.position && isOverRecipients(incoming.position)) {
      const keys = incoming.files.filter(isKey);
      const others = incoming.files.filter((file) => !isKey(file));
      // Where there were only keys, no file is missed.
      if (keys.length === 0 || others.length > 0) this.#add(encryption, { ...incoming, files: others });
      void encryption.addRecipientFiles(keys.map((file) => file.id));
    } else if (!incoming.position && standsAlone(incoming) && encryption.files.length > 0) {
      this.#hold(incoming);
    } else if (!incoming.position && standsAlone(incoming)) {
      this.#decide(incoming);
    } else {
      this.#add(encryption, incoming);
    }
  }

  /** Adds to a draft; an empty folder adds nothing and says so. */
  #add(encryption: Encryption, incoming: Incoming): void {
    this.notice = emptiness(incoming);
    this.#forgetHeld(incoming.files.map((file) => file.id));
    encryption.add(incoming);
  }

  /** By content: a container opens, everything else is to be encrypted. What was to be opened and is no container is told so. */
  #decide(incoming: Incoming): void {
    const [first, ...others] = incoming.files;
    if (!first) {
      this.notice = emptiness(incoming);
    } else if (others.length === 0 && first.kind === "container") {
      void this.inspect(first.id, first.name);
    } else if (others.length === 0 && first.kind === "oldContainer") {
      this.#show(this.#failed(failure("old_format"), "inspect", { name: first.name }));
    } else if (others.length === 0 && standsAlone(incoming)) {
      this.#show(this.#failedToOpen(misnamed(first), first.id, first.name));
    } else {
      this.#beginEncryption(incoming);
    }
  }

  #beginEncryption(incoming: Incoming): void {
    this.#forgetHeld(incoming.files.map((file) => file.id));
    this.#show({ name: "encrypt", encryption: new Encryption(this.backend, incoming, this.servers) });
  }

  /** Looks at a file again that could not be opened. */
  async #lookAgain(id: FileId, name: string): Promise<void> {
    try {
      this.#decide({ files: [await this.backend.chosenAgain(id)], linksLeftOut: 0, position: null });
    } catch (thrown) {
      this.#show(this.#failedToOpen(asErrorView(thrown), id, name));
    }
  }

  /** Encrypts what was taken for a container. */
  async #encryptIt(id: FileId, name: string): Promise<void> {
    try {
      this.#beginEncryption({ files: [await this.backend.chosenAgain(id)], linksLeftOut: 0, position: null });
    } catch (thrown) {
      this.#show(this.#failedToOpen(asErrorView(thrown), id, name));
    }
  }

  // Screens

  home(): void {
    this.#show({ name: "start" });
  }

  #show(screen: Screen): void {
    this.notice = null;
    this.trouble = null;
    this.progress = null;
    this.cancelling = false;
    // What was asked about has ended.
    if (this.closing === "asked") this.closing = null;
    if (screen.name !== "working" && screen.name !== "failed") this.#lockAgain();
    if (screen.name === "start" || screen.name === "encrypt") this.#opening = null;
    else if (screen.name === "open") this.#opening = screen.opening;
    this.screen = screen;
  }

  async chooseFiles(): Promise<void> {
    await this.#choose(() => this.backend.chooseFiles());
  }

  async chooseFolder(): Promise<void> {
    await this.#choose(() => this.backend.chooseFolder());
  }

  async chooseContainer(): Promise<void> {
    try {
      const chosen = await this.backend.chooseContainer();
      if (chosen) this.#decide({ files: [chosen], linksLeftOut: 0, position: null });
    } catch (thrown) {
      this.#show(this.#failed(asErrorView(thrown), "inspect"));
    }
  }

  async #choose(choose: () => Promise<Incoming | null>): Promise<void> {
    try {
      const incoming = await choose();
      if (!incoming) return;
      const { screen } = this;
      if (screen.name === "encrypt") this.#add(screen.encryption, incoming);
      else if (incoming.files.length === 0) this.notice = emptiness(incoming);
      else this.#beginEncryption(incoming);
    } catch (thrown) {
      this.#show(this.#failed(asErrorView(thrown), "start"));
    }
  }

  async inspect(id: FileId, name: string): Promise<void> {
    this.#forgetHeld([id]);
    try {
      const container = await this.backend.inspect(id);
      this.#show({ name: "open", opening: new Opening(this.backend, container, this.keys) });
    } catch (thrown) {
      this.#show(this.#failedToOpen(asErrorView(thrown), id, name));
    }
  }

  async forgetRecent(id: FileId): Promise<void> {
    this.recent = this.recent.filter((recent) => recent.id !== id);
    await this.backend.forgetRecent(id).catch(() => undefined);
  }

  async chooseOutput(encryption: Encryption): Promise<void> {
    if (!encryption.output) return;
    const output = await this.placeBeside(encryption.output.id);
    if (output) encryption.setOutput(output);
  }

  async chooseDestination(opening: Opening): Promise<void> {
    const destination = await this.#answer("choosePlace", () => this.backend.chooseDestination(opening.destination.id));
    if (destination) opening.setDestination(destination);
  }

  /** Where the person wants a container, asked for beside this file. */
  placeBeside(id: FileId): Promise<OutputView | null> {
    return this.#answer("choosePlace", () => this.backend.chooseOutput(id));
  }

  keep(opened: Opened): void {
    opened.opening.refusal = null;
    this.#show({ name: "keep", opened });
  }

  showOpened(opened: Opened): void {
    this.#show({ name: "opened", opened });
  }

  // What the system does for the window. Each tells whether it was done; when it was not, the window says so.

  async copy(text: string): Promise<boolean> {
    return this.#copied(await this.#attempt("copy", () => this.backend.copyText(text)));
  }

  async copyPath(id: FileId): Promise<boolean> {
    return this.#copied(await this.#attempt("copy", () => this.backend.copyPath(id)));
  }

  async reveal(id: FileId): Promise<boolean> {
    return this.#attempt("reveal", () => this.backend.reveal(id));
  }

  async openFile(id: FileId): Promise<boolean> {
    return this.#attempt("openFile", () => this.backend.openFile(id));
  }

  dropTrouble(): void {
    this.trouble = null;
  }

  #copied(done: boolean): boolean {
    if (done) this.notice = "copied";
    else if (this.notice === "copied") this.notice = null;
    return done;
  }

  async #attempt(what: Trouble["what"], run: () => Promise<void>): Promise<boolean> {
    return (await this.#answer(what, () => run().then(() => true))) ?? false;
  }

  /** What the system answers; null when it fails, which the window says. */
  async #answer<T>(what: Trouble["what"], ask: () => Promise<T>): Promise<T | null> {
    this.trouble = null;
    const { screen } = this;
    try {
      return await ask();
    } catch (thrown) {
      if (screen === this.screen) this.trouble = { what, error: asErrorView(thrown) };
      return null;
    }
  }

  // Long work. A password lives in the arguments of these functions alone: through the answers to "it exists, what
  // now?", never longer than the operation it was given for.

  async encrypt(encryption: Encryption, password: string | null, hint: string | null): Promise<void> {
    const back: Screen = { name: "encrypt", encryption };
    encryption.forgetLinks();
    for (;;) {
      const subject = encryption.output?.name ?? "";
      this.#show({ name: "working", task: "encrypt", subject, viaServers: encryption.delivers });
      try {
        const done = await this.backend.encrypt(encryption.draft(), password, hint);
        this.#finishEncryption(done, null);
        return;
      } catch (thrown) {
        const choosePlace = async () => {
          const before = encryption.output;
          await this.chooseOutput(encryption);
          return encryption.output !== before;
        };
        if (!(await this.#recover(asErrorView(thrown), "encrypt", back, { choosePlace }))) return;
      }
    }
  }

  async open(opening: Opening, password: string | null, remembered: RememberedView | null = null): Promise<void> {
    const back: Screen = { name: "open", opening };
    opening.forgetRefusals();
    for (;;) {
      const viaServers = opening.through.length > 0;
      this.#show({ name: "working", task: "open", subject: opening.container.name, viaServers });
      const draft = opening.draft(null, remembered);
      try {
        const done = await this.backend.open(draft, password);
        this.#finishOpening({ opening, draft, done, needsPassword: password !== null, identity: null, remembered });
        return;
      } catch (thrown) {
        const error = asErrorView(thrown);
        if (remembered && belongsToField(error.code)) {
          opening.refuseRemembered(remembered, error);
          this.#show(back);
          return;
        }
        if (!(await this.#recoverOpening(opening, error, back, draft))) return;
      }
    }
  }

  /** What can be done about a container that did not open; whether to try again. */
  async #recoverOpening(opening: Opening, error: ErrorView, back: Screen, draft: OpenDraft): Promise<boolean> {
    if (belongsToField(error.code)) {
      opening.refuse(error);
      this.#show(back);
      return false;
    }
    const choosePlace = async () => {
      const before = opening.destination;
      await this.chooseDestination(opening);
      return opening.destination !== before;
    };
    const answer = (offer: Offer) => applyToOpening(opening, offer);
    return this.#recover(error, "open", back, { choosePlace, answer, draft });
  }

  /** Asks for the PIN of a key at hand, and opens with it. */
  openWithCard(opening: Opening, identity: IdentityView): void {
    // The same one, so that it stays as it is below the dialog.
    const back: Screen = this.screen.name === "open" ? this.screen : { name: "open", opening };
    opening.forgetRefusals();
    const draft = opening.draft(identity);
    const work = async (pin: string | null, risk: boolean) => {
      const done = await this.backend.openWithPin(draft, pin, risk);
      this.#finishOpening({ opening, draft, done, needsPassword: false, identity, remembered: null });
    };
    const recover = async (error: ErrorView) => {
      this.#mayBeUnlocked = true;
      if (!(await this.#recoverOpening(opening, error, back, draft))) return;
      await this.#goOn({ task: "open", opening, recover, ask: () => this.openWithCard(opening, identity), back }, async () => {
        const again = opening.draft(identity);
        const done = await this.backend.openUnlocked(again);
        if (done) this.#finishOpening({ opening, draft: again, done, needsPassword: false, identity, remembered: null });
        return done !== null;
      });
    };
    this.#askPin(identity, { task: "open", opening, work, recover });
  }

  /** The same for encrypting an opened container again for a password of one's own. */
  encryptAgainWithCard(
    opened: Opened,
    identity: IdentityView,
    newPassword: string,
    hint: string | null,
    output: OutputView | null,
  ): void {
    const back: Screen = this.screen.name === "keep" ? this.screen : { name: "keep", opened };
    let place = output;
    opened.opening.refusal = null;
    const work = async (pin: string | null, risk: boolean) => {
      const { draft } = opened;
      const done = await this.backend.encryptAgainWithPin(draft, pin, risk, newPassword, hint, place?.id ?? null);
      this.#finishEncryption(done, opened);
    };
    const recover = async (error: ErrorView) => {
      const choosePlace = async () => {
        const chosen = await this.placeBeside(place?.id ?? opened.opening.container.id);
        place = chosen ?? place;
        return chosen !== null;
      };
      this.#mayBeUnlocked = true;
      if (!(await this.#recover(error, "keep", back, { choosePlace }))) return;
      const ask = () => this.encryptAgainWithCard(opened, identity, newPassword, hint, place);
      await this.#goOn({ task: "keep", opening: opened.opening, recover, ask, back }, async () => {
        const { draft } = opened;
        const done = await this.backend.encryptAgainUnlocked(draft, newPassword, hint, place?.id ?? null);
        if (done) this.#finishEncryption(done, opened);
        return done !== null;
      });
    };
    this.#askPin(identity, { task: "keep", opening: opened.opening, work, recover });
  }

  /** After an obstacle: with what the PIN has unlocked, or with the PIN once more where that is no longer kept. */
  async #goOn(
    { task, opening, recover, ask, back }: {
      task: Task;
      opening: Opening;
      recover: (error: ErrorView) => Promise<void>;
      ask: () => void;
      back: Screen;
    },
    work: () => Promise<boolean>,
  ): Promise<void> {
    this.#show({ name: "working", task, subject: opening.container.name, viaServers: false });
    try {
      if (await work()) return;
    } catch (thrown) {
      await recover(asErrorView(thrown));
      return;
    }
    this.#show(back);
    ask();
  }

  /** The person has gone on to something else. */
  #lockAgain(): void {
    if (!this.#mayBeUnlocked) return;
    this.#mayBeUnlocked = false;
    void this.backend.lockAgain().catch(() => undefined);
  }

  /** Shows the dialog. What is wrong with the PIN or the card is said there, anything else on the screen below. */
  #askPin(
    identity: IdentityView,
    { task, opening, work, recover }: {
      task: Task;
      opening: Opening;
      work: (pin: string | null, risk: boolean) => Promise<void>;
      recover: (error: ErrorView) => Promise<void>;
    },
  ): void {
    const use = async (pin: string | null, risk: boolean) => {
      this.notice = null;
      this.progress = null;
      this.cancelling = false;
      try {
        await work(pin, risk);
        this.pin = null;
      } catch (thrown) {
        const error = asErrorView(thrown);
        if (this.pin === entry && belongsToPin(error.code)) {
          this.progress = null;
          this.cancelling = false;
          entry.refuse(error);
          return;
        }
        this.pin = null;
        await recover(error);
      }
    };
    const cancel = () => {
      if (entry.busy) void this.cancel();
      else this.pin = null;
    };
    const leave = () => {
      const viaServers = opening.through.length > 0;
      this.#show({ name: "working", task, subject: opening.container.name, viaServers });
    };
    const entry = new PinEntry(identity, { use, cancel, leave });
    entry.follow(this.keys);
    this.notice = null;
    this.pin = entry;
    // There is nothing to enter.
    if (entry.state === "ask" && identity.secret.entry === "notNeeded") entry.use(null, false);
  }

  /** Encrypts an opened container again for a password of one's own. */
  async encryptAgain(
    opened: Opened,
    password: string | null,
    newPassword: string,
    hint: string | null,
    output: OutputView | null,
  ): Promise<void> {
    const back: Screen = { name: "keep", opened };
    let place = output;
    for (;;) {
      const { container, through } = opened.opening;
      this.#show({ name: "working", task: "keep", subject: container.name, viaServers: through.length > 0 });
      try {
        const done = await this.backend.encryptAgain(opened.draft, password, newPassword, hint, place?.id ?? null);
        this.#finishEncryption(done, opened);
        return;
      } catch (thrown) {
        const error = asErrorView(thrown);
        if (belongsToField(error.code)) {
          opened.opening.refusal = error;
          this.#show({ name: "keep", opened: withoutRemembered(opened) });
          return;
        }
        const choosePlace = async () => {
          const chosen = await this.placeBeside(place?.id ?? opened.opening.container.id);
          place = chosen ?? place;
          return chosen !== null;
        };
        if (!(await this.#recover(error, "keep", back, { choosePlace }))) return;
      }
    }
  }

  async cancel(): Promise<void> {
    this.cancelling = true;
    await this.backend.cancel().catch(() => undefined);
  }

  /** The window is to be closed. The program has waited for the answer because something runs. */
  #close(): void {
    if (this.closing !== null) return;
    if (this.screen.name === "working") this.closing = "asked";
    else void this.stopAndClose();
  }

  keepGoing(): void {
    if (this.closing === "asked") this.closing = null;
  }

  async stopAndClose(): Promise<void> {
    this.closing = "stopping";
    try {
      await this.backend.stopAndClose();
    } catch {
      this.closing = null;
    }
  }

  #finishEncryption(done: EncryptionDone, opened: Opened | null): void {
    const names = done.recipients.map(({ kind, name }) => (kind === "password" ? "" : name));
    this.#remember({ ...done.output, encrypted: true, recipients: names, at: Date.now() / 1000, until: done.opensUntil });
    this.#show({ name: "encrypted", done, opened });
  }

  #finishOpening(opened: Opened): void {
    const { container } = opened.opening;
    const names = recipientsInShort(container.records);
    const until = opensUntil(container);
    this.#remember({ ...container, encrypted: false, recipients: names, at: Date.now() / 1000, until });
    this.#show({ name: "opened", opened });
  }

  #remember({ id, name, folder, encrypted, recipients, at, until }: RecentView): void {
    const others = this.recent.filter((recent) => recent.id !== id);
    this.recent = [{ id, name, folder, encrypted, recipients, at, until }, ...others].slice(0, RECENT);
  }

  /** Shows a failure of long work and waits for the answer; true when the work shall run once more. */
  async #recover(
    error: ErrorView,
    task: Task,
    back: Screen,
    ways: {
      choosePlace: () => Promise<boolean>;
      answer?: (offer: Offer) => boolean;
      draft?: OpenDraft;
    },
  ): Promise<boolean> {
    if (error.code === "cancelled") {
      this.#show(back);
      this.notice = "cancelled";
      return false;
    }
    const name = nameOn(back);
    return new Promise((resolve) => {
      const take = async (offer: Offer) => {
        if (offer === "otherPlace") {
          if (await ways.choosePlace()) resolve(true);
        } else if (offer === "again" || ways.answer?.(offer)) {
          resolve(true);
        } else if (offer === "back") {
          this.#show(back);
          resolve(false);
        } else if (offer === "otherContainer") {
          await this.chooseContainer();
        } else if (offer === "servers" || offer === "network") {
          this.openSettings(offer);
        }
      };
      const leave = () => {
        resolve(false);
        this.home();
      };
      const possible = offers(error, task, ways.draft);
      const until = back.name === "open" ? back.opening.until : null;
      const failed: Failed = { error, task, name, until, offers: possible, take: (offer) => void take(offer), leave };
      this.#show({ name: "failed", failed });
    });
  }

  /** A file that was to be opened cannot be. */
  #failedToOpen(error: ErrorView, id: FileId, name: string): Screen {
    const again = () => this.#lookAgain(id, name);
    const encrypt = () => this.#encryptIt(id, name);
    return this.#failed(error, "inspect", { name, again, encrypt });
  }

  /** A failure outside long work. */
  #failed(
    error: ErrorView,
    task: Task,
    more: { name?: string; again?: () => Promise<void>; encrypt?: () => Promise<void> } = {},
  ): Screen {
    const take = async (offer: Offer) => {
      if (offer === "again") await (more.again?.() ?? this.start());
      else if (offer === "encryptIt") await more.encrypt?.();
      else if (offer === "otherContainer") await this.chooseContainer();
      else this.home();
    };
    const failed: Failed = {
      error,
      task,
      name: more.name ?? null,
      until: null,
      offers: offers(error, task),
      take: (offer) => void take(offer),
      leave: () => this.home(),
    };
    return { name: "failed", failed };
  }
}

/** The same with the password asked for, where what was remembered no longer does. */
function withoutRemembered(opened: Opened): Opened {
  if (opened.remembered?.kind !== "password") return opened;
  return { ...opened, draft: { ...opened.draft, remembered: null }, needsPassword: true, remembered: null };
}

/** Whether the card has done its part once an operation is there. */
function needsNoCard(step: ProgressStep): boolean {
  return step !== "unlocking" && step !== "fetching";
}

function applyToOpening(opening: Opening, offer: Offer): boolean {
  switch (offer) {
    case "replace":
      opening.names = { ...opening.names, existing: "overwrite" };
      return true;
    case "keepBoth":
      opening.names = { ...opening.names, existing: "rename" };
      return true;
    case "safeNames":
      opening.names = { ...opening.names, safeNames: true };
      return true;
    case "raiseLimits":
      opening.raiseLimits = true;
      return true;
    default:
      return false;
  }
}

/** The container that a screen is about. */
function nameOn(screen: Screen): string | null {
  if (screen.name === "open") return screen.opening.container.name;
  if (screen.name === "keep") return screen.opened.opening.container.name;
  if (screen.name === "encrypt") return screen.encryption.output?.name ?? null;
  return null;
}

/** A single file that was meant to be opened, and is not put to others. */
function standsAlone({ files, position }: Incoming): boolean {
  const [first, ...others] = files;
  if (!first || others.length > 0) return false;
  // What cannot be read may have been anything; dropped, it stands among what is to be encrypted and says so there.
  return isContainer(first) || (first.kind === "unusable" && position === null);
}

/** By its content or, in vain, by its name. */
function isContainer({ kind }: Chosen): boolean {
  return kind === "container" || kind === "oldContainer" || kind === "misnamed";
}

/** Why a file cannot be opened. An empty one says so by the number of its bytes. */
function misnamed({ name, size, problem }: Chosen): ErrorView {
  return problem ?? failure("not_a_container", { subject: name, number: size === 0 ? 0 : null });
}

/** A single file dropped on the window that is no container is meant as a key, or as its certificate. */
function isKeyFor({ files, position }: Incoming): boolean {
  return position !== null && files.length === 1 && files[0] !== undefined && !isContainer(files[0]);
}

/** Why nothing was added, when nothing was. */
function emptiness({ files, linksLeftOut }: Incoming): Notice | null {
  if (files.length > 0) return null;
  return linksLeftOut > 0 ? "onlyLinks" : "nothingInFolder";
}

/** What is meant as a recipient; a private key is told to be none. */
function isKey({ kind }: Chosen): boolean {
  return kind === "recipient" || kind === "privateKey";
}

function isOverRecipients({ x, y }: { x: number; y: number }): boolean {
  return document.elementFromPoint(x, y)?.closest("[data-drop='recipients']") !== null;
}

function together(held: Incoming, incoming: Incoming): Incoming {
  return {
    files: [...held.files, ...incoming.files],
    linksLeftOut: held.linksLeftOut + incoming.linksLeftOut,
    position: null,
  };
}
