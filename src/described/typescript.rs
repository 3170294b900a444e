//! A client of the hubs in TypeScript, made from the AsyncAPI document alone.

use std::fmt::Write as _;

use serde_json::Value;

const HEAD: &str = r"// A client of Hubwire's hubs, printed by `hubwire client --typescript`. Do not edit it: print it again.
//
//   const connection = new HubConnectionBuilder().withUrl('/hubs/chat', { accessTokenFactory: () => token }).build();
//   const chat = new HubwireClient(connection);
//   chat.onReceiveMessage((message) => console.log(message.content));
//   await connection.start();
//   await chat.sendMessage({ recipientId: 'bob', content: 'Hello, Bob!' });
import type { HubConnection, IStreamResult } from '@microsoft/signalr';

/** Why the server refused a call; `message` is `code: sentence`. */
export class HubwireError extends Error {
  readonly code: ErrorCode;
  readonly sentence: string;

  constructor(code: ErrorCode, sentence: string) {
    super(`${code}: ${sentence}`);
    this.name = 'HubwireError';
    this.code = code;
    this.sentence = sentence;
  }

  /** What an error of the connection says of a refusal; any other error stays as it is. */
  static of(error: unknown): unknown {
    const found = /HubException: (\w+): (.*)/s.exec(error instanceof Error ? error.message : '');
    return found ? new HubwireError(found[1] as ErrorCode, found[2]!) : error;
  }
}

async function invoke<T>(connection: HubConnection, method: string, args: unknown[]): Promise<T> {
  try {
    return await connection.invoke<T>(method, ...args);
  } catch (error) {
    throw HubwireError.of(error);
  }
}
";

pub(super) fn client(document: &Value) -> String {
    let mut out = HEAD.to_owned();
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        declare(&mut out, name, schema);
    }
    class(&mut out, document, "chat", "HubwireClient");
    class(&mut out, document, "chatOnline", "HubwireOnlineClient");
    out
}

/// One named type.
fn declare(out: &mut String, name: &str, schema: &Value) {
    out.push('\n');
    comment(out, "", schema["description"].as_str());
    if schema["properties"].is_object() {
        write(out, &format!("export interface {name} "));
        members(out, schema, "");
        out.push('\n');
    } else {
        write(out, &format!("export type {name} = {};\n", type_of(schema)));
    }
}

fn members(out: &mut String, schema: &Value, indent: &str) {
    out.push_str("{\n");
    let deeper = format!("{indent}  ");
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let is_required = schema["required"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one == name));
        comment(out, &deeper, member["description"].as_str());
        let mark = if is_required { "" } else { "?" };
        write(out, &format!("{deeper}{name}{mark}: {};\n", type_of(member)));
    }
    write(out, &format!("{indent}}}"));
}

/// The type of a schema, on one line where it has no members.
fn type_of(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(value) = schema.get("const") {
        return literal(value);
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(literal).collect::<Vec<_>>().join(" | ");
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[choice].as_array() {
            return choices.iter().map(type_of).collect::<Vec<_>>().join(" | ");
        }
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            let kinds = kinds.iter().filter_map(Value::as_str);
            kinds.map(|kind| plain(schema, kind)).collect::<Vec<_>>().join(" | ")
        }
        kind => plain(schema, kind.as_str().unwrap_or_default()),
    }
}

fn plain(schema: &Value, kind: &str) -> String {
    match kind {
        "string" | "boolean" | "null" => kind.to_owned(),
        "integer" | "number" => "number".to_owned(),
        "array" => {
            let item = type_of(&schema["items"]);
            match (schema["minItems"].as_u64(), schema["maxItems"].as_u64()) {
                (Some(least), Some(most)) if least == most => {
                    let items: Vec<_> = (0..most).map(|_| item.as_str()).collect();
                    format!("[{}]", items.join(", "))
                }
                _ if item.contains('|') => format!("({item})[]"),
                _ => format!("{item}[]"),
            }
        }
        "object" if schema["properties"].is_object() => {
            let mut out = String::new();
            members(&mut out, schema, "");
            out.split_whitespace().collect::<Vec<_>>().join(" ")
        }
        "object" => match &schema["additionalProperties"] {
            Value::Object(_) => format!("Record<string, {}>", type_of(&schema["additionalProperties"])),
            _ => "Record<string, unknown>".to_owned(),
        },
        _ => "unknown".to_owned(),
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}

/// One hub.
fn class(out: &mut String, document: &Value, channel: &str, name: &str) {
    let address = document["channels"][channel]["address"].as_str().unwrap_or_default();
    write(
        out,
        &format!("\n/** `{address}`, over a connection that its user builds, starts and stops. */\n"),
    );
    write(
        out,
        &format!(
            "export class {name} {{\n  readonly connection: HubConnection;\n\n  constructor(connection: HubConnection) {{\n    this.connection = connection;\n  }}\n"
        ),
    );
    for (id, operation) in document["operations"].as_object().into_iter().flatten() {
        if !id.starts_with(&format!("{channel}.")) {
            continue;
        }
        let signalr = &operation["x-signalr"];
        let target = signalr["target"].as_str().unwrap_or_default();
        let words = [operation["summary"].as_str(), operation["description"].as_str()];
        let words: Vec<_> = words
            .into_iter()
            .flatten()
            .map(|text| text.trim_end_matches('.'))
            .collect();
        out.push('\n');
        comment(out, "  ", Some(&format!("{}.", words.join(". "))));
        match signalr["kind"].as_str() {
            Some("event") => event(out, target, &type_of(&signalr["argument"])),
            Some("stream") => method(out, target, signalr, "IStreamResult", "return this.connection.stream"),
            _ => method(out, target, signalr, "Promise", "return invoke"),
        }
    }
    out.push_str("}\n");
}

fn event(out: &mut String, name: &str, argument: &str) {
    write(
        out,
        &format!(
            "  on{name}(handler: (argument: {argument}) => void): this {{\n    this.connection.on('{name}', handler);\n    return this;\n  }}\n\n  \
         /** Hears it no longer: this handler, or none. */\n  off{name}(handler?: (argument: {argument}) => void): this {{\n    \
         if (handler) this.connection.off('{name}', handler);\n    else this.connection.off('{name}');\n    return this;\n  }}\n"
        ),
    );
}

/// A signature for each form of the arguments, and one body.
fn method(out: &mut String, target: &str, signalr: &Value, answer: &str, how: &str) {
    let mut letters = target.chars();
    let name: String = letters
        .next()
        .map(|letter| letter.to_ascii_lowercase())
        .into_iter()
        .chain(letters)
        .collect();
    let result = match type_of(&signalr["result"]).as_str() {
        "null" => "void".to_owned(),
        other => other.to_owned(),
    };
    let answer = format!("{answer}<{result}>");
    for form in signalr["forms"].as_array().into_iter().flatten() {
        let arguments = form.as_array().into_iter().flatten().map(|argument| {
            let (name, kind) = (
                argument["name"].as_str().unwrap_or_default(),
                type_of(&argument["schema"]),
            );
            match argument["required"] == true {
                true => format!("{name}: {kind}"),
                false => format!("{name}?: {kind} | null"),
            }
        });
        write(
            out,
            &format!("  {name}({}): {answer};\n", arguments.collect::<Vec<_>>().join(", ")),
        );
    }
    let call = match how.ends_with("invoke") {
        true => format!("{how}(this.connection, '{target}', args)"),
        false => format!("{how}('{target}', ...args)"),
    };
    write(
        out,
        &format!("  {name}(...args: unknown[]): {answer} {{\n    {call};\n  }}\n"),
    );
}

fn comment(out: &mut String, indent: &str, words: Option<&str>) {
    if let Some(words) = words {
        write(out, &format!("{indent}/** {} */\n", words.replace("*/", "*\\/")));
    }
}

fn write(out: &mut String, text: &str) {
    out.write_str(text).expect("text takes everything");
}
