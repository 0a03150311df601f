//! The real window on a virtual screen: it opens a study, draws something, and closes.

#![cfg(target_os = "linux")]

#[path = "sample/mod.rs"]
mod sample;
mod screen;

use std::io::BufReader;

use sample::Sample;
use screen::Screen;

#[test]
fn the_window_opens_draws_and_closes() {
    let Some(screen) = Screen::open() else {
        println!("skipped: no Xvfb");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (study, _store) = Sample { name: "smoke", trials: 30, steps: 10, running: false }.write(folder.path());
    let picture = folder.path().join("window.png");
    let mut viewer = screen.viewer();
    let output = viewer.arg(&study).args(["--select", "3", "--screenshot"]).arg(&picture).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("cannot open a window") {
        println!("skipped: no software OpenGL ({said})");
        return;
    }
    assert!(output.status.success(), "{said}");
    let file = BufReader::new(std::fs::File::open(&picture).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let size = reader.next_frame(&mut pixels).unwrap();
    assert!(size.width >= 960 && size.height >= 600, "{} x {}", size.width, size.height);
    let mut colors: Vec<&[u8]> = pixels.chunks(3).collect();
    colors.sort_unstable();
    colors.dedup();
    assert!(colors.len() > 50, "a window with text and plots has many colours, this one {}", colors.len());
}
