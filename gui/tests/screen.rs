//! A virtual screen, for the real program.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A virtual screen; it goes when this does.
pub struct Screen {
    server: Child,
    display: String,
}

impl Screen {
    /// `None` where there is no Xvfb.
    pub fn open() -> Option<Screen> {
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

    /// The viewer on this screen, drawn by software, with settings of its own.
    pub fn viewer(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seqtune-view"));
        let nowhere = std::env::temp_dir().join(format!("seqtune-view-test-{}", std::process::id()));
        command.env("DISPLAY", &self.display).env("LIBGL_ALWAYS_SOFTWARE", "1").env("XDG_DATA_HOME", nowhere);
        command.env_remove("WAYLAND_DISPLAY");
        command
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
