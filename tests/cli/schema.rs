//! What `--message-format json` prints, held against `docs/schemas/message.json`.
//!
//! The schema is read strictly: a field that it does not name fails as one that is missing does. (Its readers must take
//! fields that they do not know; that is why the file itself does not say so.)

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::{Value, json};

/// The schema of each document, by its reason.
fn validators() -> &'static BTreeMap<String, Validator> {
    static VALIDATORS: OnceLock<BTreeMap<String, Validator>> = OnceLock::new();
    VALIDATORS.get_or_init(|| {
        let schema = include_str!("../../docs/schemas/message.json");
        let schema: Value = serde_json::from_str(schema).unwrap();
        let mut definitions = schema["$defs"].clone();
        for definition in definitions.as_object_mut().unwrap().values_mut() {
            if definition.get("properties").is_some() {
                definition["additionalProperties"] = json!(false);
            }
        }
        let variants = schema["oneOf"].as_array().unwrap();
        let of_variant = |variant: &Value| {
            let reason = &variant["properties"]["reason"]["const"];
            let name = variant["$ref"].as_str().unwrap();
            let name = name.strip_prefix("#/$defs/").unwrap();
            let mut document = definitions[name].clone();
            document["properties"]["reason"] = variant["properties"]["reason"].clone();
            let required = document["required"].as_array_mut().unwrap();
            required.push(json!("reason"));
            document["$defs"] = definitions.clone();
            let validator = jsonschema::validator_for(&document).unwrap();
            (reason.as_str().unwrap().to_owned(), validator)
        };
        variants.iter().map(of_variant).collect()
    })
}

/// The reasons of all documents.
pub(crate) fn reasons() -> impl Iterator<Item = &'static str> {
    validators().keys().map(String::as_str)
}

/// Reads one line, and demands that it is a document as the schema has it.
#[track_caller]
pub(crate) fn document(line: &str) -> Value {
    let document: Value =
        serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON ({error}): {line}"));
    let reason = document["reason"].as_str().unwrap_or_default();
    let validator = validators()
        .get(reason)
        .unwrap_or_else(|| panic!("no schema of the reason `{reason}`: {line}"));
    let errors: Vec<_> = validator
        .iter_errors(&document)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?} in {line}");
    document
}

#[test]
fn a_document_with_a_field_more_or_less_is_noticed() {
    let good = json!({"reason": "error", "code": 10, "message": "a", "causes": [],
        "locations": [], "help": []});
    document(&good.to_string());
    let noticed = |bad: &Value| {
        let line = bad.to_string();
        std::panic::catch_unwind(|| document(&line)).is_err()
    };
    let mut more = good.clone();
    more["colour"] = json!("red");
    assert!(noticed(&more));
    for field in good.as_object().unwrap().keys() {
        let mut less = good.clone();
        less.as_object_mut().unwrap().remove(field);
        assert!(noticed(&less), "{field}");
    }
    let mut wrong = good.clone();
    wrong["causes"] = json!([1]);
    assert!(noticed(&wrong));
}

/// Every document has its section in `docs/json.md`, with an example that the schema takes.
#[test]
fn the_examples_in_docs_are_what_the_schema_says() {
    let page = include_str!("../../docs/json.md");
    let mut shown = BTreeSet::new();
    for section in page.split("\n## `").skip(1) {
        let (reason, text) = section.split_once('`').unwrap();
        let examples: Vec<_> = text
            .split("```json\n")
            .skip(1)
            .map(|rest| rest.split_once("\n```").unwrap().0)
            .map(|line| document(&line.replace('\n', "")))
            .collect();
        assert!(!examples.is_empty(), "`{reason}` has no example");
        for example in examples {
            assert_eq!(example["reason"], reason);
        }
        shown.insert(reason.to_owned());
    }
    let shown: Vec<_> = shown.iter().map(String::as_str).collect();
    let reasons: Vec<_> = reasons().collect();
    assert_eq!(shown, reasons, "sections of docs/json.md, and documents");
}
