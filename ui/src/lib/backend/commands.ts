// One wrapper a command of the desktop shell. The names are compared with the shell's source by a test there.
import { invoke } from "@tauri-apps/api/core";

import type { Appearance } from "$lib/bindings/Appearance";
import type { Chosen } from "$lib/bindings/Chosen";
import type { ContainerView } from "$lib/bindings/ContainerView";
import type { EncryptionDone } from "$lib/bindings/EncryptionDone";
import type { EncryptionDraft } from "$lib/bindings/EncryptionDraft";
import type { EncryptionPlan } from "$lib/bindings/EncryptionPlan";
import type { Incoming } from "$lib/bindings/Incoming";
import type { KeyCertificateView } from "$lib/bindings/KeyCertificateView";
import type { KeyFileView } from "$lib/bindings/KeyFileView";
import type { Language } from "$lib/bindings/Language";
import type { NetworkDraft } from "$lib/bindings/NetworkDraft";
import type { NetworkView } from "$lib/bindings/NetworkView";
import type { NewServerDraft } from "$lib/bindings/NewServerDraft";
import type { OpenDone } from "$lib/bindings/OpenDone";
import type { OpenDraft } from "$lib/bindings/OpenDraft";
import type { OutputView } from "$lib/bindings/OutputView";
import type { PasswordStrength } from "$lib/bindings/PasswordStrength";
import type { ReaderReport } from "$lib/bindings/ReaderReport";
import type { RecipientView } from "$lib/bindings/RecipientView";
import type { RememberedView } from "$lib/bindings/RememberedView";
import type { ServerReport } from "$lib/bindings/ServerReport";
import type { ServersView } from "$lib/bindings/ServersView";
import type { ShownCertificate } from "$lib/bindings/ShownCertificate";
import type { StartView } from "$lib/bindings/StartView";

import type { FileId } from "./types";

export const commandNames = [
  "start",
  "set_language",
  "set_appearance",
  "choose_files",
  "choose_folder",
  "choose_container",
  "chosen_again",
  "choose_recipients",
  "recipient_from",
  "person",
  "plan_encryption",
  "choose_output",
  "encrypt",
  "inspect",
  "choose_key_file",
  "key_file_from",
  "choose_certificate",
  "certificate_from",
  "choose_destination",
  "open",
  "encrypt_again",
  "open_with_pin",
  "encrypt_again_with_pin",
  "forget_module",
  "choose_module",
  "lock_again",
  "encrypt_again_unlocked",
  "open_unlocked",
  "test_keys",
  "recipient_from_key",
  "cancel",
  "stop_and_close",
  "reveal",
  "open_file",
  "copy_text",
  "copy_path",
  "password_strength",
  "suggest_password",
  "forget_recent",
  "servers",
  "test_server",
  "import_servers",
  "look_at_server",
  "add_server",
  "look_at_certificates",
  "pin_server",
  "remove_server",
  "choose_servers",
  "network",
  "set_network",
  "remembered",
  "forget_remembered",
] as const;

function call<T>(command: (typeof commandNames)[number], args: Record<string, unknown> = {}): Promise<T> {
  return invoke<T>(command, args);
}

/** Every rejection is an `ErrorView`. `null` from a `choose…` means that the dialog was closed without a choice. */
export const commands = {
  start: () => call<StartView>("start"),
  setLanguage: (language: Language) => call<void>("set_language", { language }),
  setAppearance: (appearance: Appearance) => call<void>("set_appearance", { appearance }),

  chooseFiles: () => call<Incoming | null>("choose_files"),
  chooseFolder: () => call<Incoming | null>("choose_folder"),
  chooseContainer: () => call<Chosen | null>("choose_container"),
  chosenAgain: (id: FileId) => call<Chosen>("chosen_again", { id }),

  chooseRecipients: () => call<RecipientView[] | null>("choose_recipients"),
  recipientFrom: (id: FileId) => call<RecipientView>("recipient_from", { id }),
  /** A person by code, for whom the key is split over servers. */
  person: (code: string) => call<RecipientView>("person", { code }),
  planEncryption: (draft: EncryptionDraft) => call<EncryptionPlan>("plan_encryption", { draft }),
  chooseOutput: (current: FileId) => call<OutputView | null>("choose_output", { current }),
  encrypt: (draft: EncryptionDraft, password: string | null, hint: string | null) =>
    call<EncryptionDone>("encrypt", { draft, password, hint }),

  inspect: (id: FileId) => call<ContainerView>("inspect", { id }),
  chooseKeyFile: (container: FileId) => call<KeyFileView | null>("choose_key_file", { container }),
  keyFileFrom: (id: FileId, container: FileId) => call<KeyFileView>("key_file_from", { id, container }),
  chooseCertificate: (container: FileId) => call<KeyCertificateView | null>("choose_certificate", { container }),
  certificateFrom: (id: FileId, container: FileId) => call<KeyCertificateView>("certificate_from", { id, container }),
  chooseDestination: (current: FileId) => call<OutputView | null>("choose_destination", { current }),
  open: (draft: OpenDraft, password: string | null) => call<OpenDone>("open", { draft, password }),
  encryptAgain: (
    draft: OpenDraft,
    password: string | null,
    newPassword: string,
    hint: string | null,
    output: FileId | null,
  ) => call<EncryptionDone>("encrypt_again", { draft, password, newPassword, hint, output }),

  /** The PIN goes to the key at hand that the draft names, once at most; without one, the reader takes it by its PIN pad. */
  openWithPin: (draft: OpenDraft, pin: string | null, riskLastTry: boolean) =>
    call<OpenDone>("open_with_pin", { draft, pin, riskLastTry }),
  encryptAgainWithPin: (
    draft: OpenDraft,
    pin: string | null,
    riskLastTry: boolean,
    newPassword: string,
    hint: string | null,
    output: FileId | null,
  ) => call<EncryptionDone>("encrypt_again_with_pin", { draft, pin, riskLastTry, newPassword, hint, output }),
  /** Goes on after an obstacle without a second PIN; null when the key is no longer kept. */
  openUnlocked: (draft: OpenDraft) => call<OpenDone | null>("open_unlocked", { draft }),
  encryptAgainUnlocked: (draft: OpenDraft, newPassword: string, hint: string | null, output: FileId | null) =>
    call<EncryptionDone | null>("encrypt_again_unlocked", { draft, newPassword, hint, output }),
  lockAgain: () => call<void>("lock_again"),
  /** What comes of it is told with the keys. */
  chooseModule: () => call<void>("choose_module"),
  forgetModule: () => call<void>("forget_module"),
  testKeys: () => call<ReaderReport[]>("test_keys"),
  recipientFromKey: (id: string) => call<RecipientView>("recipient_from_key", { id }),

  cancel: () => call<void>("cancel"),
  stopAndClose: () => call<void>("stop_and_close"),
  reveal: (id: FileId) => call<void>("reveal", { id }),
  openFile: (id: FileId) => call<void>("open_file", { id }),
  copyText: (text: string) => call<void>("copy_text", { text }),
  copyPath: (id: FileId) => call<void>("copy_path", { id }),
  passwordStrength: (password: string) => call<PasswordStrength>("password_strength", { password }),
  suggestPassword: () => call<string>("suggest_password"),
  forgetRecent: (id: FileId) => call<void>("forget_recent", { id }),

  servers: () => call<ServersView>("servers"),
  testServer: (id: string) => call<ServerReport>("test_server", { id }),
  importServers: () => call<ServersView | null>("import_servers"),
  /** Nothing is sent to the server; the person confirms each certificate before it is added. */
  lookAtServer: (draft: NewServerDraft) => call<ShownCertificate[]>("look_at_server", { draft }),
  addServer: (draft: NewServerDraft, confirmed: readonly string[]) =>
    call<ServersView>("add_server", { draft, confirmed }),
  lookAtCertificates: (id: string) => call<ShownCertificate[]>("look_at_certificates", { id }),
  pinServer: (id: string, confirmed: readonly string[]) => call<ServersView>("pin_server", { id, confirmed }),
  removeServer: (id: string) => call<ServersView>("remove_server", { id }),
  chooseServers: (servers: readonly string[]) => call<ServersView>("choose_servers", { servers }),

  network: () => call<NetworkView>("network"),
  /** Without a password, the one that is kept stays. */
  setNetwork: (draft: NetworkDraft, password: string | null) =>
    call<NetworkView>("set_network", { draft, password }),

  /** Secrets that the system's keyring keeps; the labels alone are told. */
  remembered: () => call<RememberedView[]>("remembered"),
  /** What is left is told. */
  forgetRemembered: (label: string) => call<RememberedView[]>("forget_remembered", { label }),
};
