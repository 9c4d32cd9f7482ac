//! Any bytes as a card's data objects: what is found is a part of them. The first three bytes are the tag that is looked for.
#![no_main]

use eid::fuzzing::data_object;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((tag, objects)) = bytes.split_first_chunk::<3>() else { return };
    let tag = tag.iter().fold(0, |tag, byte| tag << 8 | u32::from(*byte));
    if let Some(found) = data_object(objects, tag) {
        assert!(found.len() + 2 <= objects.len());
        assert!(objects.as_ptr_range().contains(&found.as_ptr()) || found.is_empty());
        // Whatever comes behind, it is found as before.
        assert_eq!(data_object(&[objects, &[0; 4]].concat(), tag), Some(found));
    }
});
