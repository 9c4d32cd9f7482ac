// How a container shall be opened.
import type { ContainerView } from "$lib/bindings/ContainerView";
import type { ErrorView } from "$lib/bindings/ErrorView";
import type { KeyFileView } from "$lib/bindings/KeyFileView";
import type { NameChoice } from "$lib/bindings/NameChoice";
import type { OpenDraft } from "$lib/bindings/OpenDraft";
import type { OutputView } from "$lib/bindings/OutputView";
import type { RecordView } from "$lib/bindings/RecordView";
import { asErrorView } from "$lib/backend/failure";
import type { Backend, FileId } from "$lib/backend/types";

export type Means = "password" | "keyFile";

export class Opening {
  readonly container: ContainerView;
  means = $state<Means>("password");
  keyFile = $state.raw<KeyFileView | null>(null);
  /** What was wrong with the last try, shown at the field. */
  refusal = $state.raw<ErrorView | null>(null);
  names = $state.raw<NameChoice>({ existing: "refuse", safeNames: false });
  raiseLimits = $state(false);

  #destination = $state.raw<OutputView | null>(null);
  readonly #backend: Backend;

  constructor(backend: Backend, container: ContainerView) {
    this.#backend = backend;
    this.container = container;
    this.means = this.possible[0] ?? "keyFile";
  }

  /** What this version can open the container with. */
  get possible(): readonly Means[] {
    const ways = new Set(this.container.records.map((record) => record.opensWith));
    const possible: Means[] = [];
    if (ways.has("password")) possible.push("password");
    if (ways.has("keyFile") || ways.has("secretFile")) possible.push("keyFile");
    return possible;
  }

  get hints(): readonly string[] {
    return this.container.records.flatMap((record) => (record.hint ? [record.hint] : []));
  }

  readonly destination: OutputView = $derived.by(() => this.#destination ?? this.container.destination);

  setDestination(destination: OutputView): void {
    this.#destination = destination;
  }

  setMeans(means: Means): void {
    this.means = means;
    this.refusal = null;
  }

  /** Whether the chosen key file opens this record. */
  fits(record: RecordView): boolean {
    return this.keyFile?.fits.includes(record.index) ?? false;
  }

  chooseKeyFile(): Promise<void> {
    return this.#takeKeyFile(() => this.#backend.chooseKeyFile(this.container.id));
  }

  keyFileFrom(id: FileId): Promise<void> {
    return this.#takeKeyFile(() => this.#backend.keyFileFrom(id, this.container.id));
  }

  draft(): OpenDraft {
    return {
      container: this.container.id,
      keyFile: this.means === "keyFile" ? (this.keyFile?.id ?? null) : null,
      destination: this.#destination?.id ?? null,
      names: this.names,
      raiseLimits: this.raiseLimits,
    };
  }

  async #takeKeyFile(take: () => Promise<KeyFileView | null>): Promise<void> {
    try {
      const keyFile = await take();
      if (!keyFile) return;
      this.keyFile = keyFile;
      this.means = "keyFile";
      this.refusal = keyFile.problem;
    } catch (thrown) {
      this.means = "keyFile";
      this.keyFile = null;
      this.refusal = asErrorView(thrown);
    }
  }
}
