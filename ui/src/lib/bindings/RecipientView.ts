// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { RecipientKind } from "./RecipientKind";
import type { RecipientWarning } from "./RecipientWarning";

/**
 * Somebody who shall be able to open the container, from a certificate or public key file.
 */
export type RecipientView = { 
/**
 * Names the recipient in further commands.
 */
id: number, 
/**
 * The person's or organisation's name, else the file's.
 */
name: string, 
/**
 * Initials for the round picture, 1 or 2 letters.
 */
initials: string, 
/**
 * What kind of key.
 */
kind: RecipientKind, 
/**
 * Personal or registry code.
 */
code: string | null, 
/**
 * The file it came from.
 */
file: string, 
/**
 * End of validity, unix seconds.
 */
validUntil: number | null, 
/**
 * Algorithm in the field's terms: `P-384`, `RSA 2048`.
 */
algorithm: string, 
/**
 * What the person should know before encrypting.
 */
warnings: Array<RecipientWarning>, 
/**
 * The number that certificates of the person bear, `PNOEE-38001085718`, when the recipient is a person by code and no file.
 */
person: string | null, };
