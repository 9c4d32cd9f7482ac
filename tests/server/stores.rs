//! What every store does: one suite, over each of them.

mod postgres;
mod reseal;
mod sealed;
mod sqlite;
mod suite;
