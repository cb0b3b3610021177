//! The fields of a schema, in the order in which bodies have them, as pages tell them.

use serde::Serialize;
use utoipa::openapi::schema::{AllOf, ArrayItems, Object, Schema, SchemaType, Type};
use utoipa::openapi::{OpenApi, RefOr};

/// A field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What may stand in it.
    pub kind: String,
    /// The schema that its value has, if that is an object with a name.
    pub of: Option<String>,
    /// Whether it must be there.
    pub required: bool,
    /// What it is.
    pub about: String,
    /// How long or how large it may be.
    pub limits: String,
}

/// Where a reference to a schema leads.
fn name(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or_default()
}

/// Looks schemas up.
#[derive(Clone, Copy)]
pub struct Shapes<'document>(pub &'document OpenApi);

impl<'document> Shapes<'document> {
    /// The schema of this name.
    #[must_use]
    pub fn named(self, name: &str) -> Option<&'document Schema> {
        let components = self.0.components.as_ref()?;
        match components.schemas.get(name)? {
            RefOr::T(schema) => Some(schema),
            RefOr::Ref(_) => None,
        }
    }

    /// Where a schema stands.
    #[must_use]
    pub fn of(self, schema: &'document RefOr<Schema>) -> Option<&'document Schema> {
        match schema {
            RefOr::T(schema) => Some(schema),
            RefOr::Ref(reference) => self.named(name(&reference.ref_location)),
        }
    }

    /// Every field with its schema and whether it must be there.
    #[must_use]
    pub fn properties(
        self,
        schema: &'document Schema,
    ) -> Vec<(&'document str, &'document RefOr<Schema>, bool)> {
        match schema {
            Schema::Object(object) => own(object),
            Schema::AllOf(AllOf { items, .. }) => items
                .iter()
                .filter_map(|item| self.of(item))
                .flat_map(|part| self.properties(part))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The fields as pages tell them.
    #[must_use]
    pub fn fields(self, schema: &'document RefOr<Schema>) -> Vec<Field> {
        let schema = self.of(schema);
        schema
            .map(|schema| self.fields_of(schema))
            .unwrap_or_default()
    }

    /// The same of a schema itself.
    #[must_use]
    pub fn fields_of(self, schema: &'document Schema) -> Vec<Field> {
        let mut fields = Vec::new();
        for (name, schema, required) in self.properties(schema) {
            fields.push(field(name, schema, required));
            // An object that has no name of its own stands where it is used.
            if let RefOr::T(inner @ Schema::Object(_)) = schema {
                fields.extend(self.fields_of(inner).into_iter().map(|field| Field {
                    name: format!("{name}.{}", field.name),
                    ..field
                }));
            }
        }
        fields
    }
}

fn field(named: &str, schema: &RefOr<Schema>, required: bool) -> Field {
    let mut field = Field {
        name: named.to_owned(),
        kind: "object".to_owned(),
        of: None,
        required,
        about: String::new(),
        limits: String::new(),
    };
    match schema {
        RefOr::Ref(reference) => {
            field.of = Some(name(&reference.ref_location).to_owned());
            field.about.clone_from(&reference.description);
        }
        RefOr::T(Schema::Object(object)) => {
            field.kind = kind(&object.schema_type);
            // A text of several lines in the source is one here.
            field.about = object
                .description
                .clone()
                .unwrap_or_default()
                .replace('\n', " ");
            field.limits = limits(object);
        }
        RefOr::T(Schema::Array(array)) => {
            "array".clone_into(&mut field.kind);
            field.about = array.description.clone().unwrap_or_default();
            if let ArrayItems::RefOrSchema(items) = &array.items
                && let RefOr::Ref(reference) = items.as_ref()
            {
                field.of = Some(name(&reference.ref_location).to_owned());
            }
            if let Some(most) = array.max_items {
                field.limits = format!("at most {most}");
            }
        }
        RefOr::T(Schema::AllOf(all)) => {
            field.about = all.description.clone().unwrap_or_default();
            if let Some(RefOr::Ref(reference)) = all.items.first() {
                field.of = Some(name(&reference.ref_location).to_owned());
            }
        }
        RefOr::T(_) => {}
    }
    field
}

fn own(object: &Object) -> Vec<(&str, &RefOr<Schema>, bool)> {
    let property = |(name, schema)| {
        let name: &String = name;
        (name.as_str(), schema, object.required.contains(name))
    };
    object.properties.iter().map(property).collect()
}

/// A type in words.
fn kind(kind: &SchemaType) -> String {
    let word = |kind: &Type| match kind {
        Type::Object => "object",
        Type::String => "string",
        Type::Integer => "integer",
        Type::Number => "number",
        Type::Boolean => "boolean",
        Type::Array => "array",
        Type::Null => "null",
    };
    match kind {
        SchemaType::Type(only) => word(only).to_owned(),
        SchemaType::Array(several) => several.iter().map(word).collect::<Vec<_>>().join(" or "),
        SchemaType::AnyValue => "any".to_owned(),
    }
}

/// Patterns as long as this, and those that look ahead, are no help to anybody: the description says the same.
const SHOWN_PATTERN_CHARS: usize = 40;

fn limits(object: &Object) -> String {
    let mut told = Vec::new();
    match (object.min_length, object.max_length) {
        (Some(least), Some(most)) => told.push(format!("{least} to {most} characters")),
        (None, Some(most)) => told.push(format!("at most {most} characters")),
        (Some(least), None) => told.push(format!("at least {least} characters")),
        (None, None) => {}
    }
    match object.pattern.as_deref() {
        Some(r"\S") => told.push("not blank".to_owned()),
        Some(pattern) if pattern.len() < SHOWN_PATTERN_CHARS && !pattern.contains("(?=") => {
            told.push(pattern.to_owned());
        }
        _ => {}
    }
    told.join(", ")
}
