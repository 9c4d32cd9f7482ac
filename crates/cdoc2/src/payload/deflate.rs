//! Compression on all cores into one valid zlib stream.
//!
//! A stream is cut into pieces of a mebibyte that know nothing of each other; each ends byte-aligned (a sync flush), so that they can
//! be joined, and the Adler-32 of the whole is combined from theirs. What does not compress is recognised by a sample and
//! stored, in the very buffer that it was read into: see [`Blocks`].
//!
//! The Java reader refuses a container as soon as more than ten times the compressed bytes it has consumed came out. What is
//! written here therefore stays within 9:1 at every single point of the stream: see [`Compressor::careful`].

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    num::NonZero,
    thread,
};

use crossbeam_channel::{Receiver, Sender, bounded};
use flate2::{Compress, FlushCompress, Status};

use super::PIECE;
use crate::{Error, Result, envelope::fill};

/// How much time compression may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Fast, about a tenth larger than the usual level of gzip.
    #[default]
    Fast,
    /// As small as zlib can, several times slower.
    Best,
    /// No compression: for what is compressed already.
    None,
}

impl Compression {
    fn level(self) -> Option<flate2::Compression> {
        match self {
            Self::Fast => Some(flate2::Compression::new(3)),
            Self::Best => Some(flate2::Compression::new(9)),
            Self::None => None,
        }
    }
}

/// Most workers; each holds about 3 MiB.
const MAX_WORKERS: usize = 8;
/// Largest stored block (RFC 1951, section 3.2.4).
const STORED_BLOCK: usize = 0xFFFF;
/// Bytes before a stored block: its kind, its length, and that inverted.
const STORED_HEADER: usize = 5;
/// Stored blocks in a piece.
const BLOCKS: usize = PIECE / STORED_BLOCK;
/// Compression method 8 with a 32 KiB window, default level (RFC 1950).
const ZLIB_HEADER: [u8; 2] = [0x78, 0x9C];
/// An empty stored block, marked as the last.
const FINAL_BLOCK: [u8; 5] = [0x01, 0x00, 0x00, 0xFF, 0xFF];
/// The ratio that holds at every point of the stream.
const RATIO: u64 = 9;
/// Smallest step of careful compression.
const CAREFUL_STEP: usize = 16 << 10;
/// Bytes looked at to tell whether a piece compresses.
const SAMPLE: usize = 16 << 10;

/// A piece on its way; its buffers are used again and again.
#[derive(Default)]
struct Piece {
    index: u64,
    input: Blocks,
    output: Vec<u8>,
    adler: u32,
    /// The output keeps to [`RATIO`] at every point by itself.
    balanced: bool,
}

/// Bytes laid out as the stored blocks that they may become: before every 65535 bytes there is room for a header.
#[derive(Default)]
struct Blocks {
    laid_out: Vec<u8>,
    /// Bytes without the headers.
    length: usize,
}

impl Blocks {
    fn clear(&mut self) {
        self.length = 0;
        let capacity = BLOCKS * (STORED_HEADER + STORED_BLOCK);
        if self.laid_out.len() != capacity {
            // New zeros take no memory until they are written over.
            self.laid_out = vec![0; capacity];
        }
    }

    fn is_full(&self) -> bool {
        self.length == BLOCKS * STORED_BLOCK
    }

    /// The rest of the current block, at most `length` bytes of it.
    fn room(&mut self, length: usize) -> &mut [u8] {
        let (block, used) = (self.length / STORED_BLOCK, self.length % STORED_BLOCK);
        let start = block * (STORED_HEADER + STORED_BLOCK) + STORED_HEADER + used;
        &mut self.laid_out[start..][..length.min(STORED_BLOCK - used)]
    }

    /// What is in use, with the headers.
    fn end(&self) -> usize {
        self.length + STORED_HEADER * self.length.div_ceil(STORED_BLOCK)
    }

    fn blocks(&mut self) -> impl Iterator<Item = (&mut [u8], &mut [u8])> {
        let end = self.end();
        self.laid_out[..end].chunks_mut(STORED_HEADER + STORED_BLOCK).map(|block| block.split_at_mut(STORED_HEADER))
    }

    fn adler(&mut self) -> u32 {
        let mut adler = simd_adler32::Adler32::new();
        self.blocks().for_each(|(_, data)| adler.write(data));
        adler.finish()
    }

    fn is_compressible(&self) -> bool {
        // The few bytes of the headers do not matter.
        is_compressible(&self.laid_out[..self.end()])
    }

    /// Exchanges its bytes, as stored blocks, for `other`.
    fn store_into(&mut self, other: &mut Vec<u8>) {
        for (header, data) in self.blocks() {
            header.copy_from_slice(&stored_header(data.len()));
        }
        self.laid_out.truncate(self.end());
        std::mem::swap(&mut self.laid_out, other);
    }

    /// Gives up the layout: the bytes stand together at the beginning.
    fn join(&mut self) {
        for block in 0..self.length.div_ceil(STORED_BLOCK) {
            let (to, from) = (block * STORED_BLOCK, block * (STORED_HEADER + STORED_BLOCK) + STORED_HEADER);
            let length = STORED_BLOCK.min(self.length - to);
            self.laid_out.copy_within(from..from + length, to);
        }
    }

    /// The bytes, after [`Blocks::join`].
    fn joined(&self) -> &[u8] {
        &self.laid_out[..self.length]
    }
}

/// Compresses what `produce` writes and hands it to `consume` in order, in buffers that it may change or exchange.
///
/// `produce` runs on a thread of its own, `consume` on the caller's. Memory is bounded by [`MAX_WORKERS`].
pub(crate) fn compress(
    compression: Compression,
    produce: impl FnOnce(&mut PieceWriter) -> Result<()> + Send,
    mut consume: impl FnMut(&mut Vec<u8>) -> Result<()>,
) -> Result<()> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(MAX_WORKERS);
    let pieces = workers + 2;
    let (free_in, free) = bounded(pieces);
    let (work_in, work) = bounded::<Piece>(pieces);
    let (done_in, done) = bounded::<Piece>(pieces);
    for _ in 0..pieces {
        free_in.send(Piece::default()).expect("the channel has room for all pieces");
    }
    thread::scope(|scope| {
        let producer = scope.spawn(move || {
            let mut writer = PieceWriter { free, work: work_in, piece: None, next: 0 };
            produce(&mut writer)?;
            writer.finish()
        });
        for _ in 0..workers {
            let (work, done) = (work.clone(), done_in.clone());
            scope.spawn(move || {
                let mut compressor = Compressor::new(compression);
                for mut piece in work {
                    compressor.piece(&mut piece);
                    if done.send(piece).is_err() {
                        break;
                    }
                }
            });
        }
        drop((work, done_in));
        let consumed = Joiner::new(compression).join(done, free_in, &mut consume);
        // A failure of the consumer closes the channels, which ends the producer; the consumer's is the cause then.
        let produced = producer.join().expect("the producer does not panic");
        match (consumed, produced) {
            (Err(error), _) => Err(error),
            (Ok(_), Err(error)) => Err(error),
            (Ok(mut trailer), Ok(())) => consume(&mut trailer),
        }
    })
}

/// Puts compressed pieces in order and counts what went out.
struct Joiner {
    careful: Compressor,
    read: u64,
    written: u64,
    adler: u32,
}

impl Joiner {
    fn new(compression: Compression) -> Self {
        Self { careful: Compressor::new(compression), read: 0, written: 0, adler: 1 }
    }

    /// Gives the stream's trailer.
    fn join(
        mut self,
        done: Receiver<Piece>,
        free: Sender<Piece>,
        consume: &mut impl FnMut(&mut Vec<u8>) -> Result<()>,
    ) -> Result<Vec<u8>> {
        let mut header = ZLIB_HEADER.to_vec();
        self.written += header.len() as u64;
        consume(&mut header)?;
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        for piece in done {
            waiting.insert(piece.index, piece);
            while let Some(mut piece) = waiting.remove(&next) {
                next += 1;
                let length = piece.input.length as u64;
                if !piece.balanced && RATIO * self.written < self.read + length {
                    let headroom = RATIO * self.written - self.read;
                    self.careful.careful(piece.input.joined(), headroom, &mut piece.output);
                }
                self.read += length;
                self.adler = adler32_combine(self.adler, piece.adler, length);
                self.written += piece.output.len() as u64;
                consume(&mut piece.output)?;
                // The producer may have ended already.
                let _ = free.send(piece);
            }
        }
        Ok([&FINAL_BLOCK[..], &self.adler.to_be_bytes()].concat())
    }
}

/// Where the archive is written: cuts it into pieces.
pub(crate) struct PieceWriter {
    free: Receiver<Piece>,
    work: Sender<Piece>,
    piece: Option<Piece>,
    next: u64,
}

/// Nobody takes the pieces any more; the consumer has the cause.
fn consumer_gone() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

impl PieceWriter {
    fn current(&mut self) -> io::Result<&mut Piece> {
        if self.piece.is_none() {
            let mut piece = self.free.recv().map_err(|_| consumer_gone())?;
            piece.input.clear();
            self.piece = Some(piece);
        }
        Ok(self.piece.as_mut().expect("taken just now"))
    }

    fn send(&mut self) -> io::Result<()> {
        if let Some(mut piece) = self.piece.take() {
            piece.index = self.next;
            self.next += 1;
            self.work.send(piece).map_err(|_| consumer_gone())?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        self.send().map_err(Error::Io)
    }
}

impl PieceWriter {
    /// Reads up to `length` bytes from `input` straight into the pieces; gives the bytes read, fewer only at its end.
    ///
    /// # Errors
    /// What reading says; [`io::ErrorKind::BrokenPipe`] when nobody takes the pieces any more.
    pub(crate) fn read_from(&mut self, input: &mut impl Read, length: usize) -> io::Result<usize> {
        self.fill(length, |room| fill(input, room))
    }

    /// Lets `fill` put at most `length` bytes into a block; it gives their number.
    fn fill(&mut self, length: usize, fill: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        let input = &mut self.current()?.input;
        let filled = fill(input.room(length))?;
        input.length += filled;
        if input.is_full() {
            self.send()?;
        }
        Ok(filled)
    }
}

impl Write for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.fill(bytes.len(), |room| {
            room.copy_from_slice(&bytes[..room.len()]);
            Ok(room.len())
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One worker's deflate state.
struct Compressor {
    deflate: Option<Compress>,
}

impl Compressor {
    fn new(compression: Compression) -> Self {
        Self { deflate: compression.level().map(|level| Compress::new(level, false)) }
    }

    fn piece(&mut self, piece: &mut Piece) {
        let Piece { input, output, adler, balanced, .. } = piece;
        *adler = input.adler();
        let Some(deflate) = self.deflate.as_mut().filter(|_| input.is_compressible()) else {
            input.store_into(output);
            *balanced = true;
            return;
        };
        input.join();
        output.clear();
        deflate.reset();
        deflated(deflate, input.joined(), output);
        *balanced = false;
        if output.len() >= input.length {
            output.clear();
            stored(input.joined(), output);
            *balanced = true;
        } else if (output.len() as u64) * RATIO < input.length as u64 {
            // It would live on what other pieces have saved up: compress it so that it needs nobody.
            self.careful(input.joined(), 0, output);
            *balanced = true;
        }
    }

    /// Compresses so that at every point at most `headroom + RATIO * written` bytes have come out.
    ///
    /// Before each step the headroom covers the step's whole input, or as many bytes of it are stored as make it so; how
    /// unevenly the compressed bytes are spread within the step then no longer matters.
    fn careful(&mut self, input: &[u8], headroom: u64, output: &mut Vec<u8>) {
        output.clear();
        let Some(deflate) = self.deflate.as_mut() else { return stored(input, output) };
        deflate.reset();
        let mut read = 0;
        while read < input.len() {
            let room = (headroom + RATIO * output.len() as u64).saturating_sub(read as u64) as usize;
            let length = room.max(CAREFUL_STEP).min(input.len() - read);
            let step = &input[read..read + length];
            let plain = length.saturating_sub(room).div_ceil(RATIO as usize);
            if plain > 0 {
                stored(&step[..plain], output);
                deflate.reset();
            }
            deflated(deflate, &step[plain..], output);
            read += length;
        }
    }
}

/// Deflates all of `input` to the end of `output`, byte-aligned.
fn deflated(deflate: &mut Compress, input: &[u8], output: &mut Vec<u8>) {
    let (read_before, mut read) = (deflate.total_in(), 0);
    output.reserve(input.len() / 2 + 64);
    loop {
        let flush = FlushCompress::Sync;
        let status = deflate.compress_vec(&input[read..], output, flush).expect("deflate takes any input");
        read = (deflate.total_in() - read_before) as usize;
        // Done only when there was room left: else more of the flush may be waiting.
        if read == input.len() && output.len() < output.capacity() {
            return;
        }
        debug_assert!(status != Status::StreamEnd);
        output.reserve(64 << 10);
    }
}

/// Writes `input` as stored blocks to the end of `output`.
fn stored(input: &[u8], output: &mut Vec<u8>) {
    output.reserve(input.len() + STORED_HEADER * input.len().div_ceil(STORED_BLOCK));
    for block in input.chunks(STORED_BLOCK) {
        output.extend(stored_header(block.len()));
        output.extend_from_slice(block);
    }
}

fn stored_header(length: usize) -> [u8; STORED_HEADER] {
    let length = length as u16;
    let ([low, high], [inverted_low, inverted_high]) = (length.to_le_bytes(), (!length).to_le_bytes());
    [0, low, high, inverted_low, inverted_high]
}

/// Whether a sample's bytes are uneven enough for deflate to gain a hundredth: below 7.9 bits a byte.
///
/// Random, encrypted and compressed data has 7.95 to 7.99 in a sample of this size.
fn is_compressible(input: &[u8]) -> bool {
    if input.len() < SAMPLE {
        return true;
    }
    let mut counts = [0u32; 256];
    let windows = 16;
    let window = SAMPLE / windows;
    let stride = (input.len() - window) / (windows - 1);
    for start in (0..windows).map(|i| i * stride) {
        for byte in &input[start..start + window] {
            counts[usize::from(*byte)] += 1;
        }
    }
    let total = (windows * window) as f32;
    let entropy: f32 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = *count as f32 / total;
            -share * share.log2()
        })
        .sum();
    entropy < 7.9
}

/// Adler-32 of two joined byte strings from theirs (RFC 1950: sums modulo 65521).
fn adler32_combine(first: u32, second: u32, second_length: u64) -> u32 {
    const BASE: u64 = 65521;
    let (a1, b1) = (u64::from(first & 0xFFFF), u64::from(first >> 16));
    let (a2, b2) = (u64::from(second & 0xFFFF), u64::from(second >> 16));
    let length = second_length % BASE;
    let a = (a1 + a2 + BASE - 1) % BASE;
    // Each of the second string's bytes was summed from 1 instead of from a1.
    let b = (b1 + b2 + length * (a1 + BASE - 1)) % BASE;
    ((b << 16) | a) as u32
}

#[cfg(test)]
mod tests {
    use flate2::{Decompress, FlushDecompress, read::ZlibDecoder};
    use proptest::prelude::*;

    use super::*;

    fn compressed(compression: Compression, input: &[u8]) -> Vec<u8> {
        let mut output = Vec::new();
        compress(
            compression,
            |writer| writer.write_all(input).map_err(Error::Io),
            |bytes| {
                output.extend_from_slice(bytes);
                Ok(())
            },
        )
        .expect("nothing fails in memory");
        output
    }

    fn inflated(compressed: &[u8]) -> Vec<u8> {
        let mut output = Vec::new();
        ZlibDecoder::new(compressed).read_to_end(&mut output).expect("a valid zlib stream");
        output
    }

    /// The worst ratio at any point, fed byte by byte.
    fn worst_ratio(compressed: &[u8]) -> f64 {
        let mut inflate = Decompress::new(true);
        let mut output = vec![0; 1 << 16];
        let mut worst = 0.0f64;
        for index in 0..compressed.len() {
            let mut input = &compressed[index..=index];
            loop {
                let (read, written) = (inflate.total_in(), inflate.total_out());
                inflate.decompress(input, &mut output, FlushDecompress::None).expect("valid");
                input = &input[(inflate.total_in() - read) as usize..];
                if inflate.total_out() - written < output.len() as u64 {
                    break;
                }
            }
            worst = worst.max(inflate.total_out() as f64 / (index + 1) as f64);
        }
        worst
    }

    fn noise(length: usize, mut seed: u64) -> Vec<u8> {
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 32) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn pieces_join_to_one_valid_stream() {
        let text: Vec<u8> = (0..400_000u32).flat_map(|i| format!("line {i}\n").into_bytes()).collect();
        for compression in [Compression::Fast, Compression::Best, Compression::None] {
            for length in [0, 1, 1000, PIECE - 1, PIECE, PIECE + 1, text.len()] {
                assert_eq!(inflated(&compressed(compression, &text[..length])), &text[..length]);
            }
        }
    }

    #[test]
    fn noise_is_stored_with_almost_no_growth() {
        let noise = noise(3 * PIECE + 17, 42);
        let out = compressed(Compression::Fast, &noise);
        assert!(out.len() < noise.len() + noise.len() / 5000);
        assert_eq!(inflated(&out), noise);
    }

    #[test]
    fn ratio_stays_below_ten_at_every_point() {
        let zeros = vec![0; 2 * PIECE];
        let mixed = [noise(PIECE, 1), vec![0; 3 * PIECE], noise(1000, 2), vec![b'x'; PIECE]].concat();
        let rows: Vec<u8> = (0..150_000).flat_map(|i| format!("2026 INFO user={} ok\n", i % 7).into_bytes()).collect();
        for input in [zeros, mixed, rows, vec![0; 10_000]] {
            for compression in [Compression::Fast, Compression::Best] {
                let out = compressed(compression, &input);
                assert_eq!(inflated(&out), input);
                assert!(worst_ratio(&out) <= 9.5, "{}", worst_ratio(&out));
            }
        }
    }

    #[test]
    fn a_failing_consumer_ends_the_producer() {
        let result = compress(
            Compression::Fast,
            |writer| {
                let zeros = [0; 4096];
                loop {
                    writer.write_all(&zeros).map_err(Error::Io)?;
                }
            },
            |_| Err(Error::Cancelled),
        );
        assert!(matches!(result, Err(Error::Cancelled)));
    }

    proptest! {
        #[test]
        fn adler_is_combined(first in proptest::collection::vec(any::<u8>(), 0..3000), second in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let adler = |bytes: &[u8]| { let mut a = simd_adler32::Adler32::new(); a.write(bytes); a.finish() };
            let joined = [first.clone(), second.clone()].concat();
            prop_assert_eq!(adler32_combine(adler(&first), adler(&second), second.len() as u64), adler(&joined));
        }
    }
}
