//! Content of any size that needs no memory.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::PathBuf,
};

use super::Place;

/// Bytes that do not compress.
pub fn noise(length: u64) -> impl Read {
    File::open("/dev/urandom").expect("there").take(length)
}

/// A sparse file with something to see at each of its gibibytes, and at its end.
pub fn sparse(place: &Place, name: &str, size: u64) -> PathBuf {
    let path = place.path(name);
    let mut file = File::create(&path).expect("created");
    file.set_len(size).expect("a sparse file");
    for position in (0..size).step_by(1 << 30).chain([size - 40]) {
        file.seek(SeekFrom::Start(position)).expect("seekable");
        write!(file, "here are bytes at {position}").expect("written");
    }
    path
}

/// Lines of text, most of them different from those before; a mebibyte of them again and again.
pub fn text(length: u64) -> impl Read {
    let lines = (0..).flat_map(|line| format!("{line}: a line of some text\n").into_bytes());
    let (block, mut position) = (lines.take(1 << 20).collect::<Vec<_>>(), 0);
    let repeated = move |buffer: &mut [u8]| {
        let length = buffer.len().min(block.len() - position);
        buffer[..length].copy_from_slice(&block[position..position + length]);
        position = (position + length) % block.len();
        length
    };
    Endless(repeated).take(length)
}

struct Endless<F>(F);

impl<F: FnMut(&mut [u8]) -> usize> Read for Endless<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.0(buffer))
    }
}

/// Whether both give the same bytes.
pub fn same(mut one: impl Read, mut other: impl Read) -> bool {
    let (mut left, mut right) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let length = one.read(&mut left).expect("readable");
        if length == 0 {
            return other.read(&mut right).expect("readable") == 0;
        }
        if other.read_exact(&mut right[..length]).is_err() || left[..length] != right[..length] {
            return false;
        }
    }
}
