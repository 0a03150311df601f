//! Tells the linker where the worker looks for libtorch when it starts, so that it needs no `LD_LIBRARY_PATH`.

fn main() {
    // Absent under `doc-only`: types are checked without libtorch and nothing is linked.
    let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") else { return };
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        // First beside the program, for one that was copied to another machine; then where it was built.
        println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN/libtorch/lib");
        println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
    }
}
