//! A program without the OpenMP variables restarts itself once, as the same process with the same arguments.
//!
//! It has no test harness, since a test thread is no place to execute a program anew: it starts itself as the program under
//! test.

use std::process::Command;
use std::{env, process};

use seqtune_nn::environment::{ensure_environment, environment};

const ARGUMENTS: [&str; 3] = ["program-under-test", "", "two words"];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == ARGUMENTS[0]) {
        ensure_environment().expect("the program exists");
        let values = environment().map(|(name, _)| env::var(name).unwrap_or_default());
        println!("{} {values:?} {arguments:?}", process::id());
        return;
    }
    let names = environment().map(|(name, _)| name);
    let defaults = environment().map(|(_, value)| value);
    assert_eq!(run(&[]), format!("{defaults:?}"));
    // A value that the user has set stands, and does not keep the other one from being set.
    assert_eq!(run(&[(names[0], "active")]), format!("{:?}", ["active", defaults[1]]));
    assert_eq!(run(&[(names[0], "active"), (names[1], "7")]), format!("{:?}", ["active", "7"]));
    println!("restart: ok");
}

/// Starts the program under test and gives the values it sees.
fn run(set: &[(&str, &str)]) -> String {
    let mut command = Command::new(env::current_exe().expect("this program exists"));
    command.args(ARGUMENTS).stdout(process::Stdio::piped());
    for (name, _) in environment() {
        command.env_remove(name);
    }
    let child = command.envs(set.iter().copied()).spawn().expect("it starts");
    let id = child.id();
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("it prints text");
    let values = text.strip_prefix(&format!("{id} ")).expect("the process is the one that was started");
    values.trim_end().strip_suffix(&format!(" {ARGUMENTS:?}")).expect("the arguments are those given").to_owned()
}
