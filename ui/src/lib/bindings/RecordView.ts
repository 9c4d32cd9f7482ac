// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { Code } from "./Code";
import type { OpensWith } from "./OpensWith";
import type { RecipientKind } from "./RecipientKind";
import type { RecordProblem } from "./RecordProblem";

/**
 * One recipient record.
 */
export type RecordView = { 
/**
 * Position in the header, from 0.
 */
index: number, 
/**
 * For whom, by the label (which anybody can write).
 */
name: string, 
/**
 * Initials for the round picture.
 */
initials: string, 
/**
 * What kind of key opens it.
 */
kind: RecipientKind, 
/**
 * Personal code, when the label tells it.
 */
code: string | null, 
/**
 * Algorithm in the field's terms.
 */
algorithm: string, 
/**
 * SHA-256 of the public key that it is for, in hex; absent where it is for none.
 */
keyId: string | null, 
/**
 * The person for whom its key is split, as shares name persons: `etsi/PNOEE-38001085718`.
 */
person: string | null, 
/**
 * Identifier of the capsule server, or base URLs of the share servers.
 */
servers: Array<string>, 
/**
 * Until when the server keeps it, by the label; unix seconds.
 */
until: number | null, 
/**
 * Password hint, by the label.
 */
hint: string | null, 
/**
 * Which key of this program opens it now.
 */
opensWith: OpensWith, 
/**
 * Why the record is not usable, when it is not.
 */
problem: RecordProblem | null, 
/**
 * Why its server cannot be asked: not in a list, not usable, or a list has a mistake. Of a split key, the first of its servers that cannot.
 */
serverProblem: Code | null, 
/**
 * Which server that is, as in `servers`.
 */
problemServer: string | null, };
