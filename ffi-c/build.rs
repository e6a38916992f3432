//! Names the shared object. Cargo gives a `cdylib` no name of its own, and loaders would then record the path it was
//! linked by in every client. `BARTIZAN_SONAME=libddwaf.so` builds a copy that replaces libddwaf under its name.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=BARTIZAN_SONAME");
    let target = |key| std::env::var(key).unwrap_or_default();
    let name = std::env::var("BARTIZAN_SONAME").ok();
    if target("CARGO_CFG_TARGET_OS") == "macos" {
        let name = name.unwrap_or("libbartizan.dylib".into());
        println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/{name}");
    } else if target("CARGO_CFG_TARGET_FAMILY") == "unix" {
        let name = name.unwrap_or("libbartizan.so".into());
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,{name}");
    }
}
