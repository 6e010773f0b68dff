//! Lists page by page: nothing is left out, nothing comes twice, and the last page says so.

use caixing::pb;

use crate::support::*;

/// Walks all pages of a list and gives the ids in order, with the number of pages.
macro_rules! walk {
    ($client:expr, $method:ident, $request:expr, $rows:ident, $id:ident) => {{
        let mut request = $request;
        let (mut ids, mut pages) = (Vec::new(), 0);
        loop {
            let page = $client.$method(request.clone()).await.unwrap().into_inner();
            pages += 1;
            ids.extend(page.$rows.iter().map(|row| row.$id.clone()));
            if page.next_page_token.is_empty() {
                break (ids, pages);
            }
            request.page_token = page.next_page_token;
        }
    }};
}

#[tokio::test]
async fn sources_come_in_the_order_of_collection_page_by_page() {
    let server = Server::start().await;
    let taxpayer_id = register(&server).await;
    let mut collected = Vec::new();
    for number in ["HT-1", "HT-2", "HT-3", "HT-4", "HT-5"] {
        collected.push(
            collect(&server, &taxpayer_id, contract(number))
                .await
                .source_id,
        );
    }
    let request = pb::ListTaxSourcesRequest {
        taxpayer_id,
        page_size: 2,
        ..Default::default()
    };
    let (ids, pages) = walk!(
        server.sources(),
        list_tax_sources,
        request,
        sources,
        source_id
    );
    assert_eq!(ids, collected);
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn declarations_come_newest_first_page_by_page() {
    let server = Server::start().await;
    let taxpayer_id = register(&server).await;
    collect(&server, &taxpayer_id, contract("HT-1")).await;
    let mut drawn = Vec::new();
    for _ in 0..3 {
        let answer = server
            .declarations()
            .draft_declaration(drawing(&taxpayer_id))
            .await;
        let declarations = answer.unwrap().into_inner().declarations;
        drawn.insert(0, declarations[0].declaration_id.clone());
    }
    let request = pb::ListDeclarationsRequest {
        taxpayer_id,
        page_size: 2,
        ..Default::default()
    };
    let client = || server.declarations();
    let (ids, pages) = walk!(
        client(),
        list_declarations,
        request,
        declarations,
        declaration_id
    );
    assert_eq!(ids, drawn);
    assert_eq!(pages, 2);
}

#[tokio::test]
async fn vouchers_come_page_by_page_and_a_foreign_token_is_refused() {
    let server = Server::start().await;
    let taxpayer_id = register(&server).await;
    let mut issued = Vec::new();
    for number in ["HT-1", "HT-2", "HT-3"] {
        collect(&server, &taxpayer_id, contract(number)).await;
        let filed = submit(&server, &draft(&server, &taxpayer_id).await).await;
        let payment = pay(&server, &filed, "300.00").await;
        let settled = wait_for(&server, &payment, pb::PaymentState::InTreasury).await;
        issued.insert(0, settled.voucher_number);
    }
    let request = pb::ListVouchersRequest {
        taxpayer_id,
        page_size: 1,
        ..Default::default()
    };
    let (numbers, pages) = walk!(
        server.vouchers(),
        list_vouchers,
        request.clone(),
        vouchers,
        voucher_number
    );
    assert_eq!(numbers, issued);
    assert_eq!(pages, 3);
    let foreign = pb::ListVouchersRequest {
        page_token: "1.2".to_owned(),
        ..request
    };
    let status = server.vouchers().list_vouchers(foreign).await.unwrap_err();
    assert_eq!(bad_fields(&status), ["page_token"]);
}

also_on_postgres!(
    sources_come_in_the_order_of_collection_page_by_page,
    declarations_come_newest_first_page_by_page,
    vouchers_come_page_by_page_and_a_foreign_token_is_refused,
);
