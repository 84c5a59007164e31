//! The elementary functions at all 2^32 arguments: `cargo test --release --test exhaustive -- --ignored`, about an hour
//! of processor time. The SHA-256 over the result words (in the order of the argument words, little-endian, NaNs as one)
//! must be that of the correctly rounded results, which `exhaustive/words.c` makes with MPFR.

use paragon_reference::elementary;
use paragon_reference::sha256::Sha256;
use paragon_reference::tensor::NAN_WORD;

fn check(function: fn(f32) -> f32, wanted: &str) {
    let mut hash = Sha256::default();
    for word in 0..=u32::MAX {
        let result = function(f32::from_bits(word));
        let word = if result.is_nan() { NAN_WORD } else { result.to_bits() };
        hash.update(&word.to_le_bytes());
    }
    assert_eq!(hash.hex(), wanted);
}

macro_rules! exhaustive {
    ($($function:ident $digest:literal)*) => {$(
        #[test]
        #[ignore = "takes minutes"]
        fn $function() {
            check(elementary::$function, $digest);
        }
    )*};
}

exhaustive! {
    exp ""
    expm1 ""
    log ""
    log1p ""
    tanh ""
    erf ""
    sinpi ""
    cospi ""
}
