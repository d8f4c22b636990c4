//! `krepis-history-crash ROOT ACTION`: does one thing to a workspace; `FAILPOINTS` says where it dies.

#[expect(dead_code, reason = "the parent uses the rest")]
mod scenario;

fn main() -> std::process::ExitCode {
    let _failpoints = fail::FailScenario::setup();
    let arguments: Vec<String> = std::env::args().collect();
    let [_, root, action] = arguments.as_slice() else {
        eprintln!("usage: krepis-history-crash ROOT ACTION");
        return 2.into();
    };
    match scenario::act(std::path::Path::new(root), action) {
        Ok(()) => 0.into(),
        Err(failure) => {
            eprintln!("{failure} {:?} {:?}", failure.reason, failure.others);
            failure.exit().into()
        }
    }
}
