// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { IdentityKind } from "./IdentityKind";
import type { RecipientKind } from "./RecipientKind";
import type { RecipientWarning } from "./RecipientWarning";
import type { SecretView } from "./SecretView";

/**
 * A key with its certificate, wherever it is.
 */
export type IdentityView = { 
/**
 * Names it in further commands: the SHA-256 of its certificate, in hex, or of its public key where it has none.
 */
id: string, 
/**
 * What keeps it.
 */
kind: IdentityKind, 
/**
 * Where: the reader's name, or the token's label.
 */
place: string, 
/**
 * Which records it opens: those with this `key_id`.
 */
keyId: string, 
/**
 * And those with this `person`, whose keys are split.
 */
person: string | null, 
/**
 * The holder's name, or what a token calls a key without certificate.
 */
holder: string, 
/**
 * Initials for the round picture, 1 or 2 letters.
 */
initials: string, 
/**
 * Personal or registry code.
 */
code: string | null, 
/**
 * What document it is, by its certificate.
 */
document: RecipientKind, 
/**
 * The document's number, where it tells it.
 */
documentNumber: string | null, 
/**
 * Who made it and when.
 */
model: string, 
/**
 * End of the certificate's validity, unix seconds; absent where it has no certificate.
 */
validUntil: number | null, 
/**
 * What the holder should know of the certificate.
 */
warnings: Array<RecipientWarning>, 
/**
 * How it asks for its secret.
 */
secret: SecretView, };
