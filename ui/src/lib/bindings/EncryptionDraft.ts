// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { DeliveryDraft } from "./DeliveryDraft";
import type { DraftFile } from "./DraftFile";

/**
 * What the person wants to encrypt.
 */
export type EncryptionDraft = { 
/**
 * Files in the order shown.
 */
files: Array<DraftFile>, 
/**
 * Recipients from files.
 */
recipients: Array<number>, 
/**
 * Persons by code, `PNOEE-38001085718`.
 */
persons: Array<string>, 
/**
 * Whether a password will stand beside them (the password itself comes with `encrypt`).
 */
withPassword: boolean, 
/**
 * Where the capsules of recipients with keys go.
 */
delivery: DeliveryDraft, 
/**
 * Where to; absent: the proposal.
 */
output: number | null, };
