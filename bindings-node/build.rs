//! Linker settings of Node add-ons.

fn main() {
    napi_build::setup();
}
