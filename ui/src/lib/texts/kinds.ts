// Words for kinds of keys, warnings, steps, and for how far servers are.
import type { Code } from "$lib/bindings/Code";
import type { DeceitKind } from "$lib/bindings/DeceitKind";
import type { DeceitView } from "$lib/bindings/DeceitView";
import type { ProgressStep } from "$lib/bindings/ProgressStep";
import type { RecipientKind } from "$lib/bindings/RecipientKind";
import type { RecipientWarning } from "$lib/bindings/RecipientWarning";
import type { RememberedSecret } from "$lib/bindings/RememberedSecret";
import type { ServerOrigin } from "$lib/bindings/ServerOrigin";
import type { ServerProgress } from "$lib/bindings/ServerProgress";
import type { ServerStep } from "$lib/bindings/ServerStep";
import type { ServerView } from "$lib/bindings/ServerView";
import { m } from "$lib/paraglide/messages";

import { isolated } from "./format";

const kinds: Record<RecipientKind, () => string> = {
  idCard: () => m.kind_id_card(),
  digiId: () => m.kind_digi_id(),
  eResident: () => m.kind_e_resident(),
  organisation: () => m.kind_organisation(),
  certificate: () => m.kind_certificate(),
  publicKey: () => m.kind_public_key(),
  secret: () => m.kind_secret(),
  password: () => m.kind_password(),
  shares: () => m.kind_shares(),
  unknown: () => m.kind_unknown(),
};

export function kindWords(kind: RecipientKind): string {
  return kinds[kind]();
}

/** What is remembered is called as the records are that it opens. */
export function rememberedWords(kind: RememberedSecret): string {
  return kindWords(kind === "password" ? "password" : "secret");
}

const warnings: Record<RecipientWarning, () => string> = {
  expired: () => m.warning_expired(),
  notYetValid: () => m.warning_not_yet_valid(),
  notForEncryption: () => m.warning_not_for_encryption(),
  cannotDecrypt: () => m.warning_cannot_decrypt(),
  recentReaderNeeded: () => m.warning_recent_reader(),
};

export function warningWords(warning: RecipientWarning): string {
  return warnings[warning]();
}

const deceits: Record<DeceitKind, (about: { server: string }) => string> = {
  wrongCapsule: (about) => m.deceit_wrong_capsule(about),
  anotherKey: (about) => m.deceit_another_key(about),
  certificateNotInOrder: (about) => m.deceit_certificate(about),
  foreignNonce: (about) => m.deceit_foreign_nonce(about),
  misbehaved: (about) => m.deceit_misbehaved(about),
};

/** What a server did that no honest one does, with its name and who runs it. */
export function deceitWords({ name, organisation, kind }: DeceitView): string {
  const told = organisation === null || organisation === name;
  const server = told ? isolated(name) : m.deceit_server({ name: isolated(name), organisation: isolated(organisation) });
  return deceits[kind]({ server });
}

/** Why a server cannot be used; what its list says of it is quoted. Null when it can. */
export function serverTrouble({ problem, listExpired }: ServerView): string | null {
  if (problem === null) return null;
  return listExpired ? m.server_list_expired() : m.server_incomplete({ reason: problem });
}

const steps: Record<ProgressStep, () => string> = {
  unlocking: () => m.step_unlocking(),
  fetching: () => m.step_fetching(),
  verifying: () => m.step_verifying(),
  unpacking: () => m.step_unpacking(),
  delivering: () => m.step_delivering(),
  encrypting: () => m.step_encrypting(),
  releasing: () => m.step_releasing(),
};

export function stepWords(step: ProgressStep): string {
  return steps[step]();
}

const shortly: Partial<Record<Code, () => string>> = {
  server_unreachable: () => m.short_unreachable(),
  server_timeout: () => m.short_timeout(),
  server_misbehaved: () => m.short_misbehaved(),
  server_pin_mismatch: () => m.short_pin_mismatch(),
  server_unknown: () => m.short_unknown(),
  server_unusable: () => m.short_unusable(),
  proxy_required: () => m.short_proxy(),
  capsule_not_found: () => m.short_not_found(),
  certificate_needed: () => m.short_certificate_needed(),
  certificate_expired: () => m.short_certificate(),
  certificate_revoked: () => m.short_certificate(),
  certificate_refused: () => m.short_certificate(),
};

/** How far a server is in a step, which may be over. */
export function serverWords({ state, code }: ServerProgress, step: ProgressStep, over: boolean): string {
  switch (state) {
    case "asked":
      return over ? m.server_not_needed() : m.server_asked();
    case "answered":
      return step === "delivering" ? m.server_stored() : m.server_answered();
    case "failed":
      return (code && shortly[code]?.()) ?? m.short_failed();
  }
}

const origins: Record<ServerOrigin, () => string> = {
  own: () => m.origin_own(),
  system: () => m.origin_system(),
  shipped: () => m.origin_shipped(),
  given: () => m.origin_given(),
};

export function originWords(origin: ServerOrigin): string {
  return origins[origin]();
}

const checks: Record<ServerStep, () => string> = {
  resolve: () => m.check_resolve(),
  connect: () => m.check_connect(),
  tls: () => m.check_tls(),
  pin: () => m.check_pin(),
  hostName: () => m.check_host_name(),
  validity: () => m.check_validity(),
  ocsp: () => m.check_ocsp(),
  api: () => m.check_api(),
};

/** What a step of a connection test has found when it is right. */
export function checkWords(step: ServerStep): string {
  return checks[step]();
}
