//! Files that people choose: folders are replaced by the files in them.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use cdoc2::{InputFile, Refusal};

use crate::{
    failure::{Failure, Result},
    recipients::base_name,
    view::Code,
};

/// Folders deeper than this are not followed: a link that leads back would never end.
const MAX_DEPTH: usize = 64;
/// More files than this are no choice a person makes.
const MAX_FILES: usize = 100_000;

/// A file to be encrypted, or why it cannot be.
#[derive(Debug)]
pub struct Gathered {
    /// Where it is.
    pub path: PathBuf,
    /// What was chosen: this file, or a folder that it is in.
    pub chosen: PathBuf,
    /// The examined file.
    pub file: Result<InputFile>,
}

/// What a choice of files and folders comes to.
#[derive(Debug, Default)]
pub struct Choice {
    /// The files, in the order chosen.
    pub files: Vec<Gathered>,
    /// Links inside chosen folders: nobody chose what they lead to, which could be anywhere.
    pub links_left_out: Vec<PathBuf>,
}

/// Examines files in the order given; a folder becomes the files in it, sorted by name, folders in it likewise.
pub fn gather(paths: &[PathBuf]) -> Choice {
    let mut choice = Choice::default();
    for path in paths {
        choice.take(path, path, 0);
    }
    choice
}

impl Choice {
    fn take(&mut self, path: &Path, chosen: &Path, depth: usize) {
        if self.files.len() >= MAX_FILES {
            if self.files.len() == MAX_FILES {
                // Never silently fewer than were chosen.
                let message = format!("more than {MAX_FILES} files were chosen");
                self.push(path, chosen, Err(Failure::new(Code::TooLarge, message)));
            }
            return;
        }
        if !path.is_dir() {
            return self.push(path, chosen, InputFile::examine(path));
        }
        if depth == MAX_DEPTH {
            return self.push(path, chosen, Err(cdoc2::Error::Refused(Refusal::NotAFile(path.to_owned()))));
        }
        let children = fs::read_dir(path).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>()
        });
        match children {
            Ok(mut children) => {
                children.sort();
                for child in children {
                    if child.is_symlink() {
                        self.links_left_out.push(child);
                    } else {
                        self.take(&child, chosen, depth + 1);
                    }
                }
            }
            Err(source) => self.push(path, chosen, Err(cdoc2::Error::NotReadable { path: path.to_owned(), source })),
        }
    }

    fn push<E: Into<Failure>>(&mut self, path: &Path, chosen: &Path, file: Result<InputFile, E>) {
        let (path, chosen) = (path.to_owned(), chosen.to_owned());
        self.files.push(Gathered { path, chosen, file: file.map_err(Into::into) });
    }
}

/// Reads a key, certificate or secret file, which is never large.
///
/// # Errors
/// [`Code::NotReadable`]; `too_large` above 1 MiB.
pub(crate) fn read_small(path: &Path, too_large: Code) -> Result<cdoc2::Zeroizing<Vec<u8>>> {
    const MAX: u64 = 1 << 20;
    let not_readable = |source| Failure::from(cdoc2::Error::NotReadable { path: path.to_owned(), source });
    let mut bytes = cdoc2::Zeroizing::new(Vec::with_capacity(4096));
    File::open(path).map_err(not_readable)?.take(MAX + 1).read_to_end(&mut bytes).map_err(not_readable)?;
    if bytes.len() as u64 > MAX {
        return Err(Failure::new(too_large, "larger than 1 MiB").about(base_name(path)));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_files_are_refused_and_never_left_out() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("a.txt");
        fs::write(&path, "a").expect("written");
        let chosen = gather(&vec![path.clone(); MAX_FILES]).files;
        assert!(chosen.iter().all(|gathered| gathered.file.is_ok()));
        let chosen = gather(&vec![path; MAX_FILES + 2]).files;
        let refused: Vec<_> = chosen.into_iter().filter_map(|gathered| gathered.file.err()).collect();
        assert_eq!(refused.iter().map(Failure::code).collect::<Vec<_>>(), [Code::TooLarge]);
    }
}
