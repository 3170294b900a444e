//! Values as they may be, made from their schemas and from what members are usually called.

use serde_json::{Map, Value, json};

const MESSAGE: &str = "0190a1b2-0000-7000-8000-0000000000a1";
const CONVERSATION: &str = "0190a1b2-0000-7000-8000-0000000000c1";
const TIME: &str = "2026-11-28T12:00:00.000Z";

/// Texts and numbers that a reader recognises, by the name of their member.
fn known(name: &str) -> Option<Value> {
    Some(match name {
        "senderId" | "adminId" | "deletedBy" | "pinnedBy" | "editedBy" | "by" => json!("ann"),
        "senderName" => json!("Ann Lee"),
        "id" | "userId" | "recipientId" | "readBy" | "username" => json!("bob"),
        "conversationId" => json!(CONVERSATION),
        "fullName" | "displayName" | "userName" => json!("Bob Ray"),
        "content" | "newContent" | "text" => json!("Hello, Bob!"),
        "url" | "thumbnail" => {
            json!("https://chat.example/api/Chat/media/0190a1b2-0000-4000-8000-0000000000d1?e=1764979200&s=c2ln")
        }
        "mimeType" => json!("image/jpeg"),
        "clientMessageId" => json!("7f1c2e"),
        "reaction" | "emoji" => json!("👍"),
        "name" | "groupName" => json!("Weekend"),
        "cursor" => json!("1-42"),
        "status" => json!("ready"),
        "error" => json!("The token is not valid"),
        "traceId" => json!("5f0c4e7d1a2b"),
        "seq" => json!(42),
        "unreadCount" | "total" | "totalPages" | "page" => json!(1),
        "limit" => json!(50),
        _ => return None,
    })
}

/// One value of a schema; `name` is the member it is for.
pub(super) fn of(schema: &Value, definitions: &Map<String, Value>, name: &str) -> Value {
    Maker { definitions }.make(schema, "", name)
}

struct Maker<'a> {
    definitions: &'a Map<String, Value>,
}

impl Maker<'_> {
    fn make(&self, schema: &Value, parent: &str, name: &str) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = reference.rsplit('/').next().unwrap_or_default();
            return self.make(self.definitions.get(target).unwrap_or(&Value::Null), target, name);
        }
        if let Some(value) = schema.get("const").or_else(|| schema["enum"].get(0)) {
            return value.clone();
        }
        for choice in ["anyOf", "oneOf"] {
            let Some(choices) = schema[choice].as_array() else {
                continue;
            };
            let is_nullable = choices.iter().any(|choice| choice["type"] == "null");
            return match choices.first() {
                Some(first) if !is_nullable || name == "lastMessage" => self.make(first, parent, name),
                _ => Value::Null,
            };
        }
        match (self.kind(schema), schema["type"].is_array()) {
            ("string", is_nullable) => self.text(schema, parent, name, is_nullable),
            (_, true) => Value::Null,
            ("integer" | "number", _) => known(name).filter(Value::is_number).unwrap_or_else(|| json!(0)),
            ("boolean", _) => json!(matches!(
                name,
                "success" | "isOnline" | "isActive" | "isTyping" | "isPinned" | ""
            )),
            ("array", _) => self.list(schema, name),
            ("object", _) => self.object(schema, parent),
            _ => Value::Null,
        }
    }

    fn kind<'s>(&self, schema: &'s Value) -> &'s str {
        schema["type"]
            .as_str()
            .or_else(|| schema["type"][0].as_str())
            .unwrap_or_default()
    }

    fn text(&self, schema: &Value, parent: &str, name: &str, is_nullable: bool) -> Value {
        match schema["format"].as_str() {
            _ if is_nullable && !matches!(name, "recipientId" | "content" | "name" | "reaction" | "adminId") => {
                Value::Null
            }
            Some("date-time") => json!(TIME),
            Some("uuid") => {
                let is_conversation = ["onversation", "chat", "group"].iter().any(|part| name.contains(part));
                let is_own = name == "id" && matches!(parent, "Conversation" | "Group" | "Left");
                json!(if is_conversation || is_own {
                    CONVERSATION
                } else {
                    MESSAGE
                })
            }
            _ if parent == "Sender" => json!(if name == "fullName" { "Ann Lee" } else { "ann" }),
            _ => known(name)
                .filter(Value::is_string)
                .unwrap_or_else(|| json!(if name.is_empty() { "bob" } else { name })),
        }
    }

    fn list(&self, schema: &Value, name: &str) -> Value {
        if matches!(name, "mentions" | "attachments" | "skipped" | "errors") {
            return json!([]);
        }
        let item = self.make(&schema["items"], "", name.strip_suffix('s').unwrap_or(name));
        let least = schema["minItems"].as_u64().unwrap_or(1);
        (0..least).map(|_| item.clone()).collect()
    }

    fn object(&self, schema: &Value, parent: &str) -> Value {
        let Some(members) = schema["properties"].as_object() else {
            let of_many = &schema["additionalProperties"];
            return match self.kind(of_many) {
                "integer" => json!({"👍": 2}),
                "boolean" => json!({"bob": true}),
                _ => json!({}),
            };
        };
        let is_required = |name: &str| {
            schema["required"]
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one == name))
        };
        let shown = members.iter().filter(|(name, _)| is_required(name));
        shown
            .map(|(name, schema)| (name.clone(), self.make(schema, parent, name)))
            .collect()
    }
}
