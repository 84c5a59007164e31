//! The command as people and the harness call it.

mod common;

use common::{file, linear_job, linear_state, rows, LINEAR};
use paragon_reference::fingerprint::fingerprint;
use paragon_reference::job::Job;
use paragon_reference::json::Json;
use paragon_reference::operations::operations;
use paragon_reference::run::Options;
use paragon_reference::safetensors::Safetensors;
use paragon_reference::tensor::Tensor;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A new folder, gone when the test is.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("paragon-reference-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for temporary files");
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a UTF-8 path").to_owned()
    }

    fn write(&self, name: &str, file: &Safetensors) -> String {
        let path = self.path(name);
        file.write(Path::new(&path)).expect("a file is written");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing depends on the folder being gone.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn command(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_paragon-reference")).args(arguments).output().expect("the command starts")
}

fn succeeds(arguments: &[&str]) -> String {
    let output = command(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What goes to standard error, in one line, when a file is refused.
fn fails(arguments: &[&str]) -> String {
    let error = ends(arguments, 1);
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

fn ends(arguments: &[&str], status: i32) -> String {
    let output = command(arguments);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).expect("UTF-8")
}

#[test]
fn operations_prints_the_table() {
    let printed = Json::parse(&succeeds(&["operations"])).expect("JSON");
    let rows = printed.array().expect("a list");
    assert_eq!(rows.len(), operations().count());
    let mut names = BTreeSet::new();
    for (row, definition) in rows.iter().zip(operations()) {
        let mut fields = row.fields().expect("an object");
        let name = fields.take("name", Json::string).expect("a name");
        assert!(names.insert(name), "{name} stands twice");
        let arity = fields.take("arity", |json| Ok(json.integer(0..=9).ok())).expect("an arity");
        let attributes = fields.take("attributes", Json::array).expect("a list").iter().map(|name| name.string());
        let attributes: Vec<&str> = attributes.collect::<Result<_, _>>().expect("strings");
        fields.finish().expect("nothing else");
        assert_eq!((name, arity), (definition.name, definition.arity.map(|arity| arity as u64)));
        assert!(attributes.into_iter().eq(definition.attributes.iter().map(|attribute| attribute.name)), "{name}");
    }
    assert!(names.contains("fma") && names.contains("bits"));
    ends(&["operations", "x"], 2);
}

#[test]
fn run_writes_outputs_state_and_values() {
    let folder = Folder::new("run");
    let model =
        folder.write("model.safetensors", &file([("format", "paragon-model"), ("program", LINEAR)], linear_state()));
    let inputs = folder.write("inputs.safetensors", &file([], [("x", rows(4))]));
    let outputs = folder.path("outputs.safetensors");
    succeeds(&["run", &model, &inputs, &outputs]);
    let read = || Safetensors::read(Path::new(&outputs)).expect("a file").tensors;
    let few = read();
    assert!(few.keys().eq(["output.old step", "output.y", "state.step", "state.w"]));
    succeeds(&["run", &model, &inputs, &outputs, "--values"]);
    let all = read();
    assert_eq!(all.len(), 4 + 6);
    assert!(few.iter().all(|(name, tensor)| all[name] == *tensor));
    assert_eq!(all["value.6"], all["state.w"]);
    assert_eq!(fs::read_dir(&folder.0).expect("a folder").count(), 3, "a temporary file was left");

    let bad = folder.path("bad.safetensors");
    fs::write(&bad, b"not a model").expect("a file is written");
    assert!(fails(&["run", &bad, &inputs, &outputs]).contains("bad.safetensors: not a safetensors file"));
    assert!(fails(&["run", &inputs, &inputs, &outputs]).contains("no \"format\""));
    assert!(fails(&["run", &model, &model, &outputs]).contains("\"x\", f32 [4, 3], is missing"));
    assert!(fails(&["run", &folder.path("none"), &inputs, &outputs]).contains("none: "));
    assert!(fails(&["run", &model, &inputs, &folder.path("no/folder")]).contains("no/folder"));
}

#[test]
fn train_prints_the_fingerprint_of_the_state() {
    let folder = Folder::new("train");
    let job = linear_job(r#"{"steps": 5, "batch": 4, "seed": [3, 4]}"#);
    let (path, out) = (folder.write("job.safetensors", &job), folder.path("out.safetensors"));
    let printed = succeeds(&["train", &path, &out]);
    let trained = Job::new(job).and_then(|job| job.train(Options::default())).expect("trains");
    assert_eq!(printed.trim_end(), fingerprint(&trained.state));
    let written = Safetensors::read(Path::new(&out)).expect("a file").tensors;
    assert!(written.keys().eq(["output.old step", "output.y", "step", "w"]));
    assert_eq!(written["w"], trained.state["w"]);
    let state = folder.write("state.safetensors", &Safetensors { tensors: trained.state, ..Safetensors::default() });
    assert_eq!(succeeds(&["fingerprint", &state]), printed);
}

#[test]
fn vectors_reports_what_is_wrong() {
    let folder = Folder::new("vectors");
    assert!(fails(&["vectors", folder.0.to_str().expect("UTF-8")]).contains("no vectors"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/add.safetensors");
    let mut vectors = Safetensors::read(&source).expect("a file of vectors");
    folder.write("add.safetensors", &vectors);
    assert!(succeeds(&["vectors", folder.0.to_str().expect("UTF-8")]).contains(" cases in 1 files, all right"));
    let (name, _) = vectors.tensors.iter().find(|(name, _)| name.contains("/out/")).expect("an output");
    let name = name.clone();
    let right = vectors.tensors[&name].clone();
    let words = right.words().iter().map(|word| word ^ 0x10).collect();
    vectors.tensors.insert(name.clone(), Tensor::new(right.ty().clone(), words));
    folder.write("add.safetensors", &vectors);
    let output = command(&["vectors", folder.0.to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("add.safetensors: case "));
    vectors.tensors.remove(&name);
    folder.write("add.safetensors", &vectors);
    assert!(fails(&["vectors", folder.0.to_str().expect("UTF-8")]).contains("is missing"));
}

#[test]
fn usage() {
    assert!(succeeds(&["--help"]).contains("usage:"));
    for arguments in
        [&[][..], &["vectors"], &["run", "a", "b"], &["run", "a", "b", "c", "--all"], &["walk", "a"], &["check"]]
    {
        assert!(ends(arguments, 2).contains("usage:"));
    }
    let output = Command::new(env!("CARGO_BIN_EXE_paragon-reference"))
        .args(["train", "a", "b"])
        .env("PARAGON_MEMORY_LIMIT", "much")
        .output()
        .expect("the command starts");
    assert_eq!(output.status.code(), Some(1));
}

/// A file of that header and length of data, which takes no room on the disk.
fn headed(path: &str, header: &str, data: u64) {
    let bytes = [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
    fs::write(path, &bytes).expect("a file is written");
    let file = fs::OpenOptions::new().write(true).open(path).expect("the file");
    file.set_len(bytes.len() as u64 + data).expect("the file becomes longer");
}

#[test]
fn check_judges_files_and_folders() {
    let folder = Folder::new("check");
    for name in ["folder/inside", "empty"] {
        fs::create_dir_all(folder.path(name)).expect("a folder");
    }
    let huge = r#"{"x":{"dtype":"F32","shape":[2147483647],"data_offsets":[0,8589934588]}}  "#;
    headed(&folder.path("huge"), huge, 8_589_934_588);
    headed(&folder.path("folder/b"), "{}\n", 0);
    headed(&folder.path("folder/a"), "{} ", 0);
    headed(&folder.path("folder/inside/not"), "{} ", 0);
    headed(&folder.path("lines"), r#"{"\u000a":1}"#, 0);
    folder.write("folder/model", &file([("format", "paragon-model"), ("program", "{}")], []));
    let names = ["huge", "folder", "empty", "none", "lines"].map(|name| folder.path(name));
    let arguments: Vec<&str> = ["check"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let output = command(&arguments);
    assert_eq!((output.status.code(), &output.stderr[..]), (Some(1), &b""[..]));
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    let wanted = [
        "huge: ok",
        "folder/a: ok",
        "folder/b: refused: ",
        "folder/model: refused: ",
        "empty: refused: ",
        "none: refused: ",
        "lines: refused: ",
    ];
    assert_eq!(printed.lines().count(), wanted.len(), "{printed}");
    for (line, wanted) in printed.lines().zip(wanted) {
        assert!(line.starts_with(&folder.path(wanted)), "{line}: not {wanted}");
    }
    assert_eq!(succeeds(&["check", &names[0]]), format!("{}: ok\n", names[0]));
}
