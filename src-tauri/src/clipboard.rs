//! Copying texts.

use std::sync::{Mutex, PoisonError};

use app::{Failure, Result, view::Code};

/// The system's clipboard, from the first text that was copied: on Linux, whoever copied gives the text to others.
#[derive(Default)]
pub(crate) struct Clipboard(Mutex<Option<arboard::Clipboard>>);

impl Clipboard {
    pub(crate) fn copy(&self, text: String) -> Result<()> {
        let failed = |error: arboard::Error| Failure::new(Code::Internal, error.to_string());
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let clipboard = match &mut *opened {
            Some(clipboard) => clipboard,
            None => opened.insert(arboard::Clipboard::new().map_err(failed)?),
        };
        clipboard.set_text(text).map_err(failed)
    }

    /// Before the program ends: hands the text to the desktop's own keeper, where there is one.
    pub(crate) fn hand_over(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
