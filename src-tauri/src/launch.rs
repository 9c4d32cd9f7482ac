//! Files on the command line: as paths, or as `file:` addresses, which carry every path as text.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use tauri::Url;

/// The file that an argument names, as seen from `folder`.
pub(crate) fn path(folder: &Path, argument: &OsStr) -> PathBuf {
    address(argument).unwrap_or_else(|| folder.join(argument))
}

fn address(argument: &OsStr) -> Option<PathBuf> {
    let text = argument.to_str().filter(|text| text.starts_with("file:///"))?;
    Url::parse(text).ok()?.to_file_path().ok()
}

/// Whether an argument reaches a window that is there already as the file that it names here.
pub(crate) fn is_text(folder: &Path, argument: &OsStr) -> bool {
    address(argument).is_some() || folder.join(argument).to_str().is_some()
}

/// Becomes a launch by addresses, for files that are no text: what one launch tells a window that is there already is text, and a path
/// that was forced into text names another file, or none. Comes back when it cannot be done.
#[cfg(unix)]
pub(crate) fn by_addresses(files: &[PathBuf]) {
    use std::{os::unix::process::CommandExt, process::Command};

    let addresses: Option<Vec<_>> = files.iter().map(|file| Url::from_file_path(file).ok().map(String::from)).collect();
    if let (Ok(program), Some(addresses)) = (std::env::current_exe(), addresses) {
        let error = Command::new(program).args(addresses).exec();
        eprintln!("kapsel-desktop: a window that is there already cannot be told of the files: {error}");
    }
}

#[cfg(not(unix))]
pub(crate) fn by_addresses(_: &[PathBuf]) {}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn every_path_comes_back_from_its_address_and_what_is_no_address_is_a_name() {
        for bytes in [&b"/home/k\xf5ik/100%25.cdoc2"[..], b"/a b/?#[.cdoc2", "/õ/\u{202e}\n.txt".as_bytes()] {
            let file = Path::new(OsStr::from_bytes(bytes));
            let address = String::from(Url::from_file_path(file).expect("absolute"));
            assert!(address.is_ascii(), "{address}");
            let elsewhere = Path::new(OsStr::from_bytes(b"/k\xf5ik"));
            assert_eq!(path(elsewhere, address.as_ref()), file);
            // Else it would become the same launch for ever.
            assert!(is_text(elsewhere, address.as_ref()));
            assert_eq!(is_text(Path::new("/"), file.as_ref()), std::str::from_utf8(bytes).is_ok());
        }
        for name in ["file.cdoc2", "file:letter", "file://host/letter", "http://host/letter", "100%25"] {
            assert_eq!(path(Path::new("/home"), name.as_ref()), Path::new("/home").join(name), "{name}");
        }
    }
}
