//! The reference of the API, written from the descriptors and the comments in the proto files.

use std::fmt::Write as _;

use prost_reflect::{
    DescriptorError, DescriptorPool, EnumDescriptor, ExtensionDescriptor, FieldDescriptor,
    FileDescriptor, Kind, MessageDescriptor, MethodDescriptor, ServiceDescriptor, Value,
};

use crate::pb;

const PACKAGE: &str = "caixing.v1";
const BEHAVIOR: &str = "google.api.field_behavior";
const HEAD: &str = "# API reference

Package `caixing.v1`, written by `caixing api reference > docs/api.md` from the comments in
`proto/caixing/v1`. `caixing api protoset` writes the descriptors, `caixing api service-config` what
a client may repeat by itself. Errors: [errors.md](errors.md). Decimals and money are strings in
plain notation, days ISO strings, ids UUIDs. In the tables, *required* means that a request without
the field is refused.
";

/// The document `docs/api.md`.
///
/// # Errors
/// When the embedded descriptors cannot be read.
pub fn document() -> Result<String, DescriptorError> {
    let pool = DescriptorPool::decode(pb::DESCRIPTORS)?;
    let behavior = pool.get_extension_by_name(BEHAVIOR);
    let mut text = String::from(HEAD);
    let files: Vec<FileDescriptor> = pool
        .files()
        .filter(|file| file.package_name() == PACKAGE)
        .collect();
    let _ = write!(text, "\n## Services\n\n");
    for service in files.iter().flat_map(FileDescriptor::services) {
        let name = service.name();
        let _ = writeln!(text, "- [{name}](#{})", name.to_lowercase());
    }
    for service in files.iter().flat_map(FileDescriptor::services) {
        write_service(&mut text, &service);
    }
    let _ = write!(text, "\n## Messages\n");
    for message in sorted(&files) {
        write_message(&mut text, &message, behavior.as_ref());
    }
    let _ = write!(text, "\n## Enums\n");
    let mut enums: Vec<EnumDescriptor> = files.iter().flat_map(FileDescriptor::enums).collect();
    enums.sort_by(|a, b| a.name().cmp(b.name()));
    for one in enums {
        write_enum(&mut text, &one);
    }
    Ok(text)
}

fn sorted(files: &[FileDescriptor]) -> Vec<MessageDescriptor> {
    let mut messages = Vec::new();
    for message in files.iter().flat_map(FileDescriptor::messages) {
        messages.extend(
            message
                .child_messages()
                .filter(|child| !child.is_map_entry()),
        );
        messages.push(message);
    }
    messages.sort_by(|a, b| a.full_name().cmp(b.full_name()));
    messages
}

/// The comment before a definition.
fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let mut locations = info.iter().flat_map(|info| &info.location);
    let found = locations.find(|location| location.path == path);
    let text = found.map(|location| location.leading_comments().trim().to_owned());
    text.unwrap_or_default()
}

/// The same for a cell of a table.
fn cell(file: &FileDescriptor, path: &[i32]) -> String {
    let text = comment(file, path).replace('|', "\\|");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn write_service(text: &mut String, service: &ServiceDescriptor) {
    let file = service.parent_file();
    let about = comment(&file, service.path());
    let _ = write!(text, "\n### {}\n\n{}\n", service.name(), lines(&about));
    for method in service.methods() {
        write_method(text, &file, &method);
    }
}

fn write_method(text: &mut String, file: &FileDescriptor, method: &MethodDescriptor) {
    let stream = |is: bool| if is { "stream of " } else { "" };
    let (input, output) = (method.input(), method.output());
    let _ = write!(
        text,
        "\n#### {}\n\n{}\n\n`{}`: {}{} → {}{}\n",
        method.name(),
        lines(&comment(file, method.path())),
        method.full_name(),
        stream(method.is_client_streaming()),
        link(&input),
        stream(method.is_server_streaming()),
        link(&output),
    );
}

fn write_message(
    text: &mut String,
    message: &MessageDescriptor,
    behavior: Option<&ExtensionDescriptor>,
) {
    let file = message.parent_file();
    let about = comment(&file, message.path());
    let _ = write!(text, "\n### {}\n\n{}\n", short(message), lines(&about));
    let mut fields: Vec<FieldDescriptor> = message.fields().collect();
    if fields.is_empty() {
        return;
    }
    fields.sort_by_key(FieldDescriptor::number);
    let _ = write!(
        text,
        "\n| field | type | | meaning |\n| --- | --- | --- | --- |\n"
    );
    for field in fields {
        let about = cell(&file, field.path());
        let about = about.strip_suffix(" Required.").unwrap_or(&about);
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {about} |",
            field.name(),
            kind(&field),
            mark(&field, behavior),
        );
    }
}

/// What must be known of a field beside its type.
fn mark(field: &FieldDescriptor, behavior: Option<&ExtensionDescriptor>) -> String {
    let required = behavior.is_some_and(|behavior| {
        let options = field.options();
        let value = options.get_extension(behavior);
        // 2 is REQUIRED.
        let is_required = |one: &Value| one.as_enum_number() == Some(2);
        value
            .as_list()
            .is_some_and(|list| list.iter().any(is_required))
    });
    let one_of = field
        .containing_oneof()
        .filter(|one_of| !one_of.is_synthetic())
        .map(|one_of| format!("one of `{}`", one_of.name()));
    let parts = [required.then(|| "required".to_owned()), one_of];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn kind(field: &FieldDescriptor) -> String {
    let name = match field.kind() {
        Kind::Message(message) if field.is_map() => {
            let of = |field: FieldDescriptor| kind(&field);
            let (key, value) = (
                message.map_entry_key_field(),
                message.map_entry_value_field(),
            );
            return format!("map of {} to {}", of(key), of(value));
        }
        Kind::Message(message) => link(&message),
        Kind::Enum(one) => format!("[{0}](#{1})", one.name(), one.name().to_lowercase()),
        other => format!("{other:?}").to_lowercase(),
    };
    if field.is_list() {
        format!("list of {name}")
    } else {
        name
    }
}

/// A message's name below its package.
fn short(message: &MessageDescriptor) -> String {
    let name = message.full_name();
    let below = name
        .strip_prefix(PACKAGE)
        .and_then(|rest| rest.strip_prefix('.'));
    below.unwrap_or(name).to_owned()
}

fn link(message: &MessageDescriptor) -> String {
    let name = short(message);
    if message.package_name() != PACKAGE {
        return format!("`{name}`");
    }
    let anchor = name.to_lowercase().replace('.', "");
    format!("[{name}](#{anchor})")
}

/// A comment as paragraphs: the blank that starts each of its lines is gone.
fn lines(comment: &str) -> String {
    let lines: Vec<&str> = comment.lines().map(str::trim).collect();
    lines.join("\n")
}

fn write_enum(text: &mut String, one: &EnumDescriptor) {
    let file = one.parent_file();
    let about = comment(&file, one.path());
    let _ = write!(text, "\n### {}\n\n{}\n", one.name(), lines(&about));
    let _ = write!(
        text,
        "\n| value | number | meaning |\n| --- | --- | --- |\n"
    );
    for value in one.values() {
        let about = cell(&file, value.path());
        let _ = writeln!(
            text,
            "| `{}` | {} | {about} |",
            value.name(),
            value.number()
        );
    }
}
