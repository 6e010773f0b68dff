//! The API's documents are what the protos say, and the protos say what the service does.

use std::collections::BTreeSet;
use std::path::Path;

use caixing::pb;
use prost_reflect::{DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor};
use tonic::Code;

use crate::bad_input::call;
use crate::sample;
use crate::support::*;

/// What field_behavior says: 1 may be left out, 2 must be there.
const OPTIONAL: i32 = 1;
const REQUIRED: i32 = 2;

/// Fields that may be left out where another stands in their place; with neither, these are named.
const UNLESS_ANOTHER: [(&str, &str); 3] = [
    ("CompareDeclarations", "after_declaration_id"),
    ("GetOutcome", "taxpayer_id"),
    ("RenderVoucher", "voucher_number"),
];

fn pool() -> (DescriptorPool, ExtensionDescriptor) {
    let pool = DescriptorPool::decode(pb::DESCRIPTORS).unwrap();
    let behavior = pool.get_extension_by_name("google.api.field_behavior");
    (pool, behavior.unwrap())
}

fn behavior(field: &FieldDescriptor, extension: &ExtensionDescriptor) -> Option<i32> {
    let options = field.options();
    let value = options.get_extension(extension);
    let list = value.as_list().unwrap();
    assert!(list.len() <= 1, "{} says two things", field.full_name());
    list.first().map(|one| one.as_enum_number().unwrap())
}

fn is_written(path: &str, document: &str) {
    if std::env::var_os("CAIXING_UPDATE").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        std::fs::write(path, document).unwrap();
        return;
    }
    let written = sample::read(path);
    assert!(
        written == document,
        "{path} is not what the protos say: CAIXING_UPDATE=1 writes it"
    );
}

#[test]
fn the_reference_is_what_the_protos_say() {
    let document = caixing::cli::api_reference().unwrap();
    is_written("docs/api.md", &document);
    for name in [
        "SubmitDeclaration",
        "content_digest",
        "DECLARATION_STATE_DRAFT",
    ] {
        assert!(document.contains(name), "{name}");
    }
}

#[test]
fn the_service_config_repeats_only_what_was_not_available() {
    let config = caixing::cli::service_config().unwrap();
    is_written("docs/service-config.json", &format!("{config}\n"));
    let read: serde_json::Value = serde_json::from_str(&config).unwrap();
    let policy = &read["methodConfig"][0]["retryPolicy"];
    assert_eq!(
        policy["retryableStatusCodes"],
        serde_json::json!(["UNAVAILABLE"])
    );
    let named = read["methodConfig"][0]["name"].as_array().unwrap().len();
    let (pool, _) = pool();
    let ours = pool
        .services()
        .filter(|service| service.package_name() == "caixing.v1");
    // The bank's side is called by the service, never by a client of it.
    assert_eq!(named, ours.count() - 1);
}

#[test]
fn every_field_of_a_request_says_whether_it_must_be_there() {
    let (pool, extension) = pool();
    let requests = pool.services().flat_map(|service| {
        let methods: Vec<_> = service.methods().collect();
        methods.into_iter().map(|method| method.input())
    });
    let mut silent = BTreeSet::new();
    for message in requests.filter(|message| message.package_name() == "caixing.v1") {
        for field in message.fields() {
            match behavior(&field, &extension) {
                Some(OPTIONAL | REQUIRED) => {}
                _ => {
                    silent.insert(field.full_name().to_owned());
                }
            }
        }
    }
    assert_eq!(silent, BTreeSet::new());
}

fn either(method: &str) -> Option<String> {
    let mut fields = UNLESS_ANOTHER
        .into_iter()
        .filter(|(name, _)| *name == method);
    fields.next().map(|(_, field)| field.to_owned())
}

#[tokio::test]
async fn an_empty_request_is_told_of_exactly_the_fields_that_must_be_there() {
    let server = Server::start().await;
    let (pool, extension) = pool();
    let (mut asked, mut wrong) = (0, Vec::new());
    for service in pool
        .services()
        .filter(|service| service.package_name() == "caixing.v1")
    {
        for method in service.methods() {
            let input = method.input();
            let required: BTreeSet<String> = input
                .fields()
                .filter(|field| behavior(field, &extension) == Some(REQUIRED))
                .map(|field| field.name().to_owned())
                .chain(either(method.name()))
                .collect();
            let streams = method.is_client_streaming() || method.is_server_streaming();
            if required.is_empty() || streams || service.name() == "PaymentGateway" {
                continue;
            }
            let name = format!("{}/{}", service.name(), method.name());
            let empty = DynamicMessage::new(input);
            let status = call(&server, &name, empty).await.unwrap_err();
            assert_eq!(status.code(), Code::InvalidArgument, "{name}");
            let told: BTreeSet<String> = bad_fields(&status).into_iter().collect();
            if told != required {
                let missing: Vec<_> = required.difference(&told).collect();
                let more: Vec<_> = told.difference(&required).collect();
                wrong.push(format!("{name}: not told of {missing:?}, told of {more:?}"));
            }
            asked += 1;
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(asked >= 40, "{asked} methods");
    server.stop().await;
}
