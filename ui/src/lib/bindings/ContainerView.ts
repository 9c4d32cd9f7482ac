// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { OutputView } from "./OutputView";
import type { RecordView } from "./RecordView";
import type { RememberAs } from "./RememberAs";
import type { RememberedView } from "./RememberedView";

/**
 * What a container tells without a key.
 */
export type ContainerView = { 
/**
 * Names the container in further commands.
 */
id: number, 
/**
 * Base name.
 */
name: string, 
/**
 * The folder, shortened for people.
 */
folder: string, 
/**
 * Bytes.
 */
size: number, 
/**
 * A line a record, in the order of the header.
 */
records: Array<RecordView>, 
/**
 * What is remembered that may open it.
 */
remembered: Array<RememberedView>, 
/**
 * How its password would be remembered; absent where it would not be found again.
 */
rememberAs: RememberAs | null, 
/**
 * Where the files would be saved: a folder beside the container.
 */
destination: OutputView, };
