//! Commands run one after the other, each named, timed, and said how to repeat when it fails.

use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::error::Error;

/// The steps of one command of this program, in the order run.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<(&'static str, Duration)>,
}

impl Steps {
    /// Runs `command` with its output on the terminal; stops the sequence if it fails.
    pub(crate) fn run(&mut self, name: &'static str, command: &mut Command) -> Result<(), Error> {
        let line = shown(command);
        println!("\n== {name}: {line}");
        let begin = Instant::now();
        let result = command
            .status()
            .map_err(|source| Error::Start { program: command.get_program().display().to_string(), source });
        self.done.push((name, begin.elapsed()));
        let status = result?;
        if status.success() {
            return Ok(());
        }
        Err(Error::Step { step: name.to_owned(), how: status.to_string(), command: line, code: exit_code(status) })
    }

    /// Prints how long each step took.
    pub(crate) fn print_times(&self) {
        println!();
        for (name, duration) in &self.done {
            println!("{name:<10} {:>8.1} s", duration.as_secs_f64());
        }
        let total: Duration = self.done.iter().map(|(_, duration)| *duration).sum();
        println!("{:<10} {:>8.1} s", "all", total.as_secs_f64());
    }
}

fn exit_code(status: ExitStatus) -> Option<u8> {
    status.code().and_then(|code| u8::try_from(code).ok())
}

/// The command as one would type it in the checkout's root.
pub(crate) fn shown(command: &Command) -> String {
    let settings = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.display(), quoted(&value?.to_string_lossy()))));
    let path = std::path::Path::new(command.get_program());
    let in_root = command.get_current_dir().and_then(|root| path.strip_prefix(root).ok());
    let program = match path.file_stem() {
        Some(stem) if stem == "cargo" => "cargo".to_owned(),
        _ => quoted(&in_root.unwrap_or(path).to_string_lossy()),
    };
    let arguments = command.get_args().map(|argument| quoted(&argument.to_string_lossy()));
    settings.chain([program]).chain(arguments).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_types_it() {
        let mut command = Command::new("/somewhere/bin/cargo");
        command.args(["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(shown(&command), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
        let mut command = Command::new("/checkout/target/release/seqtune");
        command.current_dir("/checkout").arg("view");
        assert_eq!(shown(&command), "target/release/seqtune view");
    }

    #[cfg(unix)]
    #[test]
    fn a_failing_step_is_named_with_its_code() {
        let mut steps = Steps::default();
        let mut good = Command::new("true");
        assert!(steps.run("good", &mut good).is_ok());
        let mut bad = Command::new("sh");
        bad.args(["-c", "exit 75"]);
        let error = steps.run("bad", &mut bad).expect_err("it exits with 75");
        assert!(matches!(error, Error::Step { code: Some(75), .. }));
        assert!(error.to_string().contains("sh -c 'exit 75'"), "{error}");
        assert_eq!(steps.done.len(), 2);
    }
}
