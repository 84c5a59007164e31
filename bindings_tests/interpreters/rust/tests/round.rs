//! `round_to`: words and what they become, from NumPy and ml_dtypes.

mod common;

use common::{compute, op, tensor};
use paragon_reference::operations::Op;
use paragon_reference::sha256::Sha256;
use paragon_reference::tensor::{DType, Type};

/// Every NaN as one.
fn rounded(format: &str, words: Vec<u32>) -> Vec<u32> {
    let x = tensor(DType::F32, &[words.len() as u64], words);
    compute(&round_to(format), &[&x]).observed().collect()
}

fn round_to(format: &str) -> Op {
    op("round_to", &format!(r#"{{"format": "{format}"}}"#))
}

/// For each format: zeros, subnormals of f32 and of the format, ties both ways and their neighbours, what is around the
/// largest value, infinities, NaNs; and the SHA-256 of what every 4099th word becomes.
const ROUNDINGS: [(&str, &str, &str); 4] = [
    (
        "f16",
        "
         00000000>00000000 80000000>80000000 00000001>00000000 80000001>80000000 00800000>00000000 33000000>00000000
         33000001>33800000 33800000>33800000 33bfffff>33800000 33c00000>34000000 33c00001>34000000 b4200000>b4000000
         387fdfff>387fc000 387fe000>38800000 38800000>38800000 3f801000>3f800000 3f801001>3f802000 3f803000>3f804000
         bf802fff>bf802000 477fe000>477fe000 477fefff>477fe000 477ff000>7f800000 477ff001>7f800000 c77ff000>ff800000
         c77fefff>c77fe000 7f7fffff>7f800000 7f800000>7f800000 ff800000>ff800000 7fc00000>7fc00000 7f800001>7fc00000
         ffc12345>7fc00000",
        "c7c49b1a67340bb434b94c243251f206637f2c85ec0175a18e12ee4ddba25334",
    ),
    (
        "bf16",
        "
         00000000>00000000 80000000>80000000 00000001>00000000 80000001>80000000 00800000>00800000 00008000>00000000
         00008001>00010000 00010000>00010000 00017fff>00010000 00018000>00020000 00018001>00020000 80028000>80020000
         007f7fff>007f0000 007f8000>00800000 3f808000>3f800000 3f808001>3f810000 3f818000>3f820000 bf817fff>bf810000
         7f7f0000>7f7f0000 7f7f7fff>7f7f0000 7f7f8000>7f800000 7f7f8001>7f800000 ff7f8000>ff800000 ff7f7fff>ff7f0000
         7f7fffff>7f800000 7f800000>7f800000 ff800000>ff800000 7fc00000>7fc00000 7f800001>7fc00000 ffc12345>7fc00000",
        "268ca6405553607c8ed4532b132f9ec0ee7de3beb11981662e2e0982c20db664",
    ),
    (
        "e4m3fn",
        "
         00000000>00000000 80000000>80000000 00000001>00000000 80000001>80000000 00800000>00000000 3a800000>00000000
         3a800001>3b000000 3b000000>3b000000 3b3fffff>3b000000 3b400000>3b800000 3b400001>3b800000 bba00000>bb800000
         3c6fffff>3c600000 3c700000>3c800000 3c800000>3c800000 3f880000>3f800000 3f880001>3f900000 3f980000>3fa00000
         bf97ffff>bf900000 43e00000>43e00000 43e7ffff>43e00000 43e80000>43e00000 43e80001>7fc00000 c3e80000>c3e00000
         c3e7ffff>c3e00000 7f7fffff>7fc00000 7f800000>7fc00000 ff800000>7fc00000 7fc00000>7fc00000 7f800001>7fc00000
         ffc12345>7fc00000",
        "6ef54f296159fd7629090822e6062f39894940b405acef807eed7c2e2fa7dbbc",
    ),
    (
        "e5m2",
        "
         00000000>00000000 80000000>80000000 00000001>00000000 80000001>80000000 00800000>00000000 37000000>00000000
         37000001>37800000 37800000>37800000 37bfffff>37800000 37c00000>38000000 37c00001>38000000 b8200000>b8000000
         385fffff>38400000 38600000>38800000 38800000>38800000 3f900000>3f800000 3f900001>3fa00000 3fb00000>3fc00000
         bfafffff>bfa00000 47600000>47600000 476fffff>47600000 47700000>7f800000 47700001>7f800000 c7700000>ff800000
         c76fffff>c7600000 7f7fffff>7f800000 7f800000>7f800000 ff800000>ff800000 7fc00000>7fc00000 7f800001>7fc00000
         ffc12345>7fc00000",
        "084b10cafc72c0e5d579e493b42f2ed3c2f7b534a9c6c67750f4bdb6bf2e152b",
    ),
];

#[test]
fn the_classes_of_values() {
    let word = |text: &str| u32::from_str_radix(text, 16).expect("a word");
    for (format, pairs, _) in ROUNDINGS {
        for (from, to) in pairs.split_whitespace().filter_map(|pair| pair.split_once('>')) {
            let found = rounded(format, vec![word(from)])[0];
            assert_eq!(found, word(to), "{format} of {from} is {found:08x}");
        }
        assert!(pairs.matches('>').count() >= 29);
    }
}

#[test]
fn every_4099th_word() {
    for (format, _, sweep) in ROUNDINGS {
        let words = rounded(format, (0..=u32::MAX).step_by(4099).collect());
        let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        let mut hash = Sha256::default();
        hash.update(&bytes);
        assert_eq!(hash.hex(), sweep, "{format}");
    }
}

#[test]
fn refused_operands() {
    let integers = Type::new(DType::I32, &[3]).expect("a shape");
    let error = round_to("f16").infer(&[&integers]).expect_err("it is refused").to_string();
    assert!(error.contains("dtype f32"), "{error}");
}
