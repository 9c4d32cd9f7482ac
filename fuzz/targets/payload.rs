//! Any bytes as the zlib stream of a payload: what is taken, the usual decoder takes, too, and gives the same.
#![no_main]

use std::io::Read;

use cdoc2::fuzzing::inflate;
use flate2::read::ZlibDecoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|stream: &[u8]| {
    let Ok(plain) = inflate(stream, 1 + stream.len() % 700) else { return };
    let (mut decoder, mut expected) = (ZlibDecoder::new(stream), Vec::new());
    decoder.read_to_end(&mut expected).expect("a valid stream");
    assert!(plain == expected && decoder.total_in() == stream.len() as u64);
});
