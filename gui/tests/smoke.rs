//! The real window on a virtual screen: it opens a study, draws something, and closes.

#![cfg(target_os = "linux")]

#[path = "sample/mod.rs"]
mod sample;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use sample::Sample;

/// A virtual screen; it goes when this does.
struct Screen {
    server: Child,
    display: String,
}

impl Screen {
    /// `None` where there is no Xvfb.
    fn open() -> Option<Screen> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(server.stdout.take()?).read_line(&mut line).ok()?;
        Some(Screen { server, display: format!(":{}", line.trim()) })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn the_window_opens_draws_and_closes() {
    let Some(screen) = Screen::open() else {
        println!("skipped: no Xvfb");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (study, _store) = Sample { name: "smoke", trials: 30, steps: 10, running: false }.write(folder.path());
    let picture = folder.path().join("window.png");
    let output = Command::new(env!("CARGO_BIN_EXE_seqtune-view"))
        .arg(&study)
        .args(["--select", "3", "--screenshot"])
        .arg(&picture)
        .env("DISPLAY", &screen.display)
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .env("XDG_DATA_HOME", folder.path())
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
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
