//! File names that are safe on every system, and proposals for those that are not.

use std::{collections::HashSet, ops::RangeInclusive};

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

/// Longest name in bytes (CDOC2 specification, "Payload").
pub(super) const MAX_NAME: usize = 1000;
/// Longest proposal: what file systems hold.
pub(super) const MAX_PROPOSAL: usize = 255;
/// Refused on Windows, where they cannot be typed or mean something else.
const FORBIDDEN: &[char] = &['<', '>', ':', '"', '/', '\\', '|', '?', '*'];
/// Stands for a character that is not allowed.
const SUBSTITUTE: char = '_';
/// Proposed where nothing of a name can stay.
const NO_NAME: &str = "file";
/// Up to here each name has numbers of its own.
const USUAL_NUMBERS: u32 = 9;

/// What is wrong with a file name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameProblem {
    /// No name at all.
    #[error("it is empty")]
    Empty,
    /// A path instead of a name, or a character that Windows forbids.
    #[error("the character {0:?} is not allowed")]
    ForbiddenCharacter(char),
    /// Category Cc.
    #[error("it holds a control character (U+{:04X})", u32::from(*.0))]
    ControlCharacter(char),
    /// U+202A to U+202E, U+2066 to U+2069, U+FFFE or U+FFFF: reorders text, or is none.
    #[error("it holds a misleading character (U+{:04X})", u32::from(*.0))]
    MisleadingCharacter(char),
    /// Nothing but characters that nobody sees.
    #[error("nothing of it can be seen")]
    Invisible,
    /// Starts with a space or ends in one.
    #[error("it starts or ends with a space")]
    OuterSpace,
    /// Starts with a dash, as options of commands do.
    #[error("it starts with a dash")]
    LeadingDash,
    /// Ends in a dot, `.` and `..` among them.
    #[error("it ends with a dot")]
    TrailingDot,
    /// Means a device on Windows, with any extension.
    #[error("it means a device on Windows")]
    DeviceName,
    /// More than 1000 bytes.
    #[error("it is too long")]
    TooLong,
    /// Bytes that are no UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// Another file has this name, perhaps in other letters of the same meaning.
    #[error("another file has the same name")]
    Duplicate,
}

/// A name in an archive that is refused, and one that could stand for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsafeName {
    /// As it stands in the archive, lossily decoded, at most 1000 bytes there.
    pub name: String,
    /// What is wrong with it.
    pub problem: NameProblem,
    /// The name that the file gets under [`NamePolicy::UseSafeNames`](crate::NamePolicy::UseSafeNames).
    pub proposal: String,
}

/// The refused names of an archive, in its order; there is always one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnsafeNames {
    /// The first of them, at most 20.
    pub first: Vec<UnsafeName>,
    /// How many there are.
    pub count: u64,
}

impl UnsafeNames {
    /// A sender could refuse every name of an archive, and nobody reads more than these.
    pub const MOST: usize = 20;

    pub(super) fn push(&mut self, name: UnsafeName) {
        if self.first.len() < Self::MOST {
            self.first.push(name);
        }
        self.count += 1;
    }
}

impl std::fmt::Display for UnsafeNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the container holds unsafe file names: ")?;
        for (position, UnsafeName { name, problem, .. }) in self.first.iter().enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(f, "{separator}{name:?} ({problem})")?;
        }
        match self.count - self.first.len() as u64 {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Checks a name by the rules of the format.
///
/// # Errors
/// The first problem found.
///
/// ```
/// assert!(cdoc2::check_name("aruanne 2026.pdf").is_ok());
/// assert!(cdoc2::check_name("../.bashrc").is_err());
/// ```
pub fn check_name(name: &str) -> Result<(), NameProblem> {
    if name.is_empty() {
        return Err(NameProblem::Empty);
    }
    if name.len() > MAX_NAME {
        return Err(NameProblem::TooLong);
    }
    if let Some(problem) = name.chars().find_map(wrong_character) {
        return Err(problem);
    }
    if name.starts_with(' ') || name.ends_with(' ') {
        return Err(NameProblem::OuterSpace);
    }
    if name.chars().all(is_invisible) {
        return Err(NameProblem::Invisible);
    }
    if name.starts_with('-') {
        return Err(NameProblem::LeadingDash);
    }
    if name.ends_with('.') {
        return Err(NameProblem::TrailingDot);
    }
    if is_device(name) {
        return Err(NameProblem::DeviceName);
    }
    Ok(())
}

fn wrong_character(character: char) -> Option<NameProblem> {
    match character {
        // The format refuses U+202E; the others show `exe` where `txt` stands just as well.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => {
            Some(NameProblem::MisleadingCharacter(character))
        }
        _ if character.is_control() => Some(NameProblem::ControlCharacter(character)),
        _ if FORBIDDEN.contains(&character) => Some(NameProblem::ForbiddenCharacter(character)),
        _ => None,
    }
}

/// Leaves no trace on a screen by itself. Inside a name such characters may be needed, the joiners (U+200C, U+200D) for example.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || matches!(character,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// CON, CONIN$, CONOUT$, PRN, AUX, NUL, COM1-9, LPT1-9, whatever extension follows.
fn is_device(name: &str) -> bool {
    // Windows drops spaces before the dot.
    let stem = name.split('.').next().unwrap_or("").trim_end_matches(' ').to_ascii_uppercase();
    let numbered = |prefix| {
        // Windows takes superscript digits for digits here.
        stem.strip_prefix(prefix)
            .is_some_and(|digit| matches!(digit, "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³"))
    };
    matches!(stem.as_str(), "CON" | "CONIN$" | "CONOUT$" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

/// Proposes a name that [`check_name`] accepts, of at most 255 bytes, and that `taken` does not refuse.
///
/// Many names that may be equal are better given to [`NameSet::insert_safe`].
///
/// ```
/// assert_eq!(cdoc2::safe_name("what?.txt", |_| false), "what_.txt");
/// ```
pub fn safe_name(name: &str, mut taken: impl FnMut(&str) -> bool) -> String {
    let safe = allowed_name(name);
    numbered_names(&safe, 1..=u32::MAX).find(|candidate| !taken(candidate)).expect("a number is free")
}

/// A name of at most 255 bytes that [`check_name`] accepts.
fn allowed_name(name: &str) -> String {
    let replaced: String = name
        .chars()
        .map(|character| if wrong_character(character).is_some() { SUBSTITUTE } else { character })
        .collect();
    let trimmed = replaced.trim_end_matches(['.', ' ']).trim_start_matches(['-', ' ']);
    let says_nothing = |character| character == SUBSTITUTE || is_invisible(character);
    if trimmed.chars().all(says_nothing) {
        return NO_NAME.to_owned();
    }
    let short = shortened(trimmed, "");
    if short.chars().all(says_nothing) {
        return NO_NAME.to_owned();
    }
    // Looked at last: the cut can leave nothing but a device's name.
    if is_device(&short) { shortened(&format!("{SUBSTITUTE}{short}"), "") } else { short }
}

/// The name itself for the number 1, `report (2).pdf` and so on for the others.
fn numbered_names(name: &str, numbers: RangeInclusive<u32>) -> impl Iterator<Item = String> {
    numbers.map(move |number| if number == 1 { name.to_owned() } else { numbered_name(name, number) })
}

/// `report (2).pdf` for `report.pdf`, of at most 255 bytes; allowed when `name` is.
pub(crate) fn numbered_name(name: &str, number: u32) -> String {
    shortened(name, &format!(" ({number})"))
}

/// Puts `insert` before the extension and cuts the stem so that 255 bytes are not exceeded.
fn shortened(name: &str, insert: &str) -> String {
    let (stem, extension) = match name.rfind('.') {
        // A long tail after a dot is no extension.
        Some(dot) if dot > 0 && name.len() - dot <= 32 => name.split_at(dot),
        _ => (name, ""),
    };
    let room = MAX_PROPOSAL - insert.len() - extension.len();
    let stem = if stem.len() <= room {
        stem
    } else {
        match start(stem, room).trim_end_matches(['.', ' ']) {
            // Nothing but dots stood before the cut.
            "" => NO_NAME,
            stem => stem,
        }
    };
    format!("{stem}{insert}{extension}")
}

/// At most `length` bytes of `text`, whole characters.
pub(super) fn start(text: &str, length: usize) -> &str {
    let end = (0..=length.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.expect("0 is a boundary")]
}

/// Names that are the same file on some system: compared after Unicode NFC and full case folding.
///
/// ```
/// let mut names = cdoc2::NameSet::default();
/// assert!(names.insert("Aruanne.PDF"));
/// assert!(!names.insert("aruanne.pdf"));
/// ```
#[derive(Debug, Default)]
pub struct NameSet {
    /// Half a SHA-256 each: a hostile sender cannot make two agree, and 10 000 long names take little room.
    folded: HashSet<[u8; 16]>,
    /// Numbers given out after the usual ones.
    numbers: u32,
}

impl NameSet {
    /// Adds a name; false when it is there already.
    pub fn insert(&mut self, name: &str) -> bool {
        let digest: [u8; 32] = Sha256::digest(folded(name)).into();
        self.folded.insert(digest[..16].try_into().expect("half of 32 bytes"))
    }

    /// Adds the name that [`safe_name`] proposes for `name`, with a number when it is there already, and gives it.
    ///
    /// Takes time for a few tries however many names are equal; numbers from 10 on are counted for all names together.
    ///
    /// ```
    /// let mut names = cdoc2::NameSet::default();
    /// assert_eq!(names.insert_safe("a/b.txt"), "a_b.txt");
    /// assert_eq!(names.insert_safe("A?b.txt"), "A_b (2).txt");
    /// ```
    pub fn insert_safe(&mut self, name: &str) -> String {
        let safe = allowed_name(name);
        if let Some(free) = numbered_names(&safe, 1..=USUAL_NUMBERS).find(|candidate| self.insert(candidate)) {
            return free;
        }
        // A count for each name would let a sender make n names cost n² tries: many long names have one numbered form.
        loop {
            self.numbers += 1;
            let candidate = numbered_name(&safe, USUAL_NUMBERS + self.numbers);
            if self.insert(&candidate) {
                return candidate;
            }
        }
    }
}

fn folded(name: &str) -> String {
    // What follows would give the same, twenty times slower.
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let composed: String = name.nfc().collect();
    caseless::default_case_fold_str(&composed).nfc().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_rule_refuses() {
        let cases = [
            ("", NameProblem::Empty),
            ("a/b", NameProblem::ForbiddenCharacter('/')),
            ("/etc/passwd", NameProblem::ForbiddenCharacter('/')),
            ("C:\\x", NameProblem::ForbiddenCharacter(':')),
            ("a\u{7}b", NameProblem::ControlCharacter('\u{7}')),
            ("a\u{85}b", NameProblem::ControlCharacter('\u{85}')),
            ("cod\u{202e}exe.txt", NameProblem::MisleadingCharacter('\u{202e}')),
            ("cod\u{202b}exe.txt", NameProblem::MisleadingCharacter('\u{202b}')),
            ("cod\u{202d}exe.txt", NameProblem::MisleadingCharacter('\u{202d}')),
            ("cod\u{2066}exe.txt", NameProblem::MisleadingCharacter('\u{2066}')),
            ("cod\u{2069}exe.txt", NameProblem::MisleadingCharacter('\u{2069}')),
            ("\u{3164}", NameProblem::Invisible),
            ("\u{200b}\u{2060}", NameProblem::Invisible),
            ("a\u{ffff}", NameProblem::MisleadingCharacter('\u{ffff}')),
            (" a", NameProblem::OuterSpace),
            ("a ", NameProblem::OuterSpace),
            ("-rf", NameProblem::LeadingDash),
            ("..", NameProblem::TrailingDot),
            (".", NameProblem::TrailingDot),
            ("a.", NameProblem::TrailingDot),
            ("con", NameProblem::DeviceName),
            ("Com7.tar.gz", NameProblem::DeviceName),
            ("nul .txt", NameProblem::DeviceName),
            ("lpt9", NameProblem::DeviceName),
            ("conin$", NameProblem::DeviceName),
            ("CONOUT$.txt", NameProblem::DeviceName),
            ("AUX.", NameProblem::TrailingDot),
            ("a\0b", NameProblem::ControlCharacter('\0')),
        ];
        for (name, problem) in cases {
            assert_eq!(check_name(name), Err(problem), "{name:?}");
        }
        for character in FORBIDDEN {
            assert!(check_name(&format!("a{character}b")).is_err());
        }
        assert_eq!(check_name(&"x".repeat(1001)), Err(NameProblem::TooLong));
        for good in [
            "a",
            "می\u{200c}خواهم.txt",
            "क्\u{200d}ष",
            "\u{200f}א.txt",
            ".bashrc",
            "õ ä.pdf",
            "COM10",
            "console.txt",
            "conin",
            "a b",
            "x".repeat(1000).as_str(),
        ] {
            assert_eq!(check_name(good), Ok(()), "{good:?}");
        }
    }

    #[test]
    fn same_names_are_recognised_across_case_and_normal_forms() {
        let mut names = NameSet::default();
        assert!(names.insert("Straße.txt"));
        assert!(!names.insert("STRASSE.TXT"));
        assert!(names.insert("o\u{303}.txt"));
        assert!(!names.insert("Õ.txt"));
    }

    #[test]
    fn proposals_keep_the_extension() {
        assert_eq!(safe_name("a:b?.pdf", |_| false), "a_b_.pdf");
        assert_eq!(safe_name("CON.txt", |_| false), "_CON.txt");
        assert_eq!(safe_name("ConIn$", |_| false), "_ConIn$");
        assert_eq!(safe_name("..", |_| false), "file");
        assert_eq!(safe_name("report.pdf", |name| name == "report.pdf"), "report (2).pdf");
        assert_eq!(safe_name(" - a. ", |_| false), "a");
        assert_eq!(safe_name("???", |_| false), "file");
        assert_eq!(safe_name("\u{3164}", |_| false), "file");
        assert_eq!(safe_name(&format!("{}x", "\u{200b}".repeat(300)), |_| false), "file");
        assert_eq!(safe_name("cod\u{2067}exe.txt", |_| false), "cod_exe.txt");
        let long = safe_name(&format!("{}.pdf", "õ".repeat(400)), |_| false);
        assert!(long.len() <= 255 && long.ends_with("õ.pdf"));
    }

    #[test]
    fn a_cut_that_leaves_nothing_or_a_device_still_gives_an_allowed_name() {
        let dots = format!("{}{}", ".".repeat(300), "x".repeat(40));
        let device = format!("con{}x.txt", " ".repeat(300));
        for name in [&dots, &device] {
            assert_eq!(check_name(name), Ok(()), "by itself it is allowed");
            assert_eq!(check_name(&safe_name(name, |_| false)), Ok(()));
            assert_eq!(check_name(&safe_name(name, |candidate| !candidate.contains("(3)"))), Ok(()));
            assert_eq!(check_name(&numbered_name(name, 2)), Ok(()));
        }
        assert_eq!(safe_name(&dots, |_| false), "file");
        assert_eq!(safe_name(&device, |_| false), "_con.txt");
    }

    #[test]
    fn a_set_numbers_equal_names_and_never_gives_one_twice() {
        let mut names = NameSet::default();
        let given: Vec<_> = (0..30).map(|_| names.insert_safe("a.txt")).collect();
        assert_eq!(given[..3], ["a.txt", "a (2).txt", "a (3).txt"]);
        assert!(given.iter().all(|name| !names.insert(name)));
        assert_eq!(given.iter().collect::<HashSet<_>>().len(), 30);
        assert_eq!(names.insert_safe("b.txt"), "b.txt");
        assert_eq!(names.insert_safe("B.TXT"), "B (2).TXT");
    }

    proptest! {
        #[test]
        fn proposals_are_always_allowed(
            name in "(?s).{0,300}|[\u{200b}\u{3164} x.]{0,300}|[ .xnõ-]{0,400}|(con|aux|COM1)[ .]{0,300}[a-z. ]{0,50}",
            tries in 0u32..4,
        ) {
            let mut left = tries;
            let proposal = safe_name(&name, |_| { let busy = left > 0; left = left.saturating_sub(1); busy });
            prop_assert_eq!(check_name(&proposal), Ok(()));
            prop_assert!(proposal.len() <= 255);
        }

        #[test]
        fn numbered_names_stay_allowed(
            name in "[ .xnõ-]{1,400}|(con|aux|COM1)[ .]{0,300}[a-z. ]{0,50}",
            number in 2u32..,
        ) {
            prop_assume!(check_name(&name).is_ok());
            let numbered = numbered_name(&name, number);
            prop_assert_eq!(check_name(&numbered), Ok(()), "{}", numbered);
            prop_assert!(numbered.len() <= 255);
        }
    }
}
