//! Where results are proposed to go: beside what was chosen, under a name that every system takes and that is free.

use std::{
    iter,
    path::{Path, PathBuf},
};

use cdoc2::safe_name;

/// File name extension of new containers.
pub const EXTENSION: &str = "cdoc2";
/// Longest name of a file or folder in bytes of UTF-8: what file systems hold.
const LONGEST: usize = 255;

/// A container beside the file or folder that was chosen: `report.cdoc2` for `report.pdf` and for a folder `report`, else
/// `report (2).cdoc2`.
pub fn container_beside(chosen: &Path) -> PathBuf {
    // `.` and `..` have a name of their own.
    let real = chosen.file_name().is_none().then(|| chosen.canonicalize().ok()).flatten();
    let chosen = real.as_deref().unwrap_or(chosen);
    // What stands behind a dot in the name of a folder is no extension.
    let stem = if chosen.is_dir() { chosen.file_name() } else { chosen.file_stem() };
    let stem = stem.unwrap_or_default().to_string_lossy();
    let folder = chosen.parent().unwrap_or(chosen);
    free_in(folder, |number| named(&stem, &format!("{number}.{EXTENSION}")))
}

/// A folder beside a container: `report` for `report.cdoc2`, else `report (2)`.
pub(crate) fn folder_beside(container: &Path) -> PathBuf {
    let stem = container.file_stem().unwrap_or_default().to_string_lossy();
    let ending = if container.extension().is_none() { " files" } else { "" };
    let folder = container.parent().unwrap_or(Path::new(""));
    free_in(folder, |number| named(&stem, &format!("{ending}{number}")))
}

/// The first name that is not taken in `folder`: without a number, then with ` (2)` and so on.
fn free_in(folder: &Path, named: impl Fn(&str) -> String) -> PathBuf {
    let numbers = iter::once(String::new()).chain((2..10_000).map(|number| format!(" ({number})")));
    let mut free = numbers.map(|number| folder.join(named(&number))).filter(|path| path.symlink_metadata().is_err());
    free.next().unwrap_or_else(|| folder.join(named("")))
}

/// `stem` and `ending`, within [`LONGEST`], without what deceives in the name of the file: it goes on to the recipients.
fn named(stem: &str, ending: &str) -> String {
    // Hidden files make no hidden containers.
    let stem = stem.trim_start_matches(|first: char| first.is_whitespace() || matches!(first, '.' | '-'));
    // The safe name may be longer by a character.
    let stem = &stem[..stem.floor_char_boundary(LONGEST - ending.len() - 1)];
    let stem = stem.trim_end_matches(|last: char| last.is_whitespace() || last == '.');
    let stem = if stem.is_empty() { "container".to_owned() } else { safe_name(stem, |_| false) };
    format!("{stem}{ending}")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use cdoc2::check_name;

    use super::*;

    /// What is proposed in an empty folder, for a container of a file and for the folder of a container.
    fn proposed(name: &str) -> (String, String) {
        let place = tempfile::tempdir().expect("temporary folder");
        let name_of = |path: PathBuf| {
            assert_eq!(path.parent(), Some(place.path()));
            path.file_name().expect("a name").to_str().expect("UTF-8").to_owned()
        };
        let chosen = place.path().join(name);
        (name_of(container_beside(&chosen)), name_of(folder_beside(&chosen)))
    }

    #[test]
    fn proposals_are_names_that_every_system_takes() {
        for (name, container, folder) in [
            ("report.pdf", "report.cdoc2", "report"),
            ("report", "report.cdoc2", "report files"),
            (" .report. .pdf", "report.cdoc2", "report"),
            (".bashrc", "bashrc.cdoc2", "bashrc files"),
            (" - .env", "container.cdoc2", "container"),
            ("...", "container.cdoc2", "container"),
            ("CON.txt", "_CON.cdoc2", "_CON"),
            ("v1.2.pdf", "v1.2.cdoc2", "v1.2"),
            ("arve\u{202e}fdp.exe", "arve_fdp.cdoc2", "arve_fdp"),
        ] {
            let (its_container, its_folder) = proposed(name);
            assert_eq!((its_container.as_str(), its_folder.as_str()), (container, folder), "{name:?}");
        }
    }

    #[test]
    fn proposals_are_cut_between_characters_so_that_file_systems_hold_them() {
        for stem in ["õ".repeat(127), "n".repeat(251), format!("con{}x", " ".repeat(247)), "👩‍👩‍👧".repeat(14)]
        {
            let place = tempfile::tempdir().expect("temporary folder");
            let chosen = place.path().join(format!("{stem}.x"));
            for _ in 0..11 {
                for proposal in [container_beside(&chosen), folder_beside(&chosen)] {
                    let name = proposal.file_name().expect("a name").to_str().expect("whole characters");
                    assert!(name.len() <= LONGEST, "{name}");
                    assert_eq!(check_name(name), Ok(()), "{name}");
                    fs::create_dir(&proposal).expect("it was free, and the file system takes it");
                }
            }
            assert!(container_beside(&chosen).to_string_lossy().ends_with(" (12).cdoc2"));
        }
    }

    #[test]
    fn a_container_of_a_folder_stands_beside_it_under_its_whole_name() {
        let place = tempfile::tempdir().expect("temporary folder");
        let folder = place.path().join("aruanne v1.2");
        fs::create_dir(&folder).expect("made");
        let expected = place.path().join("aruanne v1.2.cdoc2");
        assert_eq!(container_beside(&folder), expected);
        let real = expected.parent().expect("a folder").canonicalize().expect("there").join("aruanne v1.2.cdoc2");
        fs::create_dir(folder.join("x")).expect("made");
        assert_eq!(container_beside(&folder.join("x").join("..")), real);
        assert_eq!(container_beside(Path::new("/")), Path::new("/container.cdoc2"));
    }
}
