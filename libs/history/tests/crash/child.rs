//! `krepis-history-crash ROOT ACTION[,ACTION…]`: does things to a workspace and acknowledges each; `FAILPOINTS` says where
//! it dies.

use std::io::Write as _;

#[expect(dead_code, reason = "the parent uses the rest")]
mod scenario;

fn main() -> std::process::ExitCode {
    let _failpoints = fail::FailScenario::setup();
    let arguments: Vec<String> = std::env::args().collect();
    let [_, root, actions] = arguments.as_slice() else {
        eprintln!("usage: krepis-history-crash ROOT ACTION[,ACTION…]");
        return 2.into();
    };
    for action in actions.split(',') {
        if let Err(failure) = scenario::act(std::path::Path::new(root), action) {
            eprintln!("{failure} {:?} {:?}", failure.reason, failure.others);
            return failure.exit().into();
        }
        // One call, so that a trace tells what came before it.
        drop(std::io::stderr().write_all(b"acknowledged\n"));
    }
    0.into()
}
