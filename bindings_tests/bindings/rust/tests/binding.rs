//! The binding against the reference interpreter, word for word; and that what is wrong comes back as an error.

use paragon::{Array, DType, Model, Options, Session};
use paragon_reference::fingerprint::{fingerprint, Tensors};
use paragon_reference::program::Program;
use paragon_reference::run;
use paragon_reference::safetensors::Safetensors;
use paragon_reference::tensor::{self, Tensor, Type};
use std::path::PathBuf;

/// y = tanh(x w), and a step w + x^T y.
const PROGRAM: &str = r#"{
  "format": "paragon-program", "version": 1, "contract": 1,
  "inputs": [{"name": "x", "dtype": "f32", "shape": [4, 300]}],
  "state": [{"name": "w", "dtype": "f32", "shape": [300, 5]}, {"name": "steps", "dtype": "u32", "shape": []}],
  "operations": [
    {"op": "matmul", "inputs": [0, 1], "output": 3, "dtype": "f32", "shape": [4, 5],
     "attributes": {"transpose_a": false, "transpose_b": false, "panel": 256}},
    {"op": "tanh", "inputs": [3], "output": 4, "dtype": "f32", "shape": [4, 5], "attributes": {}},
    {"op": "matmul", "inputs": [0, 4], "output": 5, "dtype": "f32", "shape": [300, 5],
     "attributes": {"transpose_a": true, "transpose_b": false, "panel": 256}},
    {"op": "add", "inputs": [1, 5], "output": 6, "dtype": "f32", "shape": [300, 5], "attributes": {}},
    {"op": "constant", "inputs": [], "output": 7, "dtype": "u32", "shape": [],
     "attributes": {"dtype": "u32", "shape": [], "word": "00000001"}},
    {"op": "add", "inputs": [2, 7], "output": 8, "dtype": "u32", "shape": [], "attributes": {}}
  ],
  "outputs": [{"name": "y", "value": 4}, {"name": "before", "value": 2}],
  "updates": [{"state": "w", "value": 6}, {"state": "steps", "value": 8}]
}"#;

fn uniform(count: usize, seed: u32) -> Vec<f32> {
    let draws = paragon_reference::random::draws([seed, 0], 0, 0);
    draws.take(count).map(|word| ((word >> 8) as f32 * 2f32.powi(-23) - 1.0) * 0.1).collect()
}

fn tensor(shape: &[u64], values: &[f32]) -> Tensor {
    let ty = Type::new(tensor::DType::F32, shape).expect("a shape within the limits");
    Tensor::new(ty, values.iter().map(|value| value.to_bits()).collect())
}

fn initial_state() -> Tensors {
    let steps = Tensor::new(Type::new(tensor::DType::U32, &[]).expect("a scalar"), vec![41]);
    [("w".to_owned(), tensor(&[300, 5], &uniform(1500, 1))), ("steps".to_owned(), steps)].into()
}

fn model_file() -> Vec<u8> {
    let metadata =
        [("format", "paragon-model"), ("program", PROGRAM)].map(|(key, text)| (key.to_owned(), text.to_owned()));
    Safetensors { metadata: metadata.into(), tensors: initial_state() }.encode().expect("encodes")
}

fn session() -> Session {
    Model::from_bytes(&model_file()).and_then(|model| model.session(&Options::default())).expect("a session")
}

fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("paragon-binding-{}-{name}", std::process::id()))
}

fn words(array: &Array) -> Vec<u32> {
    match array {
        Array::F32(values) => values.iter().map(|value| value.to_bits()).collect(),
        Array::I32(values) => values.iter().map(|&value| value as u32).collect(),
        Array::U32(values) => values.clone(),
    }
}

#[test]
fn a_model_describes_itself() {
    let model = Model::from_bytes(&model_file()).expect("a model");
    let inputs = model.inputs().expect("inputs");
    assert_eq!((inputs[0].name.as_str(), inputs[0].dtype, &inputs[0].shape[..]), ("x", DType::F32, &[4, 300][..]));
    assert_eq!(model.state().expect("state").iter().map(|spec| spec.elements).collect::<Vec<_>>(), [1500, 1]);
    assert_eq!(
        model.outputs().expect("outputs").iter().map(|spec| &spec.name[..]).collect::<Vec<_>>(),
        ["y", "before"]
    );
    assert_eq!(Program::parse(&model.json()), Program::parse(PROGRAM));
    assert_eq!(paragon::contract_version(), 1);
    assert!(!paragon::version().is_empty());
}

#[test]
fn runs_give_the_reference_words() {
    let program = Program::parse(PROGRAM).expect("a valid program");
    let (mut state, mut session) = (initial_state(), session());
    assert!(!session.isa().is_empty());
    for step in 0..3 {
        let x = uniform(1200, 2 + step);
        let inputs = [("x".to_owned(), tensor(&[4, 300], &x))].into();
        let wanted = run::run(&program, &inputs, &state, run::Options::default()).expect("runs");
        let found = session.run(&[("x", (&x).into())]).expect("runs");
        assert!(found.keys().eq(wanted.outputs.keys()));
        assert!(found.values().zip(wanted.outputs.values()).all(|(found, wanted)| words(found) == wanted.words()));
        state.extend(wanted.updates);
        assert_eq!(words(&session.get_state("w").expect("a state")), state["w"].words());
        assert_eq!(session.fingerprint(), Ok(fingerprint(&state)));
    }
}

#[test]
fn save_and_open() {
    let path = temporary("saved.safetensors");
    let mut first = session();
    first.run(&[("x", (&uniform(1200, 9)).into())]).expect("runs");
    first.save(&path).expect("is written");
    let second = Model::open(&path).and_then(|model| model.session(&Options { threads: 1, ..Options::default() }));
    assert_eq!(second.expect("a session").fingerprint(), first.fingerprint());
    assert!(Model::open_program(&path, "none").expect_err("no such program").to_string().contains("none"));
    std::fs::remove_file(&path).expect("is removed");
}

#[test]
fn a_program_without_state_gets_one() {
    let model = Model::from_json(PROGRAM).expect("a valid program");
    let mut session = model.session(&Options::default()).expect("a session");
    drop(model); // sessions live on
    let x = uniform(1200, 3);
    assert!(session.run(&[("x", (&x).into())]).is_err());
    session.set_state("w", (&uniform(1500, 1)).into()).expect("is set");
    session.set_state("steps", (&vec![41u32]).into()).expect("is set");
    assert_eq!(session.fingerprint(), Ok(fingerprint(&initial_state())));
    assert!(session.run(&[("x", (&x).into())]).is_ok());
}

#[test]
fn bad_files_are_errors() {
    let path = temporary("bad.safetensors");
    assert!(Model::open(&path).expect_err("no such file").to_string().contains("bad.safetensors"));
    std::fs::write(&path, b"this is not a model").expect("is written");
    assert!(Model::open(&path).expect_err("no model").to_string().contains("bad.safetensors"));
    std::fs::remove_file(&path).expect("is removed");
    let bytes = model_file();
    for length in [0, 7, 8, 100, bytes.len() - 1] {
        assert!(!Model::from_bytes(&bytes[..length]).expect_err("cut off").to_string().is_empty());
    }
    let broken = PROGRAM.replace("\"tanh\"", "\"tan\"");
    assert!(Model::from_json(&broken).expect_err("no such operation").to_string().contains("tan"));
    assert!(Model::open("a\0b").is_err());
}

#[test]
fn wrong_arrays_are_errors() {
    let mut session = session();
    let (short, integers, right) = (vec![0f32; 3], vec![0i32; 1200], vec![0f32; 1200]);
    let mut error = |inputs: &[_]| session.run(inputs).expect_err("refused").to_string();
    assert!(error(&[]).contains("\"x\" is missing"));
    assert!(error(&[("x", (&short).into())]).contains("3 elements"));
    assert!(error(&[("x", (&integers).into())]).contains("I32"));
    assert!(error(&[("x", (&right).into()), ("z", (&right).into())]).contains("\"z\""));
    assert!(session.set_state("v", (&right).into()).is_err());
    assert!(session.set_state("w", (&right).into()).expect_err("1500 elements").to_string().contains("1500"));
    let options = Options { isa: Some("abacus".into()), ..Options::default() };
    let refused = Model::from_json(PROGRAM).and_then(|model| model.session(&options));
    assert!(refused.expect_err("no such instruction set").to_string().contains("abacus"));
}

#[test]
fn threads_share_a_model() {
    let model = Model::from_bytes(&model_file()).expect("a model");
    let x = uniform(1200, 5);
    let predict = || model.session(&Options::default())?.run(&[("x", (&x).into())]);
    let alone = predict().expect("runs");
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(predict)).collect();
        assert!(runs.into_iter().all(|run| run.join().expect("no panic").expect("runs") == alone));
    });
}
