//! What every store does: one suite, over each of them.

mod sqlite;
mod suite;
