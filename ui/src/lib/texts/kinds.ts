// Words for kinds of keys, warnings and steps.
import type { ProgressStep } from "$lib/bindings/ProgressStep";
import type { RecipientKind } from "$lib/bindings/RecipientKind";
import type { RecipientWarning } from "$lib/bindings/RecipientWarning";
import { m } from "$lib/paraglide/messages";

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

const steps: Record<ProgressStep, () => string> = {
  unlocking: () => m.step_unlocking(),
  verifying: () => m.step_verifying(),
  unpacking: () => m.step_unpacking(),
  encrypting: () => m.step_encrypting(),
  releasing: () => m.step_releasing(),
};

export function stepWords(step: ProgressStep): string {
  return steps[step]();
}
