//! The declarations of csrc/include/paragon.h that the binding uses, name by name.

use std::ffi::{c_char, c_int, c_void};

pub const PG_OK: c_int = 0;
pub const PG_INPUT: c_int = 0;
pub const PG_STATE: c_int = 1;
pub const PG_OUTPUT: c_int = 2;
pub const PG_MAX_RANK: usize = 8;
pub const PG_FINGERPRINT_SIZE: usize = 65;

#[repr(C)]
pub struct pg_model {
    opaque: [u8; 0],
}

#[repr(C)]
pub struct pg_session {
    opaque: [u8; 0],
}

#[repr(C)]
pub struct pg_tensor {
    pub name: *const c_char,
    pub dtype: c_int,
    pub rank: usize,
    pub shape: [i64; PG_MAX_RANK],
    pub elements: usize,
}

#[repr(C)]
pub struct pg_options {
    pub isa: *const c_char,
    pub threads: usize,
    pub memory_limit: usize,
}

extern "C" {
    pub fn pg_version() -> *const c_char;
    pub fn pg_contract_version() -> c_int;
    pub fn pg_last_error() -> *const c_char;

    pub fn pg_model_from_json(text: *const c_char, length: usize) -> *mut pg_model;
    pub fn pg_model_open(path: *const c_char, program: *const c_char) -> *mut pg_model;
    pub fn pg_model_from_memory(bytes: *const c_void, size: usize, program: *const c_char) -> *mut pg_model;
    pub fn pg_model_free(model: *mut pg_model);
    pub fn pg_model_count(model: *const pg_model, list: c_int) -> usize;
    pub fn pg_model_tensor(model: *const pg_model, list: c_int, index: usize, tensor: *mut pg_tensor) -> c_int;
    pub fn pg_model_json(model: *const pg_model) -> *const c_char;

    pub fn pg_session_open(model: *const pg_model, options: *const pg_options) -> *mut pg_session;
    pub fn pg_session_free(session: *mut pg_session);
    pub fn pg_session_isa(session: *const pg_session) -> *const c_char;
    pub fn pg_session_run(session: *mut pg_session, inputs: *const *const c_void, outputs: *const *mut c_void)
        -> c_int;
    pub fn pg_session_get_state(session: *const pg_session, index: usize, array: *mut c_void) -> c_int;
    pub fn pg_session_set_state(session: *mut pg_session, index: usize, array: *const c_void) -> c_int;
    pub fn pg_session_fingerprint(session: *const pg_session, fingerprint: *mut c_char) -> c_int;
    pub fn pg_session_save(session: *const pg_session, path: *const c_char) -> c_int;
}
