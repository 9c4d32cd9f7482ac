// Generated from crates/app/src/view by `KAPSEL_UPDATE=1 cargo test -p app --test bindings`.
import type { LeftOut } from "./LeftOut";
import type { ShareView } from "./ShareView";

/**
 * Where capsules would go.
 */
export type DeliveryView = { 
/**
 * Recipients whose capsule not every chosen server takes.
 */
leftOut: Array<LeftOut>, 
/**
 * Recipients whose keys are split over servers, all of which are needed.
 */
shares: Array<ShareView>, 
/**
 * Until when servers are asked to keep the capsules, the earliest of them; unix seconds. Absent: as the servers decide.
 */
until: number | null, };
