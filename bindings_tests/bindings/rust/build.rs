//! Finds libparagon: in the folder PARAGON_LIB_DIR, else in the repository's build folders.

use std::env;
use std::path::{Path, PathBuf};

const NAMES: [&str; 2] = ["libparagon.so", "libparagon.dylib"];

fn main() {
    println!("cargo::rerun-if-env-changed=PARAGON_LIB_DIR");
    let folder = match env::var_os("PARAGON_LIB_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => {
            let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../build");
            let folders = ["native", "dev"].map(|name| build.join(name));
            folders.into_iter().find(|folder| holds_library(folder)).unwrap_or(build)
        }
    };
    if !holds_library(&folder) {
        println!(
            "cargo::error=no libparagon in {}; build it (cmake -S . -B build/native && cmake --build build/native \
             --target paragon) or name its folder in PARAGON_LIB_DIR",
            folder.display()
        );
        return;
    }
    let folder = folder.canonicalize().unwrap_or(folder);
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rustc-link-search=native={}", folder.display());
    println!("cargo::rustc-link-lib=dylib=paragon");
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", folder.display());
}

fn holds_library(folder: &Path) -> bool {
    NAMES.iter().any(|name| folder.join(name).exists())
}
