//! Makes Rust declarations of the header, for the library below `PREFIX`.

fn main() {
    let prefix = std::env::var("PREFIX").expect("PREFIX is where the library is installed");
    println!("cargo:rerun-if-env-changed=PREFIX");
    println!("cargo:rerun-if-changed={prefix}/include/ddwaf.h");
    println!("cargo:rustc-link-search={prefix}/lib");
    println!("cargo:rustc-link-lib=static=ddwaf");
    let bindings = bindgen::Builder::default()
        .header(format!("{prefix}/include/ddwaf.h"))
        .allowlist_item("_?(ddwaf|DDWAF)_.*")
        .generate()
        .expect("bindgen reads the header");
    let out = std::env::var("OUT_DIR").unwrap();
    bindings.write_to_file(format!("{out}/ddwaf.rs")).expect("the output can be written");
}
