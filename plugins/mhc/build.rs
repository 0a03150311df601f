//! Tells the linker where libtorch lies, so that tests and examples of this package start without `LD_LIBRARY_PATH`.

fn main() {
    // Absent under `doc-only`: types are checked without libtorch and nothing is linked.
    let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") else { return };
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
    }
}
