//! JSON, safetensors, SHA-256 and fingerprints.

mod common;

use common::{file, floats, tensor, tensors};
use paragon_reference::fingerprint::fingerprint;
use paragon_reference::json::{quote, Json, MAX_DEPTH};
use paragon_reference::safetensors::Safetensors;
use paragon_reference::sha256::Sha256;
use paragon_reference::tensor::DType;

fn sha256(bytes: &[u8]) -> String {
    let mut hash = Sha256::default();
    hash.update(bytes);
    hash.hex()
}

/// FIPS 180-4's examples, and lengths around a block against bytes one by one.
#[test]
fn sha256_known_answers() {
    assert_eq!(sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let two_blocks = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    assert_eq!(sha256(two_blocks), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    let million = vec![b'a'; 1_000_000];
    assert_eq!(sha256(&million), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    for length in 0..200 {
        let mut hash = Sha256::default();
        million[..length].iter().for_each(|byte| hash.update(&[*byte]));
        assert_eq!(hash.hex(), sha256(&million[..length]));
    }
}

#[test]
fn fingerprints() {
    // Section 8 of the contract spelled out: names in order, every NaN as one, a scalar's shape empty.
    let (nan, canonical) = (f32::from_bits(0xffc0_0001), 0x7fc0_0000u32);
    let named = tensors([
        ("b", tensor(DType::I32, &[], vec![5])),
        ("a", floats(&[2, 1], &[nan, -0.0])),
        ("c", tensor(DType::U32, &[0, 3], vec![])),
    ]);
    let mut bytes = b"a\0f32\x002,1\0".to_vec();
    bytes.extend(canonical.to_le_bytes());
    bytes.extend(0x8000_0000u32.to_le_bytes());
    bytes.extend(b"b\0i32\0\0\x05\0\0\0c\0u32\x000,3\0");
    assert_eq!(fingerprint(&named), sha256(&bytes));
    // Integers whose words look like NaNs stay what they are.
    let integer = tensors([("", tensor(DType::U32, &[1], vec![0xffc0_0001]))]);
    assert_eq!(fingerprint(&integer), sha256(b"\0u32\x001\0\x01\0\xc0\xff"));
}

#[test]
fn json_values() {
    let parse = |text| Json::parse(text).expect("valid JSON");
    assert_eq!(
        parse(" [1, 0, -0, 3.0, 1e2, -5, 18446744073709551615, 18446744073709551616] "),
        Json::Array(vec![
            Json::Integer(1),
            Json::Integer(0),
            Json::Float(-0.0),
            Json::Float(3.0),
            Json::Float(100.0),
            Json::Float(-5.0),
            Json::Integer(u64::MAX),
            Json::Float(2f64.powi(64)),
        ])
    );
    assert_eq!(parse(r#""\u00e9\ud83d\ude00\n\"\\\/""#), Json::String("é😀\n\"\\/".into()));
    assert_eq!(
        parse(r#"{"a":{"b":[null,true,false]}}"#)
            .fields()
            .expect("an object")
            .take("a", |a| { a.fields()?.take("b", |b| Ok(b.array()?.len())) }),
        Ok(3)
    );
    let text = "control \u{1} \t quote \" backslash \\ é";
    assert_eq!(parse(&quote(text)), Json::String(text.into()));
}

#[test]
fn json_errors() {
    let bad = [
        "",
        " ",
        "{",
        "[",
        "[1,]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\":1,\"a\":2}",
        "01",
        "+1",
        ".5",
        "1.",
        "1e",
        "-",
        "nul",
        "NaN",
        "Infinity",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\n\"",
        "1 1",
        "[1]]",
        "'a'",
        "// x\n1",
        "\u{feff}1",
        "\"\\u+123\"",
        "1e999",
        "[-1e309]",
    ];
    for text in bad {
        assert!(Json::parse(text).is_err(), "{text:?} was accepted");
    }
    let nested = |depth: usize, inside: &str| "[".repeat(depth) + inside + &"]".repeat(depth);
    for inside in ["", "1", "1,2"] {
        assert!(Json::parse(&nested(MAX_DEPTH, inside)).is_ok());
        assert!(Json::parse(&nested(MAX_DEPTH + 1, inside)).is_err());
    }
    assert!(Json::parse(&"9".repeat(310)).is_err());
    assert!(Json::parse(&format!("[{}, 1e308, 1e-999]", "9".repeat(300))).is_ok());
    assert!(Json::parse(&"[".repeat(10_000_000)).is_err());
}

#[test]
fn safetensors_round_trip() {
    let list = [
        ("weights é \"", floats(&[2, 2], &[1.0, -0.0, f32::INFINITY, f32::from_bits(1)])),
        ("empty", tensor(DType::I32, &[0, 5], vec![])),
        ("scalar", tensor(DType::U32, &[], vec![u32::MAX])),
    ];
    let original = file([("format", "a \"text\"\nof two lines")], list);
    let bytes = original.encode().expect("names are free");
    assert_eq!(bytes.len() % 4, 0);
    assert_eq!(Safetensors::decode(&bytes), Ok(original));
    let nan = file([], [("x", floats(&[1], &[f32::from_bits(0xff80_0001)]))]);
    let read = Safetensors::decode(&nan.encode().expect("encodes")).expect("decodes");
    assert_eq!(read.tensors["x"].words(), [0x7fc0_0000]);
}

/// Each of several writers replaces the file as a whole, and none takes another's temporary file.
#[test]
fn writers_of_one_target() {
    let folder = std::env::temp_dir().join(format!("paragon-reference-{}-writers", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for temporary files");
    let path = folder.join("f");
    std::thread::scope(|scope| {
        for writer in 0..8usize {
            let path = &path;
            scope.spawn(move || {
                let length = 1 + 10_000 * writer;
                let written = file([], [("x", tensor(DType::U32, &[length as u64], vec![0; length]))]);
                for _ in 0..50 {
                    written.write(path).expect("a file is written");
                    Safetensors::read(path).expect("the file is whole");
                }
            });
        }
    });
    let left = std::fs::read_dir(&folder).expect("the folder").count();
    std::fs::remove_dir_all(&folder).expect("the folder is removed");
    assert_eq!(left, 1, "temporary files are left");
}

fn with_header(header: &str, data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; data]].concat()
}

#[test]
fn safetensors_errors() {
    let good = r#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    assert!(Safetensors::decode(&with_header(good, 8)).is_ok());
    assert!(Safetensors::decode(&with_header(&format!("{good}   "), 8)).is_ok());
    let bad: [(&str, usize, &str); 15] = [
        (good, 7, "outside the file"),
        (good, 9, "after the last tensor"),
        (r#" {}"#, 0, "from '{' to '}'"),
        ("{}\n", 0, "nothing but spaces"),
        (r#"{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#, 8, "F64"),
        (r#"{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "takes 12 bytes"),
        (r#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "takes 8 bytes"),
        (r#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12, "hole"),
        (r#"{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "a sign"),
        (r#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"extra":1}}"#, 8, "extra"),
        (r#"{"x":{"dtype":"F32","shape":[2147483647,2],"data_offsets":[0,8]}}"#, 8, "2147483647 elements"),
        (r#"{"x":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}"#, 8, "rank 9"),
        (r#"{"x":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, 8, "integer"),
        (r#"{"__metadata__":{"format":1}}"#, 0, "format"),
        (
            r#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
            8,
            "overlap",
        ),
    ];
    for (header, data, reason) in bad {
        let error = Safetensors::decode(&with_header(header, data)).expect_err(header).to_string();
        assert!(error.contains(reason), "{header}: {error}");
    }
    for bytes in [&b""[..], &[0; 7], &[0xff; 16], &[5, 0, 0, 0, 0, 0, 0, 0, b'{'], &[1, 0, 0, 0, 0, 0, 0, 0, 0x80]] {
        assert!(Safetensors::decode(bytes).is_err());
    }
}
