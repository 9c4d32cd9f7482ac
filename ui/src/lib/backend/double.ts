// A stand-in for the desktop shell in tests and on the development page. It answers as told and remembers what it was
// asked; the program that people get does not contain it.
import type { Chosen } from "$lib/bindings/Chosen";
import type { ContainerView } from "$lib/bindings/ContainerView";
import type { EncryptionDone } from "$lib/bindings/EncryptionDone";
import type { EncryptionDraft } from "$lib/bindings/EncryptionDraft";
import type { EncryptionPlan } from "$lib/bindings/EncryptionPlan";
import type { Incoming } from "$lib/bindings/Incoming";
import type { KeyCertificateView } from "$lib/bindings/KeyCertificateView";
import type { KeyFileView } from "$lib/bindings/KeyFileView";
import type { KeysView } from "$lib/bindings/KeysView";
import type { NetworkView } from "$lib/bindings/NetworkView";
import type { OpenDone } from "$lib/bindings/OpenDone";
import type { OutputView } from "$lib/bindings/OutputView";
import type { PlannedFile } from "$lib/bindings/PlannedFile";
import type { ProgressView } from "$lib/bindings/ProgressView";
import type { ReaderReport } from "$lib/bindings/ReaderReport";
import type { RecipientView } from "$lib/bindings/RecipientView";
import type { RememberedView } from "$lib/bindings/RememberedView";
import type { ServerReport } from "$lib/bindings/ServerReport";
import type { ServersView } from "$lib/bindings/ServersView";
import type { ShownCertificate } from "$lib/bindings/ShownCertificate";
import type { StartView } from "$lib/bindings/StartView";

import { failure } from "./failure";
import type { Backend, FileId } from "./types";

/** What the stand-in answers; a test overrides what it is about. */
export interface Answers {
  start: StartView;
  files: Incoming | null;
  container: Chosen | null;
  /** A file that was chosen before, as it is now. */
  chosenAgain: (id: FileId) => Promise<Chosen>;
  recipients: RecipientView[] | null;
  /** The person of a code. */
  person: (code: string) => Promise<RecipientView>;
  /** Troubles of files, by id. */
  troubles: Map<FileId, Pick<PlannedFile, "problem" | "safeName">>;
  inspect: () => Promise<ContainerView>;
  keyFile: KeyFileView | null;
  certificate: KeyCertificateView | null;
  /** What comes of changing the servers; the list itself is that of `start`. */
  servers: () => Promise<ServersView>;
  report: () => Promise<ServerReport>;
  /** Certificates that a server shows. */
  shown: () => Promise<ShownCertificate[]>;
  network: () => Promise<NetworkView>;
  /** What the keyring keeps. */
  remembered: () => Promise<RememberedView[]>;
  /** What comes of forgetting a label. */
  forget: (label: string) => Promise<RememberedView[]>;
  /** What a plan says beside what the double makes of the draft. */
  plan: (draft: EncryptionDraft) => Partial<EncryptionPlan>;
  place: OutputView | null;
  encrypt: () => Promise<EncryptionDone>;
  open: () => Promise<OpenDone>;
  /** What comes of a PIN. */
  pin: (pin: string | null, riskLastTry: boolean) => Promise<OpenDone>;
  /** What comes of going on after an obstacle. */
  unlocked: () => Promise<OpenDone | null>;
  readers: () => Promise<ReaderReport[]>;
  recipientFromKey: () => Promise<RecipientView>;
  /** What comes of showing a file, opening it and copying. */
  system: () => Promise<void>;
}

export interface Call {
  readonly command: keyof Backend;
  readonly args: readonly unknown[];
}

export class Double {
  readonly calls: Call[] = [];
  readonly answers: Answers;
  readonly backend: Backend;
  #incoming: (incoming: Incoming) => void = () => undefined;
  #drag: (hovering: boolean) => void = () => undefined;
  #closing: () => void = () => undefined;
  #progress: (progress: ProgressView) => void = () => undefined;
  #keys: (keys: KeysView) => void = () => undefined;
  #stop: (() => void) | null = null;

  constructor(answers: Partial<Answers> = {}) {
    this.answers = {
      start: {
        version: "0.1.0",
        language: "en",
        appearance: "light",
        recent: [],
        servers: { servers: [], chosen: [], lost: [], lockedBy: null, problem: null },
        keys: { identities: [], readers: [], modules: [], problem: null, isKnown: true },
        demo: null,
        incoming: null,
      },
      files: null,
      container: null,
      chosenAgain: () => Promise.reject(failure("internal")),
      recipients: null,
      person: (code) =>
        /^\d{11}$/u.test(code) ? Promise.resolve(personOf(code)) : Promise.reject(failure("personal_code_wrong")),
      troubles: new Map(),
      inspect: () => Promise.reject(failure("not_a_container")),
      keyFile: null,
      certificate: null,
      servers: () => Promise.resolve(this.answers.start.servers),
      report: () => Promise.resolve({ addresses: [], problem: null }),
      shown: () => Promise.resolve([]),
      network: () =>
        Promise.resolve({
          proxy: "system",
          address: "",
          user: "",
          hasPassword: false,
          byAdministrator: false,
          problem: null,
        }),
      remembered: () => Promise.resolve([]),
      forget: async (label) => (await this.answers.remembered()).filter((one) => one.label !== label),
      plan: () => ({}),
      place: null,
      encrypt: () => Promise.reject(failure("internal")),
      open: () => Promise.reject(failure("internal")),
      pin: () => Promise.reject(failure("internal")),
      unlocked: () => Promise.resolve(null),
      readers: () => Promise.resolve([]),
      recipientFromKey: () => Promise.reject(failure("card_removed")),
      system: () => Promise.resolve(),
      ...answers,
    };
    this.backend = this.#remembering(this.#build());
  }

  // What the shell tells without being asked.

  deliver(incoming: Incoming): void {
    this.#incoming(incoming);
  }

  hover(hovering: boolean): void {
    this.#drag(hovering);
  }

  /** The person closes the window while something runs. */
  close(): void {
    this.#closing();
  }

  advance(progress: ProgressView): void {
    this.#progress(progress);
  }

  /** Cards come and go. */
  have(keys: KeysView): void {
    this.answers.start = { ...this.answers.start, keys };
    this.#keys(keys);
  }

  /** An answer that comes only by cancelling. */
  never<T>(): Promise<T> {
    return new Promise((_, reject) => {
      this.#stop = () => reject(failure("cancelled"));
    });
  }

  called(command: keyof Backend): readonly Call[] {
    return this.calls.filter((call) => call.command === command);
  }

  #remembering(backend: Backend): Backend {
    const entries = Object.entries(backend).map(([command, run]) => [
      command,
      (...args: unknown[]) => {
        this.calls.push({ command: command as keyof Backend, args });
        return (run as (...args: unknown[]) => unknown)(...args);
      },
    ]);
    return Object.fromEntries(entries) as Backend;
  }

  #build(): Backend {
    const { answers } = this;
    const done = () => Promise.resolve();
    return {
      onIncoming: (handler) => ((this.#incoming = handler), Promise.resolve(() => undefined)),
      onDrag: (handler) => ((this.#drag = handler), Promise.resolve(() => undefined)),
      onClosing: (handler) => ((this.#closing = handler), Promise.resolve(() => undefined)),
      onProgress: (handler) => ((this.#progress = handler), Promise.resolve(() => undefined)),
      onKeys: (handler) => ((this.#keys = handler), Promise.resolve(() => undefined)),
      start: () => Promise.resolve(answers.start),
      setLanguage: done,
      setAppearance: done,
      chooseFiles: () => Promise.resolve(answers.files),
      chooseFolder: () => Promise.resolve(answers.files),
      chooseContainer: () => Promise.resolve(answers.container),
      chosenAgain: (id) => answers.chosenAgain(id),
      chooseRecipients: () => Promise.resolve(answers.recipients),
      recipientFrom: (id) => {
        const recipient = answers.recipients?.find((candidate) => candidate.id === id) ?? answers.recipients?.[0];
        return recipient ? Promise.resolve(recipient) : Promise.reject(failure("recipient_unusable"));
      },
      person: (code) => answers.person(code),
      planEncryption: (draft) => Promise.resolve(this.#plan(draft)),
      chooseOutput: () => Promise.resolve(answers.place),
      encrypt: () => answers.encrypt(),
      inspect: () => answers.inspect(),
      chooseKeyFile: () => Promise.resolve(answers.keyFile),
      keyFileFrom: () =>
        answers.keyFile ? Promise.resolve(answers.keyFile) : Promise.reject(failure("key_file_unusable")),
      chooseCertificate: () => Promise.resolve(answers.certificate),
      certificateFrom: () =>
        answers.certificate ? Promise.resolve(answers.certificate) : Promise.reject(failure("recipient_unusable")),
      chooseDestination: () => Promise.resolve(answers.place),
      open: () => answers.open(),
      encryptAgain: () => answers.encrypt(),
      openWithPin: (_, pin, riskLastTry) => answers.pin(pin, riskLastTry),
      encryptAgainWithPin: () => answers.encrypt(),
      openUnlocked: () => answers.unlocked(),
      encryptAgainUnlocked: () => answers.encrypt(),
      lockAgain: done,
      chooseModule: done,
      forgetModule: done,
      testKeys: () => answers.readers(),
      recipientFromKey: () => answers.recipientFromKey(),
      cancel: () => Promise.resolve(this.#stop?.()),
      stopAndClose: () => Promise.resolve(this.#stop?.()),
      reveal: () => answers.system(),
      openFile: () => answers.system(),
      copyText: () => answers.system(),
      copyPath: () => answers.system(),
      passwordStrength: (password) => Promise.resolve(strengthOf(password)),
      suggestPassword: () => Promise.resolve("kR7mX-w4TqN-hZ2bV-9cPfJ-Yd6sG"),
      forgetRecent: done,
      servers: () => answers.servers(),
      testServer: () => answers.report(),
      importServers: () => answers.servers(),
      lookAtServer: () => answers.shown(),
      addServer: () => answers.servers(),
      lookAtCertificates: () => answers.shown(),
      pinServer: () => answers.servers(),
      removeServer: () => answers.servers(),
      chooseServers: () => answers.servers(),
      network: () => answers.network(),
      setNetwork: () => answers.network(),
      remembered: () => answers.remembered(),
      forgetRemembered: (label) => answers.forget(label),
    };
  }

  #plan(draft: EncryptionDraft): EncryptionPlan {
    const offered = [...(this.answers.files?.files ?? []), ...(this.answers.start.incoming?.files ?? [])];
    const sizes = new Map(offered.map((file) => [file.id, file.size]));
    const files = draft.files.map(({ id, name }): PlannedFile => {
      const trouble = name === null ? this.answers.troubles.get(id) : undefined;
      return {
        id,
        name: name ?? "",
        size: sizes.get(id) ?? 0,
        problem: trouble?.problem ?? null,
        safeName: trouble?.safeName ?? null,
      };
    });
    const blockers = [
      ...(draft.files.length === 0 ? [failure("no_files")] : []),
      ...(draft.recipients.length + draft.persons.length === 0 && !draft.withPassword ? [failure("no_recipients")] : []),
    ];
    return {
      files,
      totalSize: files.reduce((sum, file) => sum + file.size, 0),
      recipients: [],
      delivery: draft.delivery.servers.length > 0 ? { leftOut: [], shares: [], until: null } : null,
      output: this.answers.place ?? { id: 900, name: "Leping lisadega.cdoc2", folder: "~/Documents" },
      blockers,
      warnings: draft.files.length > 1000 ? ["manyFiles"] : [],
      ...this.answers.plan(draft),
    };
  }
}

function personOf(code: string): RecipientView {
  const plain = { id: 4_294_967_295, initials: "", kind: "shares", file: "", validUntil: null, warnings: [] } as const;
  return { ...plain, name: code, code, algorithm: "N-of-N", warnings: [], person: `PNOEE-${code}` };
}

function strengthOf(password: string) {
  return {
    score: Math.min(4, Math.floor(password.length / 5)),
    longEnough: password.length >= 20,
    hasUpper: /\p{Lu}/u.test(password),
    hasLower: /\p{Ll}/u.test(password),
    hasDigit: /\p{N}/u.test(password),
  };
}
