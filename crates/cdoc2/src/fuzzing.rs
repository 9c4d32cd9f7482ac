//! Parts that fuzz targets reach directly, for speed; through a container each run costs a hundred times as much.
//! Only there with the feature `fuzzing`, and no part of the interface.

use crate::{
    Entry, Limits, NamePolicy, Result,
    archive::{Begun, EntrySink, Unpacker},
    payload::inflate::Inflater,
};

/// The files of an archive that comes in pieces of `piece` bytes, within limits.
///
/// # Errors
/// As [`Container::list`](crate::Container::list).
pub fn unpack(archive: &[u8], piece: usize, limits: Limits, total_size: u64, names: NamePolicy) -> Result<Vec<Entry>> {
    let mut unpacker = Unpacker::new(limits, total_size, names, Sizes(Vec::new()));
    archive.chunks(piece.max(1)).try_for_each(|piece| unpacker.push(piece))?;
    let files = unpacker.finish()?.0;
    assert!(files.iter().all(|(entry, size)| entry.size == *size), "a file has another size than it announced");
    Ok(files.into_iter().map(|(entry, _)| entry).collect())
}

/// Counts what comes.
struct Sizes(Vec<(Entry, u64)>);

impl EntrySink for Sizes {
    fn begin(&mut self, entry: &Entry) -> Result<Begun> {
        self.0.push((entry.clone(), 0));
        Ok(Begun::Yes)
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.last_mut().expect("data comes after an entry begins").1 += bytes.len() as u64;
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What a zlib stream holds that comes in pieces of `piece` bytes.
///
/// # Errors
/// As [`Container::list`](crate::Container::list).
pub fn inflate(stream: &[u8], piece: usize) -> Result<Vec<u8>> {
    let mut inflater = Inflater::new();
    let (mut buffer, mut plain) = (Vec::with_capacity(4096), Vec::new());
    let mut take = |buffer: &mut Vec<u8>| {
        plain.append(buffer);
        // More is not looked at: bombs are a matter of limits.
        if plain.len() > 1 << 20 { Err(crate::Error::Cancelled) } else { Ok(()) }
    };
    stream.chunks(piece.max(1)).try_for_each(|piece| inflater.push(piece, &mut buffer, &mut take))?;
    inflater.finish(&mut buffer, &mut take)?;
    Ok(plain)
}
