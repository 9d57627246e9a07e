//! The preset format as a JSON schema, for editors that complete and check as one types. Made from the same description that the
//! reader goes by; what a schema cannot say (that a node exists, that a moment is within the run) `rumormill preset check` says.

use super::preset::format::{FAULT, LINK_NUMBERS, NODE_FAULTS, PRESET, Record, Shape, TOPOLOGY_KEYS};
use serde_json::{Map, Value, json};

/// The schema, of draft 2020-12.
pub fn schema() -> Value {
    let mut schema = record(&PRESET);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Rumormill preset");
    schema
}

fn record(record: &'static Record) -> Value {
    let mut properties = Map::new();
    for key in record.keys {
        let mut property = shape(&key.shape);
        property["description"] = json!(key.about);
        properties.insert(key.name.to_owned(), property);
    }
    let required: Vec<_> = record.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    if std::ptr::eq(record, &FAULT) {
        // Exactly one fault: one of those with a key of their own, or any of a link's numbers.
        let any = |names: &[&str]| names.iter().map(|name| json!({ "required": [name] })).collect::<Vec<_>>();
        let mut one = any(NODE_FAULTS);
        one.push(json!({ "anyOf": any(LINK_NUMBERS) }));
        schema["oneOf"] = json!(one);
    }
    if record.name == "[topology]" {
        schema["oneOf"] =
            json!(TOPOLOGY_KEYS.iter().map(|(kind, keys, needed)| topology(kind, keys, *needed)).collect::<Vec<_>>());
    }
    schema
}

/// One kind of topology: its name, and which keys it takes. Edges need no name.
fn topology(kind: &str, keys: &[&str], needed: usize) -> Value {
    let names: Vec<&str> = keys.iter().copied().chain(["kind"]).collect();
    let mut required: Vec<&str> = keys[..needed].to_vec();
    if kind != "edges" {
        required.push("kind");
    }
    json!({ "properties": { "kind": { "const": kind } }, "required": required, "propertyNames": { "enum": names } })
}

fn shape(of: &'static Shape) -> Value {
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    match of {
        Shape::Text => json!({ "type": "string" }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Shape::Number(least, most) => json!({ "type": "number", "minimum": least, "maximum": most }),
        Shape::Duration(..) => text(DURATION),
        Shape::Skew(_) => text(&DURATION.replacen('^', "^-?", 1)),
        Shape::Share => {
            json!({ "anyOf": [text("^[0-9]+(\\.[0-9]+)? *%$"), text("^[0-9]+(\\.[0-9]+)?$"), { "type": "number", "minimum": 0, "maximum": 1 }] })
        }
        Shape::Bandwidth => text("^[0-9]+(\\.[0-9]+)? *(B|kB|KB|MB|GB|KiB|MiB|GiB|bit|kbit|Mbit|Gbit)/s$"),
        Shape::Nodes => json!({ "type": "string", "minLength": 1 }),
        Shape::Choice(names, _) => json!({ "enum": names }),
        Shape::Bound => json!({ "type": ["number", "string"] }),
        Shape::Groups => json!({
            "type": "array",
            "minItems": 1,
            "items": { "anyOf": [{ "type": "string" }, { "type": "array", "minItems": 1, "items": { "type": "string" } }] },
        }),
        Shape::Edges => json!({
            "type": "array",
            "items": { "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "string" } },
        }),
        Shape::Table(record_of) => record(record_of),
        Shape::Tables(record_of) => json!({ "type": "array", "items": record(record_of) }),
    }
}

/// One or several numbers with units, as in "1m 30s".
const DURATION: &str = "^([0-9]+ *[a-zµ]+ *)+$";

#[cfg(test)]
#[path = "schema_tests.rs"]
pub(super) mod tests;
