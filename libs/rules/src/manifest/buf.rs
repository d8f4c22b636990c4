//! buf.gen.yaml: whose generated code comes from which messages.

use krepis_facts::Place;

use super::{Declared, Means};
use crate::resolve::normalize;
use crate::yaml;

/// An edge for each `out`, from the project that holds it: to each directory of `inputs`, or to every module of buf.yaml.
pub fn read(text: &str) -> Result<Vec<Declared>, (String, Place)> {
    let Some(document) = yaml::parse(text)? else {
        return Ok(Vec::new());
    };
    let inputs: Vec<String> = yaml::list(&document, "inputs")
        .iter()
        .filter_map(|input| normalize("", yaml::text(input, "directory")?.0))
        .collect();
    let mut found: Vec<Declared> = Vec::new();
    for plugin in yaml::list(&document, "plugins") {
        let Some((out, node)) = yaml::text(plugin, "out") else {
            continue;
        };
        let Some(home) = normalize("", out) else { continue };
        let one = |means| Declared {
            specifier: out.to_owned(),
            section: "plugins",
            dev: false,
            at: yaml::place(text, node),
            home: Some(home.clone()),
            means,
        };
        if inputs.is_empty() {
            found.push(one(Means::AllMessages));
        }
        found.extend(inputs.iter().cloned().map(Means::Messages).map(one));
    }
    Ok(found)
}
