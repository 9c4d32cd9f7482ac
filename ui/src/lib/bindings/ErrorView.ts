// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { Code } from "./Code";
import type { NameReason } from "./NameReason";
import type { RefusedName } from "./RefusedName";

/**
 * A failure: the window chooses words by `code`.
 */
export type ErrorView = { 
/**
 * What happened.
 */
code: Code, 
/**
 * What it happened to: a file name, a limit, a server, a format version.
 */
subject: string | null, 
/**
 * Numbers that belong to it: tries left, the limit, bits of a key, how many servers a split key needs, records that were not tried, refused
 * names.
 */
number: number | null, 
/**
 * Names for whom the container is (`not_a_recipient`), hints (`wrong_password`), servers that did not give their capsule,
 * or their share of a split key.
 */
names: Array<string>, 
/**
 * What is wrong with the name (`name_not_allowed`).
 */
reason: NameReason | null, 
/**
 * The first file names that are refused, of `number` in all: those in a container (`unsafe_content`; none when what is unsafe is no
 * file), and those of files that the command line is to encrypt.
 */
refused: Array<RefusedName>, 
/**
 * Technical detail in English, to be copied for support. Never a secret.
 */
detail: string, };
