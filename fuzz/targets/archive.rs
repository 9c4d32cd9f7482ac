//! Any bytes as an archive: what comes out has safe names that differ, within the limits, however the bytes are cut.
#![no_main]

use cdoc2::{Entry, Limits, NamePolicy, NameSet, check_name, fuzzing::unpack};
use libfuzzer_sys::fuzz_target;

const MOST_FILES: u64 = 100;
const MOST_BYTES: u64 = 1 << 20;

fuzz_target!(|archive: &[u8]| {
    for names in [NamePolicy::Refuse, NamePolicy::UseSafeNames] {
        let limits = Limits { entries: MOST_FILES, ..Limits::default() };
        let cut = |piece| unpack(archive, piece, limits.clone(), MOST_BYTES, names).ok();
        let files = cut(archive.len());
        assert_eq!(files, cut(1 + archive.len() % 700));
        are_harmless(&files.unwrap_or_default());
    }
});

fn are_harmless(files: &[Entry]) {
    let mut seen = NameSet::default();
    for file in files {
        check_name(&file.name).expect("a safe name");
        assert!(seen.insert(&file.name), "two files are named {:?}", file.name);
    }
    assert!(files.len() as u64 <= MOST_FILES && files.iter().map(|file| file.size).sum::<u64>() <= MOST_BYTES);
}
