//! JSON Schemas of what is written and read, gathered under their names.

use hub_protocol::json::Naming;
use schemars::{
    JsonSchema, Schema, SchemaGenerator,
    generate::SchemaSettings,
    transform::{Transform, transform_subschemas},
};
use serde_json::{Map, Value};

/// Where both documents keep them.
const PLACE: &str = "/components/schemas";

/// The schemas of a document while it is written.
#[derive(Debug)]
pub(crate) struct Schemas {
    answers: SchemaGenerator,
    inputs: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = PLACE.into();
            settings.meta_schema = None;
            settings.transforms.push(Box::new(AsWritten));
        });
        let answers = settings.clone().for_serialize().with_transform(NeverNull);
        Self {
            answers: answers.into_generator(),
            inputs: settings.for_deserialize().into_generator(),
        }
    }

    /// Of something the server writes: a reference where it has a name.
    pub(crate) fn answer<T: JsonSchema + ?Sized>(&mut self) -> Schema {
        self.answers.subschema_for::<T>()
    }

    /// Of something the server reads.
    pub(crate) fn input<T: JsonSchema + ?Sized>(&mut self) -> Schema {
        self.inputs.subschema_for::<T>()
    }

    /// For types that describe themselves with more than a schema.
    pub(super) fn answers(&mut self) -> &mut SchemaGenerator {
        &mut self.answers
    }

    /// All that are referred to, by name.
    pub(super) fn definitions(mut self) -> Map<String, Value> {
        let mut definitions = self.answers.take_definitions(true);
        for (name, schema) in self.inputs.take_definitions(true) {
            let earlier = definitions.insert(name, schema.clone());
            assert!(
                earlier.as_ref().is_none_or(|earlier| *earlier == schema),
                "two types have one name: {earlier:?} and {schema:?}"
            );
        }
        definitions
    }
}

/// From what types say to what JSON shows: names in camelCase, as the adapter of views writes them, no formats of Rust,
/// and no links of its documentation.
#[derive(Clone, Debug)]
struct AsWritten;

impl Transform for AsWritten {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(schema) = schema.as_object_mut() else { return };
        if schema
            .get("format")
            .and_then(Value::as_str)
            .is_some_and(|format| format.starts_with("uint"))
        {
            schema.remove("format");
        }
        if let Some(Value::String(words)) = schema.get_mut("description") {
            *words = words.replace("[`", "`").replace("`]", "`").replace('\n', " ");
        }
        if let Some(Value::Object(members)) = schema.get_mut("properties") {
            *members = std::mem::take(members)
                .into_iter()
                .map(|(name, schema)| (Naming::CamelCase.spell(&name), schema))
                .collect();
        }
        if let Some(Value::Array(names)) = schema.get_mut("required") {
            for name in names {
                *name = Naming::CamelCase.spell(name.as_str().unwrap_or_default()).into();
            }
        }
        // Inputs may say null where they may say nothing.
        schema.remove("default");
    }
}

/// Members of answers that are left out when there is nothing are never null.
#[derive(Clone, Debug)]
struct NeverNull;

impl Transform for NeverNull {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(schema) = schema.as_object_mut() else { return };
        let required = schema.get("required").cloned().unwrap_or_default();
        let is_required = |name: &str| required.as_array().is_some_and(|all| all.iter().any(|one| one == name));
        let Some(Value::Object(members)) = schema.get_mut("properties") else {
            return;
        };
        for (_, member) in members.iter_mut().filter(|(name, _)| !is_required(name)) {
            if let Some(Value::Array(kinds)) = member.get_mut("type") {
                kinds.retain(|kind| kind != "null");
                if let [kind] = kinds.as_slice() {
                    member["type"] = kind.clone();
                }
            }
            if let Some(Value::Array(choices)) = member.get_mut("anyOf") {
                choices.retain(|choice| choice["type"] != "null");
                if let [Value::Object(choice)] = choices.as_slice() {
                    let choice = choice.clone();
                    if let Some(member) = member.as_object_mut() {
                        member.remove("anyOf");
                        member.extend(choice);
                    }
                }
            }
        }
    }
}
