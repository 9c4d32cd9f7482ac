//! What stands in the memory of a process.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::FileExt,
};

/// What must not be found, by its name.
pub type Secrets = BTreeMap<String, Vec<u8>>;

/// Memory is read in pieces that overlap by the longest secret.
const PIECE: usize = 1 << 20;
const OVERLAP: usize = 1 << 10;

/// How often each of the secrets stands in the memory of a process, which is a child of ours or one of its.
pub fn copies(process: u32, secrets: &Secrets) -> BTreeMap<String, usize> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).expect("it runs");
    let memory = File::open(format!("/proc/{process}/mem")).expect("a parent may read it");
    let pages = File::open(format!("/proc/{process}/pagemap")).expect("a parent may read it");
    let mut found = Found::new(secrets);
    let (size, mut searched) = (page_size(), 0);
    for line in maps.lines() {
        let mut fields = line.split_ascii_whitespace();
        let (range, rights) = (fields.next().expect("a range"), fields.next().expect("rights"));
        // What cannot be written is the program itself, and what it reads from files.
        if !rights.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-').expect("a range");
        let address = |text| u64::from_str_radix(text, 16).expect("an address");
        for (start, end) in present(&pages, size, address(start), address(end)) {
            searched += found.search(start, end, |buffer, at| memory.read_at(buffer, at).ok());
        }
    }
    assert!(searched > 64 << 10, "its memory was searched: {searched} bytes");
    found.secrets.into_iter().map(|(name, _, copies)| (name.to_owned(), copies)).collect()
}

/// Which of them stand there.
pub fn holds(process: u32, secrets: &Secrets) -> Vec<String> {
    copies(process, secrets).into_iter().filter(|(_, copies)| *copies > 0).map(|(name, _)| name).collect()
}

/// Of the system's memory, in bytes.
fn page_size() -> u64 {
    let maps = fs::read_to_string("/proc/self/smaps").expect("Linux");
    let size = maps.lines().find_map(|line| line.strip_prefix("KernelPageSize:")?.trim().strip_suffix(" kB"));
    size.and_then(|kilobytes| kilobytes.parse::<u64>().ok()).expect("a size") << 10
}

/// The parts of a range that are there: programs reserve far more than they use.
fn present(pages: &File, size: u64, start: u64, end: u64) -> Vec<(u64, u64)> {
    const ENTRY: u64 = size_of::<u64>() as u64;
    /// It is in memory, or swapped out.
    const IS_THERE: u64 = 3 << 62;
    let mut parts: Vec<(u64, u64)> = Vec::new();
    let (mut at, mut buffer) = (start, vec![0; PIECE]);
    while at < end {
        let wanted = usize::try_from((end - at) / size * ENTRY).map_or(PIECE, |wanted| wanted.min(PIECE));
        let length = pages.read_at(&mut buffer[..wanted], at / size * ENTRY).expect("as long as the memory");
        for entry in buffer[..length].chunks_exact(ENTRY as usize) {
            if u64::from_ne_bytes(entry.try_into().expect("eight bytes")) & IS_THERE != 0 {
                match parts.last_mut() {
                    Some((_, end)) if *end == at => *end += size,
                    _ => parts.push((at, at + size)),
                }
            }
            at += size;
        }
        if length == 0 {
            break;
        }
    }
    parts
}

struct Found<'a> {
    secrets: Vec<(&'a str, &'a [u8], usize)>,
    /// Which of them begin with each byte.
    beginnings: Vec<Vec<usize>>,
}

impl<'a> Found<'a> {
    fn new(secrets: &'a Secrets) -> Self {
        let secrets: Vec<_> = secrets.iter().map(|(name, secret)| (name.as_str(), &**secret, 0)).collect();
        let beginning = |byte| (0..secrets.len()).filter(|index| secrets[*index].1.first() == Some(&byte)).collect();
        Self { beginnings: (0..=u8::MAX).map(beginning).collect(), secrets }
    }

    /// Searches from `start` to `end`; gives how much could be read.
    fn search(&mut self, start: u64, end: u64, read: impl Fn(&mut [u8], u64) -> Option<usize>) -> u64 {
        let (mut at, mut buffer, mut total) = (start, vec![0; PIECE], 0);
        while at < end {
            let wanted = usize::try_from(end - at).map_or(PIECE, |left| left.min(PIECE));
            let Some(length) = read(&mut buffer[..wanted], at).filter(|length| *length > 0) else { break };
            let is_last = at + length as u64 == end;
            // What begins in what the next piece begins with is found there.
            self.search_piece(&buffer[..length], if is_last { length } else { length - OVERLAP.min(length - 1) });
            total += length as u64;
            if is_last {
                break;
            }
            at += (length - OVERLAP.min(length - 1)) as u64;
        }
        total
    }

    fn search_piece(&mut self, piece: &[u8], beginnings: usize) {
        for (at, byte) in piece[..beginnings].iter().enumerate() {
            for index in &self.beginnings[usize::from(*byte)] {
                let (_, secret, copies) = &mut self.secrets[*index];
                *copies += usize::from(piece[at..].starts_with(secret));
            }
        }
    }
}
