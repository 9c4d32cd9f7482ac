//! Paths that a person chose, handed to the window as numbers. The window can name no other file.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    failure::{Failure, Result},
    view::{Code, FileId},
};

/// All paths granted since the program started.
#[derive(Debug, Default)]
pub struct Grants(Mutex<Granted>);

#[derive(Debug, Default)]
struct Granted {
    paths: Vec<PathBuf>,
    ids: HashMap<PathBuf, FileId>,
    /// Folders that were chosen, for the files in them.
    folders: HashMap<FileId, PathBuf>,
}

impl Grants {
    fn lock(&self) -> MutexGuard<'_, Granted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number that stands for `path`, the same each time.
    pub fn grant(&self, path: impl Into<PathBuf>) -> FileId {
        let (mut granted, path) = (self.lock(), path.into());
        if let Some(id) = granted.ids.get(&path) {
            return *id;
        }
        let id = FileId::try_from(granted.paths.len()).expect("nobody chooses four billion files");
        granted.paths.push(path.clone());
        granted.ids.insert(path, id);
        id
    }

    /// The same for a file that came by choosing `chosen`: itself, or a folder that it is in.
    pub fn grant_by(&self, path: &Path, chosen: &Path) -> FileId {
        let id = self.grant(path);
        let mut granted = self.lock();
        if path == chosen {
            granted.folders.remove(&id);
        } else {
            granted.folders.insert(id, chosen.to_owned());
        }
        id
    }

    /// What was chosen when the file came: itself, or a folder that it is in.
    ///
    /// # Errors
    /// As [`Grants::path`].
    pub fn chosen(&self, id: FileId) -> Result<PathBuf> {
        let folder = self.lock().folders.get(&id).cloned();
        folder.map_or_else(|| self.path(id), Ok)
    }

    /// The path behind a number.
    ///
    /// # Errors
    /// [`Code::Internal`] for a number that was never given.
    pub fn path(&self, id: FileId) -> Result<PathBuf> {
        let granted = self.lock();
        let path = granted.paths.get(id as usize).map(|path| Path::to_path_buf(path));
        path.ok_or_else(|| Failure::new(Code::Internal, format!("no file was chosen under number {id}")))
    }
}
