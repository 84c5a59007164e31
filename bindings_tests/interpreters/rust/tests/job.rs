//! Runs and training jobs.

mod common;

use common::{file, floats, linear_job, linear_state, rows, tensor, tensors, values, LINEAR};
use paragon_reference::job::{model, Job};
use paragon_reference::program::Program;
use paragon_reference::random::permutation;
use paragon_reference::run::{run, Options};
use paragon_reference::safetensors::Safetensors;
use paragon_reference::tensor::DType;

const SETTINGS: &str = r#"{"steps": 5, "batch": 4, "seed": [3, 4]}"#;

#[test]
fn a_run_sees_the_state_as_it_was() {
    let program = Program::parse(LINEAR).expect("a valid program");
    let state = tensors(linear_state());
    let inputs = tensors([("x", floats(&[4, 3], &[1.0; 12]))]);
    let results = run(&program, &inputs, &state, Options::default()).expect("runs");
    assert_eq!(values(&results.outputs["y"]), [9.0, 12.0].repeat(4));
    assert_eq!(results.outputs["old step"].words(), [7]);
    assert_eq!(results.updates["step"].words(), [8]);
    assert_eq!(values(&results.updates["w"]), [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]);
    assert!(results.values.is_empty());

    let all = run(&program, &inputs, &state, Options { keep_values: true, ..Options::default() }).expect("runs");
    assert_eq!((&all.outputs, &all.updates), (&results.outputs, &results.updates));
    assert!(all.values.iter().map(|(number, _)| *number).eq(3..9));
    assert_eq!(all.values[0].1, results.outputs["y"]);
}

#[test]
fn what_is_bound_must_suit() {
    let program = Program::parse(LINEAR).expect("a valid program");
    let (state, x) = (tensors(linear_state()), floats(&[4, 3], &[1.0; 12]));
    let error = |inputs, state: &_| run(&program, &inputs, state, Options::default()).expect_err("refused").to_string();
    assert!(error(tensors([]), &state).contains("input \"x\" is missing"));
    assert!(error(tensors([("x", floats(&[3, 4], &[1.0; 12]))]), &state)
        .contains("f32 [3, 4], the program wants f32 [4, 3]"));
    assert!(error(tensors([("x", x)]), &tensors([])).contains("state \"w\" is missing"));
}

#[test]
fn the_memory_limit_is_kept() {
    let program = Program::parse(LINEAR).expect("a valid program");
    let (state, inputs) = (tensors(linear_state()), tensors([("x", floats(&[4, 3], &[1.0; 12]))]));
    let limited = |memory_limit| run(&program, &inputs, &state, Options { memory_limit, ..Options::default() });
    assert!(limited(1000).is_ok());
    assert!(limited(100).expect_err("too little").to_string().contains("the limit is 100"));

    let constant = r#"{"format": "paragon-program", "version": 1, "contract": 1, "inputs": [], "state": [], "operations": [
        {"op": "constant", "inputs": [], "output": 0, "dtype": "f32", "shape": [2147483647],
         "attributes": {"dtype": "f32", "shape": [2147483647], "word": "3f800000"}}], "outputs": [], "updates": []}"#;
    let program = Program::parse(constant).expect("a valid program");
    let error = run(&program, &tensors([]), &tensors([]), Options::default()).expect_err("8 GiB").to_string();
    assert!(error.contains("8589934588 bytes"), "{error}");
}

/// The loop of docs/program.md, step by step.
#[test]
fn training() {
    let trained = Job::new(linear_job(SETTINGS)).and_then(|job| job.train(Options::default())).expect("trains");
    let program = Program::parse(LINEAR).expect("a valid program");
    let (mut state, data) = (tensors(linear_state()), values(&rows(10)));
    let mut outputs = tensors([]);
    for t in 0..5u32 {
        let (epoch, place) = (t / 2, t as usize % 2 * 4);
        let order = permutation([3, 4], (1 << 31) + epoch, 10);
        let batch: Vec<f32> =
            order[place..place + 4].iter().flat_map(|&row| data[3 * row as usize..][..3].to_vec()).collect();
        let results =
            run(&program, &tensors([("x", floats(&[4, 3], &batch))]), &state, Options::default()).expect("runs");
        state.extend(results.updates);
        outputs = results.outputs;
    }
    assert_eq!(trained.state, state);
    assert_eq!(trained.outputs, outputs);
    assert_eq!(trained.state["step"].words(), [12]);
    let other =
        Job::new(linear_job(&SETTINGS.replace("[3, 4]", "[3, 5]"))).and_then(|job| job.train(Options::default()));
    assert_ne!(other.expect("trains").state, state);
}

#[test]
fn the_input_seed_is_the_jobs() {
    let program = r#"{"format": "paragon-program", "version": 1, "contract": 1,
        "inputs": [{"name": "seed", "dtype": "u32", "shape": [2]}], "state": [], "operations": [],
        "outputs": [{"name": "echo", "value": 0}], "updates": []}"#;
    let job = |tensors| file([("format", "paragon-job"), ("program", program), ("job", SETTINGS)], tensors);
    let trained = Job::new(job([])).and_then(|job| job.train(Options::default())).expect("trains");
    assert_eq!(trained.outputs["echo"].words(), [3, 4]);
    let metadata = [("format", "paragon-job"), ("program", &program.replace("[2]", "[3]")[..]), ("job", SETTINGS)];
    assert!(Job::new(file(metadata, [])).expect_err("not the seed").to_string().contains("\"seed\" has no data"));
}

#[test]
fn broken_jobs() {
    let error = |file| Job::new(file).expect_err("refused").to_string();
    let settings = |text: &str| error(linear_job(text));
    assert!(settings(r#"{"steps": 5, "batch": 0, "seed": [3, 4]}"#).contains("0 is outside 1 ..."));
    assert!(settings(r#"{"steps": 5, "batch": 4, "seed": [3]}"#).contains("two 32-bit words"));
    assert!(settings(r#"{"steps": 5, "batch": 4, "seed": [3, 4294967296]}"#).contains("outside 0 ... 4294967295"));
    assert!(settings(r#"{"steps": -5, "batch": 4, "seed": [3, 4]}"#).contains("a sign"));
    assert!(settings(r#"{"steps": 5, "batch": 3, "seed": [3, 4]}"#).contains("batches of 3 rows"));
    assert!(settings(r#"{"steps": 5, "batch": 4, "seed": [3, 4], "epochs": 1}"#).contains("epochs"));
    assert!(settings(r#"{"steps": 0, "batch": 4, "seed": [3, 4]}"#).contains("outside 1 ... 2147483647"));
    assert!(settings(r#"{"steps": 5.0, "batch": 4, "seed": [3, 4]}"#).contains("a fraction"));

    let changed = |name: &str, tensor| {
        let mut job = linear_job(SETTINGS);
        job.tensors.insert(name.to_owned(), tensor);
        error(job)
    };
    assert!(changed("data.x", rows(3)).contains("3 rows"));
    assert!(changed("data.x", floats(&[10, 2], &[0.0; 20])).contains("is f32 [10, 2], not f32 [10, 3]"));
    assert!(changed("data.x", floats(&[], &[0.0])).contains("no axis of rows"));
    assert!(changed("data.z", rows(10)).contains("\"data.z\""));
    assert!(changed("v", rows(1)).contains("\"v\""));
    let mut job = linear_job(SETTINGS);
    job.tensors.remove("w");
    assert!(error(job).contains("\"w\", f32 [3, 2], is missing"));
    let mut job = linear_job(SETTINGS);
    job.metadata.insert("format".into(), "paragon-model".into());
    assert!(error(job.clone()).contains("paragon-job"));
    let refused = |job: &Safetensors| model(job.clone()).expect_err("refused").to_string();
    assert!(refused(&job).contains("the key \"job\""));
    job.metadata.remove("job");
    assert!(refused(&job).contains("\"data.x\" belongs to nothing"));
    job.tensors.remove("data.x");
    job.metadata.insert("program.other".into(), LINEAR.into());
    assert!(model(job.clone()).expect("a model now").0.inputs.len() == 1);
    job.metadata.insert("program.other".into(), LINEAR.replace("\"w\"", "\"v\""));
    assert!(refused(&job).contains("the state \"v\""));
    job.metadata.insert("program.other".into(), "{}".into());
    assert!(refused(&job).contains("\"format\" is missing"));
    job.metadata.remove("program.other");
    job.metadata.insert("program.".into(), LINEAR.into());
    assert!(refused(&job).contains("1 to 255 bytes"));
}

/// Rows without elements could be as many as a dimension allows: their order alone would take gigabytes.
#[test]
fn many_empty_rows() {
    let program = r#"{"format": "paragon-program", "version": 1, "contract": 1,
        "inputs": [{"name": "x", "dtype": "f32", "shape": [1, 0]}], "state": [], "operations": [], "outputs": [], "updates": []}"#;
    let metadata =
        [("format", "paragon-job"), ("program", program), ("job", r#"{"steps": 1, "batch": 1, "seed": [0, 0]}"#)];
    let job =
        Job::new(file(metadata, [("data.x", tensor(DType::F32, &[2_000_000_000, 0], vec![]))])).expect("a valid job");
    let error = job.train(Options::default()).expect_err("8 GB").to_string();
    assert!(error.contains("8000000000 bytes"), "{error}");
}
