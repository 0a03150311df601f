//! The worker as a program. What its families compute is tested in their own packages.

use std::io::BufReader;
use std::process::{Command, Stdio};

use seqtune_plugin::FamilyInfo;
use seqtune_plugin::protocol::{FromWorker, LineReader};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_seqtune-worker"))
}

#[test]
fn every_listed_family_says_ready() {
    let list = program().arg("--list").output().unwrap();
    assert!(list.status.success(), "{}", String::from_utf8_lossy(&list.stderr));
    let infos: Vec<FamilyInfo> = serde_json::from_slice(&list.stdout).unwrap();
    assert!(["mhc", "tf"].iter().all(|name| infos.iter().any(|info| info.name == *name)));
    for listed in infos {
        let mut worker =
            program().args(["--family", &listed.name]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = LineReader::new(BufReader::new(worker.stdout.take().unwrap()));
        match output.read().unwrap().unwrap() {
            FromWorker::Ready { info, build, .. } => {
                assert_eq!(*info, listed);
                assert!(build["libtorch"].starts_with("2."), "{build:?}");
                assert!(build["device"].starts_with("cpu") || build["device"].starts_with("cuda:0"), "{build:?}");
            }
            other => panic!("{other:?}"),
        }
        drop(worker.stdin.take());
        assert!(worker.wait().unwrap().success());
    }
}
