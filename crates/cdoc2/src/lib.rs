//! The CDOC2 container format. (story to be told)
mod archive;
mod error;
mod header;
mod key;
mod label;
mod limits;
mod progress;

pub use error::{Error, Result};
pub use key::*;
pub use limits::Limits;
pub use progress::{Cancel, Control, Progress, Step};
