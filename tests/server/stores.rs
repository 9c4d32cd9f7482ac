//! What every store does: one suite, over each of them.

mod postgres;
mod sqlite;
mod suite;
