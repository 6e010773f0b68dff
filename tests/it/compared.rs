//! What differs between declarations, over a real socket, and in the rules it reads.

use caixing::pb;
use caixing::pb::DifferenceKind as Kind;
use caixing::pb::compare_declarations_request::After;
use tonic::Code;

use super::support::{NOBODY, Server, collect, contract, draft, reason, register, stamp, window};

fn comparing(draft: &pb::Declaration, after: Option<After>) -> pb::CompareDeclarationsRequest {
    pb::CompareDeclarationsRequest {
        taxpayer_id: draft.taxpayer_id.clone(),
        before_declaration_id: draft.declaration_id.clone(),
        after,
    }
}

async fn compared(
    server: &Server,
    draft: &pb::Declaration,
    after: After,
) -> pb::CompareDeclarationsResponse {
    let asked = comparing(draft, Some(after));
    let answer = server.declarations().compare_declarations(asked).await;
    let answer = answer.unwrap().into_inner();
    let fen = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
    let causes = answer.lines.iter().flat_map(|line| &line.causes);
    let sum: i64 = causes.map(|cause| fen(&cause.effect_yuan)).sum();
    assert_eq!(sum, fen(&answer.difference.as_ref().unwrap().net_yuan));
    answer
}

/// The kind and effect of every cause.
fn causes(answer: &pb::CompareDeclarationsResponse) -> Vec<(Kind, &str)> {
    let causes = answer.lines.iter().flat_map(|line| &line.causes);
    causes
        .map(|cause| (cause.kind(), cause.effect_yuan.as_str()))
        .collect()
}

#[tokio::test]
async fn a_second_contract_is_a_line_that_is_new() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let before = draft(&server, &taxpayer).await;
    collect(&server, &taxpayer, contract("HT-2")).await;
    let after = draft(&server, &taxpayer).await;
    let id = After::AfterDeclarationId(after.declaration_id.clone());
    let answer = compared(&server, &before, id).await;
    assert_eq!(causes(&answer), [(Kind::Added, "300.00")]);
    assert_eq!(answer.unchanged_line_count, 1);
    assert_eq!(answer.lines[0].before_line_number, 0);
    // The other way round it is gone.
    let id = After::AfterDeclarationId(before.declaration_id.clone());
    assert_eq!(
        causes(&compared(&server, &after, id).await),
        [(Kind::Removed, "-300.00")]
    );
    let id = After::AfterDeclarationId(after.declaration_id.clone());
    assert!(compared(&server, &after, id).await.lines.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn the_law_of_another_day_is_the_cause() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    let mut transport = contract("HT-1");
    stamp(&mut transport).lines[0].set_item(pb::StampItem::Transport);
    collect(&server, &taxpayer, transport).await;
    let drawn = draft(&server, &taxpayer).await;
    // 1,000,000.00 × 0.0005 before July 2022, × 0.0003 since.
    let answer = compared(&server, &drawn, After::LawDate("2022-06-30".to_owned())).await;
    // The old law also had another period: contracts by the month.
    let money = |(_, effect): &(Kind, &str)| *effect != "0.00";
    let told: Vec<_> = causes(&answer).into_iter().filter(money).collect();
    assert_eq!(told, [(Kind::Rule, "200.00")], "{answer:#?}");
    let mut rules = answer.lines[0].causes.iter();
    let cause = rules.find(|cause| cause.kind() == Kind::Rule).unwrap();
    assert_eq!(cause.parameter_id, "st.rate.transport");
    assert_eq!(
        (cause.before.as_str(), cause.after.as_str()),
        ("0.0003", "0.0005")
    );
    assert!(cause.before_legal_basis.contains("印花税法"), "{cause:?}");
    assert!(
        cause.after_legal_basis.contains("印花税暂行条例"),
        "{cause:?}"
    );
    let answer = compared(&server, &drawn, After::LawDate("2026-07-10".to_owned())).await;
    assert!(answer.lines.is_empty(), "{answer:#?}");
    server.stop().await;
}

#[tokio::test]
async fn a_what_if_is_matched_by_the_names_of_its_sources() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let drawn = draft(&server, &taxpayer).await;
    let mut twice = contract("HT-1");
    stamp(&mut twice).lines[0].amount_yuan = "2000000.00".to_owned();
    let what_if = pb::AssessDeclarationRequest {
        window: Some(window("2026-07-01", "2026-09-30")),
        sources: vec![twice],
        ..Default::default()
    };
    let answer = compared(&server, &drawn, After::Assessment(what_if)).await;
    assert_eq!(causes(&answer), [(Kind::Base, "300.00")]);
    let line = &answer.lines[0];
    assert_eq!(line.source_name, "产品销售合同");
    assert_eq!(line.before_payable_yuan, "300.00");
    assert_eq!(line.after_payable_yuan, "600.00");
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_compared_is_refused() {
    let server = Server::start().await;
    let taxpayer = register(&server).await;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let drawn = draft(&server, &taxpayer).await;
    let bad = [
        (None, "after_declaration_id"),
        (
            Some(After::AfterDeclarationId("x".to_owned())),
            "after_declaration_id",
        ),
        (Some(After::LawDate(String::new())), "law_date"),
        (Some(After::LawDate("2017-12-31".to_owned())), "law_date"),
        (
            Some(After::Assessment(Default::default())),
            "assessment.window",
        ),
    ];
    for (after, field) in bad {
        let asked = comparing(&drawn, after);
        let status = server
            .declarations()
            .compare_declarations(asked)
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{field}");
        let details = tonic_types::StatusExt::get_error_details(&status);
        let violations = &details.bad_request().unwrap().field_violations;
        assert_eq!(violations[0].field, field);
    }
    let nobody = Some(After::AfterDeclarationId(NOBODY.to_owned()));
    let asked = comparing(&drawn, nobody);
    let status = server
        .declarations()
        .compare_declarations(asked)
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert!(!reason(&status).is_empty());
    server.stop().await;
}
