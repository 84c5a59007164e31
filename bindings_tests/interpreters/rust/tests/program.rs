//! What makes a program valid, and that everything else is refused with a message that says why.

mod common;

use common::LINEAR;
use paragon_reference::json::Json;
use paragon_reference::operations::Op;
use paragon_reference::program::Program;
use paragon_reference::tensor::{DType, Type};

#[test]
fn a_valid_program() {
    let program = Program::parse(LINEAR).expect("a valid program");
    assert_eq!((program.inputs.len(), program.state.len(), program.operations.len()), (1, 2, 6));
    assert_eq!(program.outputs, [("y".to_owned(), 3), ("old step".to_owned(), 2)]);
    assert_eq!(program.updates, [(0, 6), (1, 8)]);
    assert_eq!(program.ty(0).to_string(), "f32 [4, 3]");
    assert_eq!(program.ty(2).to_string(), "u32 []");
    assert_eq!(program.ty(8).to_string(), "u32 []");
}

/// Replaces one place of the valid program and looks for words in the error.
#[test]
fn broken_programs() {
    let broken: [(&str, &str, &[&str]); 35] = [
        ("\"paragon-program\"", "\"paragon-model\"", &["format"]),
        ("\"version\": 1", "\"version\": 2", &["version"]),
        ("\"version\": 1", "\"version\": 1.0", &["version"]),
        ("\"contract\": 1", "\"contract\": 2", &["contract"]),
        ("\"contract\": 1,", "", &["contract", "missing"]),
        ("\"meta\": {\"name\": \"a test\"}", "\"meta\": 5", &["meta"]),
        ("\"meta\"", "\"mate\"", &["unknown key", "mate"]),
        ("{\"name\": \"x\",", "{\"name\": \"x\", \"rank\": 2,", &["inputs", "item 0", "rank"]),
        ("\"name\": \"x\"", "\"name\": \"\"", &["name", "1 to 255"]),
        ("\"name\": \"x\"", "\"name\": \"a\\u0007\"", &["control"]),
        ("\"name\": \"x\"", "\"name\": \"a\\u0085\"", &["control"]),
        ("\"name\": \"x\"", "\"name\": \"w\"", &["\"w\"", "twice"]),
        ("\"name\": \"old step\"", "\"name\": \"y\"", &["\"y\"", "twice"]),
        ("\"dtype\": \"u32\", \"shape\": []}]", "\"dtype\": \"u64\", \"shape\": []}]", &["u64"]),
        ("\"shape\": [4, 3]", "\"shape\": [4, -3]", &["a sign"]),
        ("\"shape\": [4, 3]", "\"shape\": [4, 2147483648]", &["2147483648", "limit"]),
        ("\"shape\": [4, 3]", "\"shape\": [65536, 32768]", &["elements"]),
        ("\"shape\": [4, 3]", "\"shape\": [1, 1, 1, 1, 1, 1, 1, 4, 3]", &["rank 9"]),
        ("\"inputs\": [0, 1]", "\"inputs\": [0, 3]", &["operation 0 (matmul)", "no value 3"]),
        ("\"inputs\": [0, 1]", "\"inputs\": [0, -1]", &["operation 0 (matmul)", "a sign"]),
        ("\"inputs\": [0, 1]", "\"inputs\": [0]", &["operation 0 (matmul)", "2 operands", "1"]),
        ("\"inputs\": [0, 1]", "\"inputs\": [0, 0]", &["operation 0 (matmul)", "3 and 4"]),
        ("\"inputs\": [0, 1]", "\"inputs\": [0, 2]", &["operation 0 (matmul)", "f32"]),
        ("\"output\": 3", "\"output\": 4", &["operation 0 (matmul)", "4 is outside 3 ... 3"]),
        (
            "\"shape\": [4, 2],\n     \"attributes\": {\"tr",
            "\"shape\": [2, 4],\n     \"attributes\": {\"tr",
            &["operation 0 (matmul)", "f32 [4, 2]", "f32 [2, 4]"],
        ),
        ("\"panel\": 256", "\"panel\": 1", &["operation 0 (matmul)", "panel", "in 2 ..."]),
        ("\"panel\": 256", "\"panel\": 256, \"axis\": 0", &["operation 0 (matmul)", "axis"]),
        (", \"panel\": 256", "", &["operation 0 (matmul)", "panel", "missing"]),
        ("\"transpose_a\": false", "\"transpose_a\": 0", &["operation 0 (matmul)", "transpose_a"]),
        ("\"be000000\"", "\"BE000000\"", &["operation 1 (constant)", "lower-case"]),
        (
            "\"op\": \"add\", \"inputs\": [1, 5]",
            "\"op\": \"plus\", \"inputs\": [1, 5]",
            &["operation 3 (plus)", "unknown operation"],
        ),
        ("\"attributes\": {}}", "\"attributes\": []}", &["operation 5 (add)", "object"]),
        ("\"y\", \"value\": 3", "\"y\", \"value\": 9", &["outputs", "no value 9"]),
        ("\"state\": \"step\", \"value\": 8", "\"state\": \"w\", \"value\": 6", &["updates", "\"w\"", "twice"]),
        (
            "\"state\": \"step\", \"value\": 8",
            "\"state\": \"step\", \"value\": 3",
            &["updates", "\"step\"", "f32 [4, 2]"],
        ),
    ];
    for (from, to, reasons) in broken {
        // The last occurrence where there are several: tests name operations by that.
        let place = if from.starts_with("\"attributes") { LINEAR.rfind(from) } else { LINEAR.find(from) };
        let place = place.unwrap_or_else(|| panic!("{from:?} is not in the program"));
        let text = [&LINEAR[..place], to, &LINEAR[place + from.len()..]].concat();
        let error = Program::parse(&text).expect_err(to).to_string();
        for reason in reasons {
            assert!(error.contains(reason), "{to}: {error:?} does not say {reason:?}");
        }
    }
    let unknown_state = LINEAR.replace("{\"state\": \"step\"", "{\"state\": \"x\"");
    assert!(Program::parse(&unknown_state).expect_err("an input is no state").to_string().contains("no state \"x\""));
}

fn ty(text: &str) -> Type {
    let (dtype, shape) = text.split_once(' ').expect("dtype and shape");
    let shape = Json::parse(shape).expect("a shape").dimensions().expect("numbers");
    Type::new(DType::parse(dtype).expect("a dtype"), &shape).expect("within the limits")
}

/// One operation on operands of these types.
fn yields(op: &str, attributes: &str, operands: &[&str]) -> Result<String, String> {
    let types: Vec<Type> = operands.iter().map(|text| ty(text)).collect();
    let attributes = Json::parse(attributes).expect("JSON");
    let op = Op::parse(op, &attributes).map_err(|error| error.to_string())?;
    op.infer(&types.iter().collect::<Vec<_>>()).map(|ty| ty.to_string()).map_err(|error| error.to_string())
}

const IMAGE: &str = "f32 [2, 3, 5, 6]";
const WINDOW: &str = r#"{"kernel": [3, 2], "stride": [2, 1], "padding": [1, 0, 0, 2], "dilation": [1, 3]}"#;

#[test]
fn shapes() {
    let window = |extra: &str| WINDOW.replacen('{', &format!("{{{extra}, \"panel\": 4, "), 1);
    let fold = window("\"size\": [5, 6]");
    let cases: [(&str, &str, &[&str], &str); 41] = [
        ("neg", "{}", &["u32 [3]"], "u32 [3]"),
        ("abs", "{}", &["i32 []"], "i32 []"),
        ("exp", "{}", &["f32 [0, 4]"], "f32 [0, 4]"),
        ("add", "{}", &["i32 [2, 1, 3]", "i32 [4, 1]"], "i32 [2, 4, 3]"),
        ("mul", "{}", &["f32 [0, 1]", "f32 [1, 5]"], "f32 [0, 5]"),
        ("div", "{}", &["f32 []", "f32 [2]"], "f32 [2]"),
        ("fma", "{}", &["f32 [2, 1]", "f32 [3]", "f32 []"], "f32 [2, 3]"),
        ("compare", r#"{"how": "le"}"#, &["u32 [2]", "u32 [1]"], "i32 [2]"),
        ("select", "{}", &["f32 [2, 1]", "u32 [3]", "u32 []"], "u32 [2, 3]"),
        ("cast", r#"{"dtype": "u32"}"#, &["f32 [2]"], "u32 [2]"),
        ("constant", r#"{"dtype": "i32", "shape": [2, 0], "word": "00000001"}"#, &[], "i32 [2, 0]"),
        ("sum", r#"{"axes": [0, 2], "keepdims": false, "panel": null}"#, &["i32 [2, 3, 4]"], "i32 [3]"),
        ("sum", r#"{"axes": [0, 2], "keepdims": true, "panel": 2}"#, &["f32 [2, 3, 4]"], "f32 [1, 3, 1]"),
        ("max", r#"{"axes": [], "keepdims": false}"#, &["u32 [2]"], "u32 [2]"),
        ("max", r#"{"axes": [0], "keepdims": false}"#, &["u32 [0]"], "u32 []"),
        ("argmax", r#"{"axis": 1, "keepdims": true}"#, &["f32 [2, 3]"], "i32 [2, 1]"),
        ("argmax", r#"{"axis": 1, "keepdims": false}"#, &["u32 [0, 3]"], "i32 [0]"),
        (
            "matmul",
            r#"{"transpose_a": false, "transpose_b": false, "panel": 256}"#,
            &["f32 [5, 1, 2, 3]", "f32 [4, 3, 7]"],
            "f32 [5, 4, 2, 7]",
        ),
        (
            "matmul",
            r#"{"transpose_a": true, "transpose_b": true, "panel": 256}"#,
            &["f32 [3, 2]", "f32 [7, 3]"],
            "f32 [2, 7]",
        ),
        (
            "matmul",
            r#"{"transpose_a": false, "transpose_b": false, "panel": 2}"#,
            &["f32 [2, 0]", "f32 [0, 3]"],
            "f32 [2, 3]",
        ),
        ("reshape", r#"{"shape": [3, 2, 1]}"#, &["u32 [6]"], "u32 [3, 2, 1]"),
        ("transpose", r#"{"axes": [2, 0, 1]}"#, &["f32 [2, 3, 4]"], "f32 [4, 2, 3]"),
        ("transpose", r#"{"axes": []}"#, &["f32 []"], "f32 []"),
        ("broadcast", r#"{"shape": [2, 3]}"#, &["i32 [3]"], "i32 [2, 3]"),
        ("broadcast", r#"{"shape": [0]}"#, &["i32 [1]"], "i32 [0]"),
        ("slice", r#"{"start": [1, 0], "stop": [6, 0], "step": [2, 1]}"#, &["f32 [6, 3]"], "f32 [3, 0]"),
        ("slice", r#"{"start": [5], "stop": [6], "step": [2147483647]}"#, &["f32 [6]"], "f32 [1]"),
        ("pad", r#"{"low": [1], "high": [2], "interior": [3], "word": "00000000"}"#, &["f32 [4]"], "f32 [16]"),
        ("pad", r#"{"low": [1], "high": [2], "interior": [2147483647], "word": "00000000"}"#, &["f32 [0]"], "f32 [3]"),
        ("concat", r#"{"axis": 1}"#, &["f32 [2, 3]", "f32 [2, 0]", "f32 [2, 1]"], "f32 [2, 4]"),
        ("gather", r#"{"axis": 1}"#, &["u32 [2, 3, 4]", "i32 [5, 6]"], "u32 [2, 5, 6, 4]"),
        ("scatter_add", r#"{"axis": 1, "size": 9, "panel": 2}"#, &["u32 [2, 5, 6, 4]", "i32 [5, 6]"], "u32 [2, 9, 4]"),
        ("scatter_add", r#"{"axis": 0, "size": 9, "panel": 2}"#, &["f32 [3]", "i32 []"], "f32 [9, 3]"),
        ("one_hot", r#"{"depth": 0}"#, &["i32 [2]"], "f32 [2, 0]"),
        ("unfold", WINDOW, &[IMAGE], "f32 [2, 2, 5, 18]"),
        ("fold", &fold, &["f32 [2, 2, 5, 18]"], IMAGE),
        ("fold", &fold, &["u32 [2, 2, 5, 0]"], "u32 [2, 0, 5, 6]"),
        ("scan", r#"{"axis": 1, "reverse": true}"#, &["f32 [2, 3]", "f32 [2, 3]", "f32 [2]"], "f32 [2, 3]"),
        ("scan", r#"{"axis": 0, "reverse": false}"#, &["f32 [0]", "f32 [0]", "f32 []"], "f32 [0]"),
        ("bits", r#"{"stream": 4294967295, "shape": [3], "width": 32}"#, &["u32 [2]", "u32 []"], "u32 [3]"),
        (
            "constant",
            r#"{"dtype": "f32", "shape": [2147483647, 2147483647, 0], "word": "00000000"}"#,
            &[],
            "f32 [2147483647, 2147483647, 0]",
        ),
    ];
    for (op, attributes, operands, result) in cases {
        assert_eq!(yields(op, attributes, operands).as_deref(), Ok(result), "{op} {attributes} {operands:?}");
    }
}

#[test]
fn refused_operands() {
    let huge = "2147483647";
    let huge_kernel = format!(
        r#"{{"kernel": [{huge}, 2], "stride": [1, 1], "padding": [{huge}, {huge}, 1, 1], "dilation": [1, 1]}}"#
    );
    let huge_padding = format!(r#"{{"low": [{huge}], "high": [{huge}], "interior": [{huge}], "word": "00000000"}}"#);
    let fold = WINDOW.replacen('{', "{\"size\": [5, 6], \"panel\": 4, ", 1);
    let cases: [(&str, &str, &[&str], &str); 46] = [
        ("abs", "{}", &["u32 [1]"], "u32"),
        ("exp", "{}", &["i32 [1]"], "i32"),
        ("exp", "{}", &[], "1 operands"),
        ("exp", "{\"panel\": 2}", &["f32 []"], "panel"),
        ("add", "{}", &["f32 [2]", "i32 [2]"], "dtype"),
        ("add", "{}", &["f32 [2]", "f32 [3]"], "broadcast"),
        ("add", "{}", &["f32 [0]", "f32 [3]"], "broadcast"),
        ("add", "{}", &["f32 [65536, 1]", "f32 [65536]"], "elements"),
        ("div", "{}", &["u32 [2]", "u32 [2]"], "f32"),
        ("fma", "{}", &["f32 []", "f32 []", "i32 []"], "f32"),
        ("compare", r#"{"how": "lte"}"#, &["f32 []", "f32 []"], "lte"),
        ("select", "{}", &["i32 []", "f32 []", "u32 []"], "dtype"),
        ("cast", r#"{"dtype": "f16"}"#, &["f32 []"], "f16"),
        ("constant", r#"{"dtype": "f32", "shape": [], "word": "0"}"#, &[], "8 lower-case"),
        ("constant", r#"{"dtype": "f32", "shape": [], "word": "+0000000"}"#, &[], "8 lower-case"),
        ("sum", r#"{"axes": [1, 0], "keepdims": false, "panel": 2}"#, &["f32 [2, 3]"], "ascending"),
        ("sum", r#"{"axes": [1, 1], "keepdims": false, "panel": 2}"#, &["f32 [2, 3]"], "distinct"),
        ("sum", r#"{"axes": [2], "keepdims": false, "panel": 2}"#, &["f32 [2, 3]"], "axis 2"),
        ("sum", r#"{"axes": [0], "keepdims": false, "panel": 0}"#, &["f32 [2, 3]"], "in 2 ..."),
        ("sum", r#"{"axes": [0], "keepdims": false, "panel": 2.0}"#, &["f32 [2, 3]"], "panel"),
        ("argmax", r#"{"axis": 0, "keepdims": false}"#, &["f32 [0]"], "empty"),
        ("argmax", r#"{"axis": 0, "keepdims": false}"#, &["f32 []"], "axis 0"),
        ("matmul", r#"{"transpose_a": false, "transpose_b": false, "panel": 2}"#, &["f32 [3]", "f32 [3, 2]"], "matrix"),
        (
            "matmul",
            r#"{"transpose_a": false, "transpose_b": false, "panel": 2}"#,
            &["f32 [2, 1, 3]", "f32 [3, 3, 2]"],
            "broadcast",
        ),
        ("reshape", r#"{"shape": [4]}"#, &["f32 [3]"], "elements"),
        ("transpose", r#"{"axes": [0, 0]}"#, &["f32 [3, 3]"], "permutation"),
        ("broadcast", r#"{"shape": [3]}"#, &["f32 [1, 3]"], "does not broadcast"),
        ("broadcast", r#"{"shape": [1]}"#, &["f32 [3]"], "does not broadcast"),
        ("slice", r#"{"start": [0], "stop": [4], "step": [1]}"#, &["f32 [3]"], "no slice 0:4:1"),
        ("slice", r#"{"start": [2], "stop": [1], "step": [1]}"#, &["f32 [3]"], "no slice"),
        ("slice", r#"{"start": [0], "stop": [1], "step": [0]}"#, &["f32 [3]"], "0 is outside 1"),
        ("slice", r#"{"start": [0], "stop": [1], "step": [1, 1]}"#, &["f32 [3]"], "1 numbers"),
        ("pad", &huge_padding, &["f32 [3]"], "above the limit"),
        ("concat", r#"{"axis": 0}"#, &[], "one operand"),
        ("concat", r#"{"axis": 0}"#, &["f32 [1, 2]", "f32 [1, 3]"], "differ"),
        ("concat", r#"{"axis": 0}"#, &["f32 []"], "axis 0"),
        ("gather", r#"{"axis": 0}"#, &["f32 [3]", "u32 [2]"], "i32"),
        ("scatter_add", r#"{"axis": 1, "size": 2, "panel": 2}"#, &["f32 [3, 4]", "i32 [5]"], "at axis 1"),
        ("one_hot", r#"{"depth": 9000000000000000000}"#, &["i32 []"], "is outside 0"),
        ("unfold", WINDOW, &["f32 [3, 5, 6]"], "(N, C, H, W)"),
        ("unfold", WINDOW, &["f32 [2, 3, 1, 6]"], "fits"),
        ("unfold", &huge_kernel, &[IMAGE], "above the limit"),
        ("fold", &fold, &["f32 [2, 2, 5, 17]"], "multiple"),
        ("fold", &fold, &["f32 [2, 2, 4, 18]"], "windows"),
        ("scan", r#"{"axis": 0, "reverse": true}"#, &["f32 [2, 3]", "f32 [2, 3]", "f32 [2]"], "f32 [3]"),
        ("bits", r#"{"stream": 0, "shape": [3], "width": 33}"#, &["u32 [2]", "u32 []"], "outside 1 ... 32"),
    ];
    for (op, attributes, operands, reason) in cases {
        let error = yields(op, attributes, operands).expect_err(&format!("{op} {attributes} {operands:?}"));
        assert!(error.contains(reason), "{op} {attributes} {operands:?}: {error:?} does not say {reason:?}");
    }
}
