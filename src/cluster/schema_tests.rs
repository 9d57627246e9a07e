//! The schema describes the presets that there are, and refuses what the reader refuses.

use super::*;
use crate::cluster::{BUILT_IN, Preset};
use predicates::Predicate;

/// What a value has against a schema, by the keywords that our schema uses. A keyword that is not known here is a fault of its own, so
/// that none is taken as held.
pub(in crate::cluster) fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, value, "", &mut found);
    found
}

fn check(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let is = |schema: &Value| faults(schema, value).is_empty();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for (keyword, rule) in schema.as_object().unwrap() {
        let holds = match keyword.as_str() {
            "$schema" | "title" | "description" | "additionalProperties" => true,
            "type" => {
                let kinds = if rule.is_array() { list(rule) } else { vec![rule.clone()] };
                kinds.iter().any(|kind| match kind.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "number" => value.is_number(),
                    other => panic!("a type that is not known here: {other}"),
                })
            }
            "properties" => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    match rule.get(key) {
                        Some(schema) => check(schema, value, &format!("{at}/{key}"), found),
                        None if schema.get("additionalProperties") == Some(&json!(false)) => {
                            found.push(format!("{at}: unknown {key}"))
                        }
                        None => {}
                    }
                }
                continue;
            }
            "propertyNames" => value.as_object().into_iter().flatten().all(|(key, _)| faults(rule, &json!(key)).is_empty()),
            "required" => list(rule).iter().all(|key| value.get(key.as_str().unwrap()).is_some()),
            "items" => {
                for (place, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(rule, item, &format!("{at}/{place}"), found);
                }
                continue;
            }
            "enum" => list(rule).contains(value),
            "const" => rule == value,
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().unwrap()),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= rule.as_u64().unwrap()),
            "anyOf" => list(rule).iter().any(is),
            "oneOf" => list(rule).iter().filter(|schema| is(schema)).count() == 1,
            "pattern" => value.as_str().is_none_or(|text| predicates::str::is_match(rule.as_str().unwrap()).unwrap().eval(text)),
            other => panic!("a keyword that is not known here: {other}"),
        };
        if !holds {
            found.push(format!("{at}: {value} against {keyword} {rule}"));
        }
    }
}

fn of(text: &str) -> Vec<String> {
    faults(&schema(), &serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap())
}

#[test]
fn every_built_in_preset_is_as_the_schema_says() {
    for (name, text) in BUILT_IN {
        assert_eq!(of(text), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn what_the_reader_refuses_for_its_form_the_schema_refuses_too() {
    let good = BUILT_IN.iter().find(|(name, _)| *name == "partition-heal").unwrap().1;
    assert_eq!(of(good), Vec::<String>::new());
    for (from, to) in [
        ("seed = 42", "seed = -1"),
        ("seed = 42", ""),
        ("seed = 42", "seed = 42\nspeed = 3"),
        ("\"simulation\"", "\"sim\""),
        ("\"3m\"", "\"3\""),
        ("count = 12", "count = 12.5"),
        ("\"work\"", "\"space\""),
        ("kind = \"small-world\"", "kind = \"ring\""),
        ("degree = 4", ""),
        ("profile = \"home\"", "profile = \"hom\""),
        ("profile = \"home\"", "loss = 2"),
        ("profile = \"home\"", "loss = \"2\u{2030}\""),
        ("profile = \"home\"", "bandwidth = \"10 MB\""),
        ("for = \"60s\"", "for = 60"),
        ("for = \"60s\"", "for = \"60s\", kill = \"n3\""),
        ("for = \"60s\"", "for = \"60s\", latency = \"3s\""),
        ("[[\"n0..n5\"], [\"n6..n11\"]]", "\"n0\""),
        ("\"reorg-depth\"", "\"reorgs\""),
        ("transactions_per_second = 5", "transactions_per_second = 5000"),
    ] {
        assert!(good.contains(from), "{from}");
        let text = good.replacen(from, to, 1);
        assert!(!of(&text).is_empty(), "{to} was taken by the schema");
        assert!(Preset::parse("mine", &text).is_err(), "{to} was taken by the reader");
    }
}

#[test]
fn every_key_is_described() {
    fn walk(schema: &Value) -> usize {
        let own = schema["properties"].as_object().into_iter().flatten();
        own.map(|(key, property)| {
            assert!(property["description"].as_str().is_some_and(|text| text.ends_with('.')), "{key}");
            1 + walk(property) + property.get("items").map_or(0, walk)
        })
        .sum()
    }
    assert!(walk(&schema()) > 80);
}
