//! Verify, then release: what is written appears whole or not at all.
//!
//! A container is written to a file without a name and linked to its place when complete. Unpacked files are written
//! into a private folder (mode 0700) on the destination's volume; when everything is verified the folder is renamed to its
//! place, or its files are moved one by one, which is undone when a move fails; a file that is replaced changes places with
//! the new one. A process that is killed leaves no container
//! at all, and at most a private folder, which the next run removes: its lock tells that its owner is gone. One that is not in the place for
//! unfinished work is found by a link there.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tempfile::{TempDir, TempPath};

use crate::{Error, Result, archive::numbered_name};

/// Begins the name of every private folder.
const PRIVATE_PREFIX: &str = ".kapsel-private-";
/// Begins the name of one that holds what a person must not lose.
const KEPT_PREFIX: &str = "kapsel-kept-";
/// Held locked while the folder's owner lives.
const LOCK: &str = ".lock";
/// A folder without a lock may be about to get one.
const UNLOCKED_GRACE: Duration = Duration::from_secs(60);

/// What to do when a file exists at the destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// Stop with [`Error::AlreadyExists`] and change nothing.
    #[default]
    Refuse,
    /// Replace the file.
    Overwrite,
    /// Keep both: the new one gets a number, as in `report (2).pdf`.
    Rename,
}

/// A folder that only its owner can read, removed on every way out.
pub(crate) struct PrivateFolder {
    // Dropped first: on some systems a locked file cannot be removed.
    _lock: File,
    folder: TempDir,
    /// Dropped last: while the folder is there, it can be found.
    _link: Option<TempPath>,
}

impl PrivateFolder {
    /// Makes one on the volume of the folder `destination`: in `preferred` when that is on it, else in `destination`.
    pub(crate) fn create(destination: &Path, preferred: Option<&Path>) -> Result<Self> {
        let preferred = preferred.filter(|preferred| make_private_place(preferred).is_ok() && is_private(preferred));
        let place = preferred.filter(|preferred| same_volume(preferred, destination)).unwrap_or(destination);
        remove_abandoned(place);
        let mut builder = tempfile::Builder::new();
        builder.prefix(PRIVATE_PREFIX);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o700));
        }
        let failed = |error| Error::writing(destination, error);
        // What the system says, without the folder's name, which nobody has seen.
        let unnamed = |error: io::Error| match error.kind() {
            kind @ io::ErrorKind::NotFound => io::Error::new(kind, "there is no such folder"),
            kind => kind.into(),
        };
        let folder = builder.tempdir_in(place).map_err(|error| failed(unnamed(error)))?;
        let lock = locked(folder.path()).map_err(failed)?;
        let link =
            preferred.filter(|preferred| *preferred != place).and_then(|preferred| linked(folder.path(), preferred));
        Ok(Self { _lock: lock, folder, _link: link })
    }

    /// Keeps it for its owner, who finds in it what could not be put back.
    fn keep_visible(&mut self) {
        self.folder.disable_cleanup(true);
        let private = self.folder.path();
        let visible = private.with_file_name(
            private.file_name().unwrap_or_default().to_string_lossy().replace(PRIVATE_PREFIX, KEPT_PREFIX),
        );
        let kept = move_new(private, &visible).map_or(private, |()| visible.as_path());
        tracing::error!("files that were to be replaced are kept in {}", kept.display());
    }

    /// Makes a folder in it with the permissions that folders of this person have.
    pub(crate) fn make_folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.path().join(name);
        fs::create_dir(&path).map_err(|error| Error::writing(&path, error))?;
        Ok(path)
    }
}

/// The lock of a private folder. It gets its name when it is held: another run would take a lock that nobody holds yet for
/// one whose owner is gone.
fn locked(folder: &Path) -> io::Result<File> {
    let unnamed = folder.join(".lock-to-be");
    let lock = File::create(&unnamed)?;
    // Where locks are not supported, abandoned folders are never removed.
    let _ = lock.try_lock();
    fs::rename(unnamed, folder.join(LOCK))?;
    Ok(lock)
}

/// A link in the place for unfinished work to a private folder elsewhere, where the system has links.
fn linked(folder: &Path, place: &Path) -> Option<TempPath> {
    #[cfg(unix)]
    {
        let link = place.join(folder.file_name()?);
        std::os::unix::fs::symlink(folder.canonicalize().ok()?, &link).ok()?;
        TempPath::try_from_path(link).ok()
    }
    #[cfg(not(unix))]
    {
        let _ = (folder, place);
        None
    }
}

/// Whether nobody else can change what is in a folder.
fn is_private(place: &Path) -> bool {
    let Ok(metadata) = fs::metadata(place) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        is_ours(&metadata) && metadata.permissions().mode() & 0o077 == 0
    }
    #[cfg(not(unix))]
    metadata.is_dir()
}

fn make_private_place(place: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(place)
}

/// Whether a file can be renamed from one folder to the other.
#[cfg(target_os = "linux")]
fn same_volume(one: &Path, other: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
    // The mount counts, too: a bind mount has the device of its source, but nothing can be renamed across it.
    let volume = |path| {
        let stat = statx(CWD, path, AtFlags::empty(), StatxFlags::BASIC_STATS | StatxFlags::MNT_ID).ok()?;
        Some((stat.stx_dev_major, stat.stx_dev_minor, stat.stx_mnt_id))
    };
    matches!((volume(one), volume(other)), (Some(one), Some(other)) if one == other)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn same_volume(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    matches!((fs::metadata(one), fs::metadata(other)), (Ok(one), Ok(other)) if one.dev() == other.dev())
}

#[cfg(not(unix))]
fn same_volume(_: &Path, _: &Path) -> bool {
    false
}

/// Removes private folders in `place` whose owner was killed. Failures are nobody's concern now.
pub fn remove_abandoned(place: &Path) {
    let Ok(entries) = fs::read_dir(place) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_symlink() && is_private(place) {
            follow(&path);
        } else {
            remove_if_abandoned(&path);
        }
    }
}

/// Removes the private folder that a link leads to, when its owner was killed, and the link when that is gone.
fn follow(link: &Path) {
    let Ok(folder) = fs::read_link(link) else { return };
    // A volume that is away may come back.
    if folder.parent().is_some_and(Path::exists) {
        remove_if_abandoned(&folder);
        if folder.symlink_metadata().is_err() {
            let _ = fs::remove_file(link);
        }
    }
}

fn remove_if_abandoned(folder: &Path) {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with(PRIVATE_PREFIX) && is_abandoned(folder) {
        tracing::info!("removing a private folder of a run that was killed");
        let _ = fs::remove_dir_all(folder);
    }
}

fn is_abandoned(folder: &Path) -> bool {
    let Ok(metadata) = folder.symlink_metadata() else { return false };
    if !metadata.is_dir() || !is_ours(&metadata) {
        return false;
    }
    match File::open(folder.join(LOCK)) {
        Ok(lock) => !matches!(lock.try_lock(), Err(TryLockError::WouldBlock | TryLockError::Error(_))),
        Err(_) => metadata
            .modified()
            .ok()
            .and_then(|modified| SystemTime::now().duration_since(modified).ok())
            .is_some_and(|age| age > UNLOCKED_GRACE),
    }
}

#[cfg(unix)]
fn is_ours(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_ours(_: &fs::Metadata) -> bool {
    true
}

/// Moves `from` to `to`, which must not exist.
#[cfg(target_os = "linux")]
fn move_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::{
        fs::{CWD, RenameFlags, renameat_with},
        io::Errno,
    };
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems do not know the flag.
        Err(Errno::INVAL | Errno::NOSYS) => move_unless_there(from, to),
        result => Ok(result?),
    }
}

#[cfg(not(target_os = "linux"))]
fn move_new(from: &Path, to: &Path) -> io::Result<()> {
    move_unless_there(from, to)
}

fn move_unless_there(from: &Path, to: &Path) -> io::Result<()> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

/// Moves verified files to their places, all of them or none.
pub(crate) struct Release {
    private: PrivateFolder,
    done: Vec<Move>,
}

/// A move that may have to be undone.
struct Move {
    released: PathBuf,
    private: PathBuf,
    /// Where the file that stood there waits: at `private`, when the two changed places at once.
    replaced: Option<PathBuf>,
}

impl Move {
    fn undo(self) -> io::Result<()> {
        let Self { released, private, replaced } = self;
        match replaced {
            None => fs::rename(released, private),
            // Where the new file was taken away meanwhile, the old one takes its place again.
            Some(replaced) if replaced == private => {
                exchange(&private, &released).or_else(|_| move_new(&private, &released))
            }
            Some(replaced) => {
                fs::rename(&released, private)?;
                fs::rename(replaced, released)
            }
        }
    }
}

/// Lets two files change places; at no moment is one missing.
#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Release {
    pub(crate) fn new(private: PrivateFolder) -> Self {
        Self { private, done: Vec::new() }
    }

    /// Moves a folder as a whole to `destination`, which must not exist.
    pub(crate) fn folder(&self, from: &Path, destination: &Path) -> Result<()> {
        move_new(from, destination).map_err(|error| Error::writing(destination, error))
    }

    /// Moves one file; gives the name it got.
    pub(crate) fn file(
        &mut self,
        from: PathBuf,
        destination: &Path,
        name: &str,
        on_conflict: OnConflict,
    ) -> Result<String> {
        let to = destination.join(name);
        match (move_new(&from, &to), on_conflict) {
            (Ok(()), _) => {
                self.done.push(Move { released: to, private: from, replaced: None });
                Ok(name.to_owned())
            }
            (Err(error), OnConflict::Overwrite) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.replace(from, to)?;
                Ok(name.to_owned())
            }
            (Err(error), OnConflict::Rename) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.renamed(from, destination, name)
            }
            (Err(error), _) => Err(Error::writing(to, error)),
        }
    }

    fn replace(&mut self, private: PathBuf, to: PathBuf) -> Result<()> {
        let there = check_replaceable(&to)?;
        if there.is_file() {
            // Whom its owner kept out stays out.
            let _ = fs::set_permissions(&private, there.permissions());
        }
        if exchange(&private, &to).is_ok() {
            self.done.push(Move { released: to, replaced: Some(private.clone()), private });
            return Ok(());
        }
        let replaced = self.private.folder.path().join(format!("replaced-{}", self.done.len()));
        fs::rename(&to, &replaced).map_err(|error| Error::writing(&to, error))?;
        if let Err(error) = move_new(&private, &to) {
            let _ = move_new(&replaced, &to);
            return Err(Error::writing(to, error));
        }
        self.done.push(Move { released: to, private, replaced: Some(replaced) });
        Ok(())
    }

    fn renamed(&mut self, private: PathBuf, destination: &Path, name: &str) -> Result<String> {
        for number in 2..10_000 {
            let name = numbered_name(name, number);
            let to = destination.join(&name);
            match move_new(&private, &to) {
                Ok(()) => {
                    self.done.push(Move { released: to, private, replaced: None });
                    return Ok(name);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::writing(to, error)),
            }
        }
        Err(Error::AlreadyExists(destination.join(name)))
    }

    /// Everything is in its place.
    pub(crate) fn finish(mut self) {
        self.done.clear();
    }
}

impl Drop for Release {
    /// Undoes the moves unless [`Release::finish`] was reached.
    fn drop(&mut self) {
        let mut stuck = false;
        for done in self.done.drain(..).rev() {
            let released = done.released.clone();
            if let Err(error) = done.undo() {
                tracing::error!(%error, "{} could not be put back", released.display());
                stuck = true;
            }
        }
        // What stood there before is in the private folder, which would go with the next run at the latest.
        if stuck {
            self.private.keep_visible();
        }
    }
}

/// Only files and links are replaced: taking the place of a device or a pipe would break what uses it.
fn check_replaceable(path: &Path) -> Result<fs::Metadata> {
    let there = fs::symlink_metadata(path).map_err(|error| Error::writing(path, error))?;
    let source = match there.file_type() {
        kind if kind.is_file() || kind.is_symlink() => return Ok(there),
        kind if kind.is_dir() => io::ErrorKind::IsADirectory.into(),
        _ => io::Error::other("it is a device or a pipe, which is not replaced"),
    };
    Err(Error::NotWritable { path: path.to_owned(), source })
}

/// A file that appears under its name when it is complete, and never otherwise.
pub(crate) struct NewFile {
    file: File,
    destination: PathBuf,
    place: Place,
}

enum Place {
    /// Without a name: gone with the process (Linux, on most file systems).
    #[cfg(target_os = "linux")]
    Unnamed,
    /// In a private folder.
    Private { _folder: PrivateFolder, path: PathBuf },
}

impl NewFile {
    /// Begins a file that will stand at `destination`.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when it is there and `overwrite` is not set; when the folder cannot be written.
    pub(crate) fn create(destination: &Path, overwrite: bool) -> Result<Self> {
        if fs::symlink_metadata(destination).is_ok() {
            if !overwrite {
                return Err(Error::AlreadyExists(destination.to_owned()));
            }
            check_replaceable(destination)?;
        }
        let folder = folder_of(destination);
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{Mode, OFlags, open};
            let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
            // Its name comes by way of /proc, which a bare chroot may lack.
            if Path::new("/proc/self/fd").exists()
                && let Ok(file) = open(folder, flags, Mode::from_raw_mode(0o666))
            {
                return Ok(Self { file: File::from(file), destination: destination.to_owned(), place: Place::Unnamed });
            }
        }
        let private = PrivateFolder::create(folder, None).map_err(|error| match error {
            Error::NotWritable { source, .. } => Error::writing(destination, source),
            other => other,
        })?;
        let path = private.folder.path().join("container");
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|error| Error::writing(destination, error))?;
        Ok(Self { file, destination: destination.to_owned(), place: Place::Private { _folder: private, path } })
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Flushes the file to disk and gives it its name.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when something took the name meanwhile and `overwrite` is not set.
    pub(crate) fn release(self, overwrite: bool) -> Result<()> {
        let failed = |error| Error::writing(&self.destination, error);
        self.file.sync_data().map_err(failed)?;
        match &self.place {
            #[cfg(target_os = "linux")]
            Place::Unnamed => link(&self.file, &self.destination, overwrite).map_err(failed)?,
            Place::Private { path, .. } if overwrite => fs::rename(path, &self.destination).map_err(failed)?,
            Place::Private { path, .. } => move_new(path, &self.destination).map_err(failed)?,
        }
        sync_folder(folder_of(&self.destination));
        Ok(())
    }
}

/// Gives a nameless file its name.
#[cfg(target_os = "linux")]
fn link(file: &File, destination: &Path, overwrite: bool) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    use std::os::fd::AsRawFd;
    let source = format!("/proc/self/fd/{}", file.as_raw_fd());
    let link_to = |path: &Path| linkat(CWD, &source, CWD, path, AtFlags::SYMLINK_FOLLOW).map_err(io::Error::from);
    match link_to(destination) {
        Err(error) if overwrite && error.kind() == io::ErrorKind::AlreadyExists => {
            // A link cannot replace: take a name nobody has, and rename over.
            let folder = tempfile::Builder::new().prefix(PRIVATE_PREFIX).tempdir_in(folder_of(destination))?;
            let name = folder.path().join("container");
            link_to(&name)?;
            fs::rename(name, destination)
        }
        result => result,
    }
}

/// The folder that holds `path`.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes new names in a folder durable, where the system can.
pub(crate) fn sync_folder(folder: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// Bytes that can still be written to the volume of `path`, where the system tells.
pub(crate) fn free_space(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let stat = rustix::fs::statvfs(path).ok()?;
        Some(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_released_goes_back_when_a_later_move_fails() {
        let place = tempfile::tempdir().expect("temporary folder");
        let at = |name: &str| place.path().join(name);
        fs::write(at("a"), "old a").expect("written");
        fs::create_dir(at("c")).expect("made");
        let private = PrivateFolder::create(place.path(), None).expect("made");
        let files = private.make_folder("files").expect("made");
        for name in ["a", "b", "c"] {
            fs::write(files.join(name), format!("new {name}")).expect("written");
        }
        let mut release = Release::new(private);
        for name in ["a", "b"] {
            release.file(files.join(name), place.path(), name, OnConflict::Overwrite).expect("moved");
        }
        assert_eq!(fs::read(at("a")).expect("there"), b"new a");
        let refused = release.file(files.join("c"), place.path(), "c", OnConflict::Overwrite);
        assert!(matches!(refused, Err(Error::NotWritable { .. })), "a folder is not replaced");
        drop(release);
        assert_eq!(fs::read(at("a")).expect("there"), b"old a");
        assert_eq!(fs::read_dir(place.path()).expect("readable").count(), 2, "a and c alone");
    }

    #[test]
    fn what_cannot_be_put_back_is_kept_where_people_find_it() {
        let place = tempfile::tempdir().expect("temporary folder");
        let destination = place.path().join("destination");
        fs::create_dir(&destination).expect("made");
        fs::write(destination.join("a"), "old a").expect("written");
        let unfinished = place.path().join("unfinished");
        let private = PrivateFolder::create(&destination, Some(&unfinished)).expect("made");
        let files = private.make_folder("files").expect("made");
        fs::write(files.join("a"), "new a").expect("written");
        let mut release = Release::new(private);
        release.file(files.join("a"), &destination, "a", OnConflict::Overwrite).expect("moved");
        // Somebody takes the folder away: the old file has nowhere to go back to.
        fs::remove_dir_all(&destination).expect("removed");
        drop(release);
        remove_abandoned(&unfinished);
        let kept = fs::read_dir(&unfinished).expect("readable").flatten().next().expect("a folder").path();
        assert!(kept.file_name().is_some_and(|name| name.to_string_lossy().starts_with(KEPT_PREFIX)), "{kept:?}");
        assert_eq!(fs::read(kept.join("files/a")).expect("there"), b"old a");
    }

    #[test]
    fn a_private_folder_is_removed_when_its_owner_is_gone_and_not_before() {
        let place = tempfile::tempdir().expect("temporary folder");
        let private = PrivateFolder::create(place.path(), None).expect("made");
        let path = private.folder.path().to_owned();
        remove_abandoned(place.path());
        assert!(path.join(LOCK).exists());
        // As after a kill: the lock is gone with its owner, the folder stays.
        let PrivateFolder { _lock, folder, .. } = private;
        let _ = folder.keep();
        drop(_lock);
        remove_abandoned(place.path());
        assert!(!path.exists());
    }
}
