//! Paragon from Rust: a safe face of the C interface (csrc/include/paragon.h). Load a model file, run it, train it, save it.
//!
//! ```no_run
//! let model = paragon::Model::open("digits.safetensors")?;
//! let mut session = model.session(&paragon::Options::default())?;
//! let outputs = session.run(&[("x", (&vec![0f32; 64]).into())])?;
//! # Ok::<(), paragon::Error>(())
//! ```

mod array;
#[allow(non_camel_case_types)] // the names of the header
mod ffi;

pub use array::{Array, DType, Slice, Spec};

use std::collections::BTreeMap;
use std::ffi::{c_char, c_int, CStr, CString};
use std::fmt;
use std::path::Path;
use std::ptr::{null, NonNull};

/// Why a call failed, in the library's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

/// The result of everything that can fail here.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn new(message: impl Into<String>) -> Error {
        Error(message.into())
    }

    /// The error of the call that just failed on this thread.
    fn last() -> Error {
        // SAFETY: the library returns a text that stays valid until this thread's next failed call; it is copied at once.
        Error(unsafe { text(ffi::pg_last_error()) })
    }

    fn check(status: c_int) -> Result<()> {
        if status == ffi::PG_OK {
            Ok(())
        } else {
            Err(Error::last())
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// A copy of a text of the library.
///
/// # Safety
/// `address` is null or that of bytes that end with zero.
unsafe fn text(address: *const c_char) -> String {
    if address.is_null() {
        String::new()
    } else {
        // SAFETY: the caller's promise.
        unsafe { CStr::from_ptr(address) }.to_string_lossy().into_owned()
    }
}

fn c_string(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::new(format!("{text:?} contains a zero byte")))
}

fn c_path(path: &Path) -> Result<CString> {
    c_string(path.to_str().ok_or_else(|| Error::new(format!("{} is not UTF-8", path.display())))?)
}

/// The version of the library.
pub fn version() -> String {
    // SAFETY: a constant text.
    unsafe { text(ffi::pg_version()) }
}

/// The version of the numeric contract that the library keeps.
pub fn contract_version() -> i32 {
    // SAFETY: no arguments.
    unsafe { ffi::pg_contract_version() }
}

/// A program, with its state if it came with one. It never changes, so that threads can share it.
#[derive(Debug)]
pub struct Model(NonNull<ffi::pg_model>);

// SAFETY: "Programs and models are immutable and may be used by many threads at once" (paragon.h).
unsafe impl Send for Model {}
unsafe impl Sync for Model {}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: the address came from the library and is given back once.
        unsafe { ffi::pg_model_free(self.0.as_ptr()) }
    }
}

impl Model {
    fn new(model: *mut ffi::pg_model) -> Result<Model> {
        NonNull::new(model).map(Model).ok_or_else(Error::last)
    }

    /// Opens a model file and its main program.
    ///
    /// # Errors
    /// If the file cannot be read or is no valid model.
    pub fn open(path: impl AsRef<Path>) -> Result<Model> {
        let path = c_path(path.as_ref())?;
        // SAFETY: a text that ends with zero; null asks for the main program.
        Model::new(unsafe { ffi::pg_model_open(path.as_ptr(), null()) })
    }

    /// Opens a model file and the program of this name in it.
    ///
    /// # Errors
    /// As [`Model::open`], and if there is no such program.
    pub fn open_program(path: impl AsRef<Path>, program: &str) -> Result<Model> {
        let (path, program) = (c_path(path.as_ref())?, c_string(program)?);
        // SAFETY: texts that end with zero.
        Model::new(unsafe { ffi::pg_model_open(path.as_ptr(), program.as_ptr()) })
    }

    /// Reads a model from the bytes of its file.
    ///
    /// # Errors
    /// If they are no valid model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model> {
        // SAFETY: the library reads as many bytes as there are, and keeps none of them.
        Model::new(unsafe { ffi::pg_model_from_memory(bytes.as_ptr().cast(), bytes.len(), null()) })
    }

    /// Reads a program, which comes without state.
    ///
    /// # Errors
    /// If it is not valid.
    pub fn from_json(program: &str) -> Result<Model> {
        // SAFETY: the library reads as many bytes as there are, and keeps none of them.
        Model::new(unsafe { ffi::pg_model_from_json(program.as_ptr().cast(), program.len()) })
    }

    /// The program's text.
    pub fn json(&self) -> String {
        // SAFETY: a living model; the text lives as long and is copied.
        unsafe { text(ffi::pg_model_json(self.0.as_ptr())) }
    }

    /// What a run takes, in order.
    pub fn inputs(&self) -> Result<Vec<Spec>> {
        self.specs(ffi::PG_INPUT)
    }

    /// What runs keep, in order.
    pub fn state(&self) -> Result<Vec<Spec>> {
        self.specs(ffi::PG_STATE)
    }

    /// What a run yields, in order.
    pub fn outputs(&self) -> Result<Vec<Spec>> {
        self.specs(ffi::PG_OUTPUT)
    }

    fn specs(&self, list: c_int) -> Result<Vec<Spec>> {
        // SAFETY: a living model.
        let count = unsafe { ffi::pg_model_count(self.0.as_ptr(), list) };
        (0..count).map(|index| self.spec(list, index)).collect()
    }

    fn spec(&self, list: c_int, index: usize) -> Result<Spec> {
        let shape = [0; ffi::PG_MAX_RANK];
        let mut tensor = ffi::pg_tensor { name: null(), dtype: 0, rank: 0, shape, elements: 0 };
        // SAFETY: a living model, and room for one tensor.
        Error::check(unsafe { ffi::pg_model_tensor(self.0.as_ptr(), list, index, &mut tensor) })?;
        let dtypes = [DType::F32, DType::I32, DType::U32];
        let dtype = usize::try_from(tensor.dtype).ok().and_then(|dtype| dtypes.get(dtype).copied());
        let shape: Option<Vec<usize>> =
            tensor.shape.iter().take(tensor.rank).map(|&n| usize::try_from(n).ok()).collect();
        let Some((dtype, shape)) = dtype.zip(shape) else {
            return Err(Error::new("the library is of another version than this binding"));
        };
        // SAFETY: the name lives as long as the model and is copied.
        Ok(Spec { name: unsafe { text(tensor.name) }, dtype, shape, elements: tensor.elements })
    }

    /// A session, ready to run, with a copy of the model's state.
    ///
    /// # Errors
    /// If the options cannot be met or the program needs too much memory.
    pub fn session(&self, options: &Options) -> Result<Session> {
        let isa = options.isa.as_deref().map(c_string).transpose()?;
        let isa = isa.as_ref().map_or(null(), |isa| isa.as_ptr());
        let options = ffi::pg_options { isa, threads: options.threads, memory_limit: options.memory_limit };
        // SAFETY: a living model; the text in the options outlives the call.
        let session = unsafe { ffi::pg_session_open(self.0.as_ptr(), &options) };
        let raw = NonNull::new(session).ok_or_else(Error::last)?;
        let mut session = Session { raw, inputs: vec![], state: vec![], outputs: vec![] };
        (session.inputs, session.state, session.outputs) = (self.inputs()?, self.state()?, self.outputs()?);
        Ok(session)
    }
}

/// How a session runs; zeros and nothing ask for the library's defaults.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The instruction set.
    pub isa: Option<String>,
    /// The number of threads.
    pub threads: usize,
    /// The most bytes that the session may take.
    pub memory_limit: usize,
}

/// A model that runs, with a state of its own.
#[derive(Debug)]
pub struct Session {
    raw: NonNull<ffi::pg_session>,
    inputs: Vec<Spec>,
    state: Vec<Spec>,
    outputs: Vec<Spec>,
}

// SAFETY: "Calls on one session wait for each other" (paragon.h), whatever thread they come from.
unsafe impl Send for Session {}
unsafe impl Sync for Session {}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: the address came from the library and is given back once.
        unsafe { ffi::pg_session_free(self.raw.as_ptr()) }
    }
}

impl Session {
    /// Runs once: binds the inputs by name, updates the state, returns the outputs by name.
    ///
    /// # Errors
    /// If an input is missing, unknown, or has another dtype or number of elements; or if the state was never set.
    pub fn run(&mut self, inputs: &[(&str, Slice<'_>)]) -> Result<BTreeMap<String, Array>> {
        if let Some((unknown, _)) = inputs.iter().find(|(name, _)| self.inputs.iter().all(|spec| spec.name != *name)) {
            return Err(Error::new(format!("the program has no input {unknown:?}")));
        }
        let address = |spec: &Spec| match inputs.iter().find(|(name, _)| *name == spec.name) {
            Some((_, slice)) => slice.address_for(spec),
            None => Err(Error::new(format!("the input {:?} is missing", spec.name))),
        };
        let addresses = self.inputs.iter().map(address).collect::<Result<Vec<_>>>()?;
        let mut arrays: Vec<Array> = self.outputs.iter().map(Array::zeros).collect();
        let results: Vec<_> = arrays.iter_mut().map(Array::address).collect();
        // SAFETY: a living session; every address is that of as many elements as the program says, and outputs are new.
        Error::check(unsafe { ffi::pg_session_run(self.raw.as_ptr(), addresses.as_ptr(), results.as_ptr()) })?;
        Ok(self.outputs.iter().map(|spec| spec.name.clone()).zip(arrays).collect())
    }

    fn state_index(&self, name: &str) -> Result<usize> {
        let index = self.state.iter().position(|spec| spec.name == name);
        index.ok_or_else(|| Error::new(format!("the program has no state {name:?}")))
    }

    /// A copy of a state.
    ///
    /// # Errors
    /// If there is no such state, or it was never set.
    pub fn get_state(&self, name: &str) -> Result<Array> {
        let index = self.state_index(name)?;
        let mut array = Array::zeros(&self.state[index]);
        // SAFETY: a living session, and room for all elements of the state.
        Error::check(unsafe { ffi::pg_session_get_state(self.raw.as_ptr(), index, array.address()) })?;
        Ok(array)
    }

    /// Replaces a state.
    ///
    /// # Errors
    /// If there is no such state, or it has another dtype or number of elements.
    pub fn set_state(&mut self, name: &str, values: Slice<'_>) -> Result<()> {
        let index = self.state_index(name)?;
        let address = values.address_for(&self.state[index])?;
        // SAFETY: a living session, and as many elements as the state has.
        Error::check(unsafe { ffi::pg_session_set_state(self.raw.as_ptr(), index, address) })
    }

    /// The fingerprint of the state, 64 hex digits.
    ///
    /// # Errors
    /// If a state was never set.
    pub fn fingerprint(&self) -> Result<String> {
        let mut digits = [0; ffi::PG_FINGERPRINT_SIZE];
        // SAFETY: a living session, and room for the digits and the zero byte.
        Error::check(unsafe { ffi::pg_session_fingerprint(self.raw.as_ptr(), digits.as_mut_ptr()) })?;
        // SAFETY: the library ended the text with zero.
        Ok(unsafe { text(digits.as_ptr()) })
    }

    /// Writes a model file with the program and the state; it replaces an old one at once or not at all.
    ///
    /// # Errors
    /// If the file cannot be written, or a state was never set.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = c_path(path.as_ref())?;
        // SAFETY: a living session, and a text that ends with zero.
        Error::check(unsafe { ffi::pg_session_save(self.raw.as_ptr(), path.as_ptr()) })
    }

    /// The instruction set in use.
    pub fn isa(&self) -> String {
        // SAFETY: a living session; the text lives as long and is copied.
        unsafe { text(ffi::pg_session_isa(self.raw.as_ptr())) }
    }
}
