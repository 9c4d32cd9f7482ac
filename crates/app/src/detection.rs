//! What a chosen file is: known by its content. A name only tells what a file was meant to be.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use cdoc2::{DETECTION_LENGTH, Detected, Refusal};
use eid::{KeyFile, KeyFileError};

use crate::{
    failure::{Failure, Result},
    proposals::EXTENSION,
    recipients::looks_like_one,
    view::ChosenKind,
};

/// What a regular file is, by its first bytes.
///
/// # Errors
/// [`Code::NotReadable`](crate::view::Code::NotReadable), [`Code::NotAFile`](crate::view::Code::NotAFile).
pub fn kind_of(path: &Path) -> Result<ChosenKind> {
    let not_readable = |source| Failure::from(cdoc2::Error::NotReadable { path: path.to_owned(), source });
    // Opening a pipe would wait for its other end.
    if !fs::metadata(path).map_err(not_readable)?.is_file() {
        return Err(cdoc2::Error::Refused(Refusal::NotAFile(path.to_owned())).into());
    }
    let mut start = Vec::with_capacity(DETECTION_LENGTH);
    let file = File::open(path).map_err(not_readable)?;
    file.take(DETECTION_LENGTH as u64).read_to_end(&mut start).map_err(not_readable)?;
    Ok(match cdoc2::detect(&start) {
        Detected::Cdoc2 | Detected::OtherVersion(_) => ChosenKind::Container,
        Detected::OldFormat => ChosenKind::OldContainer,
        Detected::Other if is_named_container(path) => ChosenKind::Misnamed,
        Detected::Other if looks_like_one(&start) => ChosenKind::Recipient,
        Detected::Other if is_private_key(&start) => ChosenKind::PrivateKey,
        Detected::Other => ChosenKind::File,
    })
}

/// Whether the first bytes of a file are those of a private key, also of a protected one.
fn is_private_key(start: &[u8]) -> bool {
    const END_OF_THE_MARK: &[u8] = b"PRIVATE KEY-----";
    start.windows(END_OF_THE_MARK.len()).any(|window| window == END_OF_THE_MARK)
        || matches!(KeyFile::read(start, None), Ok(_) | Err(KeyFileError::PasswordNeeded))
}

/// Whether the name announces a container, of this format or the old one.
fn is_named_container(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    [EXTENSION, "cdoc"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}
