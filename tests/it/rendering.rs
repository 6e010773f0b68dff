//! Documents people can look at: voucher, form and relief schedule, the same bytes for ever.

use std::collections::BTreeMap;

use caixing::cli::{JourneyInput, check_voucher, play, write_json};
use caixing::filing::{Declaration, DeclarationState, Voucher, VoucherKind, VoucherState};
use caixing::pb;
use caixing::render::{self, Document, RenderError};
use caixing::types::{TaxAuthority, TaxKind};
use sha2::{Digest, Sha256};

use crate::sample::{
    content, declaration, line, payment, plain, read, source_id, taxpayer, voucher, voucher_number,
    yuan,
};
use crate::support::{
    NOBODY, Server, assert_precondition, assert_refused, bad_fields, collect, contract, draft,
    fact, pay, registration, submit, voucher_list, wait_for,
};
use crate::vouchers::issued;

fn asking(voucher: &pb::Voucher, document: pb::DocumentKind) -> pb::RenderVoucherRequest {
    pb::RenderVoucherRequest {
        taxpayer_id: voucher.taxpayer_id.clone(),
        voucher_number: voucher.voucher_number.clone(),
        document: document.into(),
        ..Default::default()
    }
}

async fn drawn(server: &Server, request: pb::RenderVoucherRequest) -> pb::RenderVoucherResponse {
    let answer = server.vouchers().render_voucher(request).await;
    answer.unwrap().into_inner()
}

/// The text of the one QR code on a page.
fn qr_text(png: &[u8]) -> String {
    let map = tiny_skia::Pixmap::decode_png(png).unwrap();
    let (width, height) = (map.width() as usize, map.height() as usize);
    let grey = |x: usize, y: usize| map.pixels()[y * width + x].green();
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one QR code on the page");
    grids[0].decode().unwrap().1
}

#[tokio::test]
async fn a_voucher_is_drawn_as_a_small_pdf_the_same_for_ever() {
    let server = Server::start().await;
    let voucher = issued(&server).await;
    let request = asking(&voucher, pb::DocumentKind::Unspecified);
    let first = drawn(&server, request.clone()).await;
    assert!(first.content.starts_with(b"%PDF-1."));
    assert_eq!(first.media_type, "application/pdf");
    assert_eq!(
        first.file_name,
        format!("voucher-{}.pdf", voucher.voucher_number)
    );
    assert_eq!(first.page_count, 1);
    assert!(
        first.content.len() <= 100_000,
        "{} bytes",
        first.content.len()
    );
    assert_eq!(
        first.content_sha256,
        hex::encode(Sha256::digest(&first.content))
    );
    assert_eq!(drawn(&server, request).await, first);
    // Without any server, from the saved voucher, it is the same document.
    let saved = check_voucher(&write_json("Voucher", &voucher).unwrap(), None).unwrap();
    let document = render::voucher(&saved).unwrap();
    assert_eq!(render::pdf(&document).unwrap(), first.content);
}

#[tokio::test]
async fn the_qr_code_on_the_page_says_what_the_voucher_says() {
    let server = Server::start().await;
    let voucher = issued(&server).await;
    let mut request = asking(&voucher, pb::DocumentKind::Voucher);
    request.set_format(pb::DocumentFormat::Png);
    let page = drawn(&server, request.clone()).await;
    assert_eq!(page.media_type, "image/png");
    assert_eq!(qr_text(&page.content), voucher.qr_text);
    let map = tiny_skia::Pixmap::decode_png(&page.content).unwrap();
    assert_eq!((map.width(), map.height()), (1240, 1754), "A4 at 150 dpi");
    request.page = 2;
    let status = server.vouchers().render_voucher(request.clone()).await;
    let status = assert_refused(status, tonic::Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(bad_fields(&status), ["page"]);
    request.page = -1;
    request.voucher_number = String::new();
    request.document = 9;
    let status = server.vouchers().render_voucher(request).await;
    let status = assert_refused(status, tonic::Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(bad_fields(&status), ["document", "page", "voucher_number"]);
}

#[tokio::test]
async fn a_missing_letter_is_refused_and_never_drawn_as_a_box() {
    let server = Server::start().await;
    // 喆 stands in GBK, not in GB 2312.
    let mut request = registration();
    request.name = "合肥喆星机械有限公司".to_owned();
    let answer = server.taxpayers().register_taxpayer(request).await;
    let taxpayer = answer.unwrap().into_inner().taxpayer.unwrap().taxpayer_id;
    collect(&server, &taxpayer, contract("HT-1")).await;
    let filed = submit(&server, &draft(&server, &taxpayer).await).await;
    let payment = pay(&server, &filed, "300.00").await;
    wait_for(&server, &payment, pb::PaymentState::InTreasury).await;
    let voucher = voucher_list(&server, &taxpayer).await.remove(0);
    for kind in [pb::DocumentKind::Voucher, pb::DocumentKind::Form] {
        let refused = server
            .vouchers()
            .render_voucher(asking(&voucher, kind))
            .await;
        let status = assert_precondition(refused, "GLYPH_MISSING");
        assert_eq!(fact(&status, "letters"), "喆");
    }
}

#[tokio::test]
async fn form_and_schedule_of_the_example_are_drawn() {
    let server = Server::start().await;
    let input = JourneyInput::parse(&read("examples/hefei-manufacturer.json")).unwrap();
    let outcome = play(&server.address, &input, true).await.unwrap();
    for kind in [
        pb::DocumentKind::Voucher,
        pb::DocumentKind::Form,
        pb::DocumentKind::ReliefSchedule,
    ] {
        let mut request = asking(&outcome.voucher, kind);
        let pdf = drawn(&server, request.clone()).await;
        assert!(pdf.content.starts_with(b"%PDF-1."), "{kind:?}");
        assert!(pdf.content.len() <= 200_000, "{} bytes", pdf.content.len());
        for page in 1..=pdf.page_count {
            request.page = page;
            request.set_format(pb::DocumentFormat::Png);
            let png = drawn(&server, request.clone()).await;
            assert_eq!(png.page_count, pdf.page_count);
            assert!(png.file_name.ends_with(&format!("-{page}.png")));
        }
    }
    // The declaration can be named instead.
    let by_voucher = drawn(&server, asking(&outcome.voucher, pb::DocumentKind::Form)).await;
    let mut request = asking(&outcome.voucher, pb::DocumentKind::Form);
    request.voucher_number = String::new();
    request.declaration_id = outcome.declaration.declaration_id.clone();
    assert_eq!(drawn(&server, request.clone()).await, by_voucher);
    request.declaration_id = NOBODY.to_owned();
    let none = server.vouchers().render_voucher(request).await;
    assert_refused(none, tonic::Code::NotFound, "DECLARATION_NOT_FOUND");
}

/// What is written on each page.
fn pages(document: &Document) -> Vec<Vec<String>> {
    document.pages.iter().map(render::Sheet::texts).collect()
}

fn filed(lines: Vec<caixing::filing::Line>) -> Declaration {
    declaration(1, DeclarationState::Completed, content("pack", lines))
}

#[test]
fn the_form_has_eleven_columns_repeats_its_head_and_sums_at_the_end() {
    let lines = (1..=60).map(|number| {
        let mut line = plain(number, "1.00", "2026-10-26");
        line.charge.item_zh = format!("土地{number}");
        line
    });
    let document = render::form(&taxpayer(), &filed(lines.collect()), false).unwrap();
    let pages = pages(&document);
    assert!(pages.len() > 1);
    let titles = [
        "序号",
        "税种",
        "税目",
        "税款所属期起",
        "税款所属期止",
        "计税依据",
        "税率",
        "应纳税额",
        "减免税额",
        "已缴税额",
        "应补(退)税额",
    ];
    for (place, page) in (1..).zip(&pages) {
        for title in titles {
            assert!(
                page.iter().any(|text| text == title),
                "page {place}: {title}"
            );
        }
        assert!(page.contains(&"财产和行为税纳税申报表".to_owned()));
        let last = place == pages.len();
        let dashes = page.iter().filter(|text| *text == "——").count();
        // 合计 has dashes in columns 3 to 7.
        assert_eq!(dashes, if last { 5 } else { 0 }, "page {place}");
        assert_eq!(page.iter().any(|text| text == "合计"), last);
        assert_eq!(
            page.iter().any(|text| text.starts_with("受理税务机关")),
            last
        );
    }
    let last = pages.last().unwrap();
    let total = last.iter().position(|text| text == "合计").unwrap();
    assert_eq!(
        last[total + 6..total + 10],
        ["60.00", "0.00", "0.00", "60.00"]
    );
    let rows: usize = pages
        .iter()
        .map(|page| page.iter().filter(|text| *text == "城镇土地使用税").count())
        .sum();
    assert_eq!(rows, 60);
}

#[test]
fn the_schedule_has_a_block_for_each_relieved_tax() {
    let amounts = ["100.00", "40.00", "0.00"];
    let lines = vec![
        line(1, TaxKind::RealEstateTax, amounts, "60.00", "2026-10-26"),
        line(2, TaxKind::StampTax, amounts, "60.00", "2026-10-26"),
        line(3, TaxKind::RealEstateTax, amounts, "60.00", "2026-10-26"),
    ];
    let names = BTreeMap::from([(source_id(1), "一号厂房".to_owned())]);
    let document = render::schedule(&taxpayer(), &filed(lines), &names, false).unwrap();
    let text = pages(&document).concat();
    let has = |wanted: &str| text.iter().filter(|text| *text == wanted).count();
    assert_eq!((has("房产税"), has("印花税"), has("车船税")), (1, 1, 0));
    assert_eq!((has("房产编号"), has("一号厂房"), has("税目2")), (1, 1, 1));
    assert_eq!((has("小计"), has("40.00"), has("80.00")), (2, 4, 1));
    assert!(
        text.contains(&"本期减免税额合计：120.00".to_owned()),
        "{text:?}"
    );
    assert!(text.contains(&"本期是否适用小微企业“六税两费”减免政策：□是　■否".to_owned()));
}

fn sheet(state: VoucherState) -> Voucher {
    let paid = payment(1, 1, caixing::filing::PaymentState::InTreasury);
    Voucher {
        state,
        ..voucher(1, &paid)
    }
}

#[test]
fn a_sheet_shows_what_it_is_and_whether_it_is_in_force() {
    let texts = |voucher: &Voucher| pages(&render::voucher(voucher).unwrap()).concat();
    let issued = texts(&sheet(VoucherState::Issued));
    for wanted in [
        "中华人民共和国税收完税证明",
        "填发日期：2026 年 10 月 27 日",
        "纳税人识别号：91350100M000100Y43",
        "金额合计（大写）　壹佰元零伍分",
        "¥ 100.05",
        "征税专用章",
        "税务机关（盖章）",
    ] {
        assert!(issued.contains(&wanted.to_owned()), "{wanted}: {issued:?}");
    }
    let marks = ["作　废", "已换开作废", "沙箱样张"];
    let marked = |texts: &[String]| marks.map(|mark| texts.contains(&mark.to_owned()));
    assert_eq!(marked(&issued), [false; 3]);
    assert_eq!(
        marked(&texts(&sheet(VoucherState::Voided))),
        [true, false, false]
    );
    let mut replaced = sheet(VoucherState::Replaced);
    replaced.replaced_by = Some(voucher_number(2));
    let shown = texts(&replaced);
    assert_eq!(marked(&shown), [false, true, false]);
    let by = format!("已由 {} 换开", voucher_number(2));
    assert!(
        shown.iter().any(|text| by.starts_with(text.as_str())),
        "{shown:?}"
    );
    let mut refund = sheet(VoucherState::Issued);
    refund.body.sample = true;
    refund.kind = VoucherKind::Refund;
    refund.body.total = yuan("-100.05");
    let shown = texts(&refund);
    assert_eq!(marked(&shown), [false, false, true]);
    for wanted in ["退库日期", "实退金额", "¥ -100.05"] {
        assert!(shown.contains(&wanted.to_owned()), "{wanted}");
    }
}

#[test]
fn more_rows_than_fit_go_on_numbered_pages_with_the_same_number() {
    let mut long = sheet(VoucherState::Issued);
    let row = long.body.rows[0].clone();
    long.body.rows = vec![row; 70];
    let pages = pages(&render::voucher(&long).unwrap());
    assert!(pages.len() > 2, "{}", pages.len());
    for (place, page) in (1..).zip(&pages) {
        let number = format!("第 {place} 页　共 {} 页", pages.len());
        assert!(page.contains(&number), "{number}");
        assert!(page.contains(&format!("No. {}", voucher_number(1))));
        let total = page.iter().any(|text| text.starts_with("金额合计"));
        assert_eq!(total, place == pages.len());
    }
    long.body.rows = vec![long.body.rows[0].clone(); 10_000];
    assert_eq!(render::voucher(&long), Err(RenderError::TooLong));
}

/// Everything the law names can be written: taxes, items, reliefs, documents.
#[test]
fn the_built_in_font_has_the_letters_of_every_rule() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut folders = vec![folder];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "toml") {
                let text = std::fs::read_to_string(&path).unwrap();
                let missing = render::missing_letters(&text.replace('\n', ""));
                assert_eq!(missing, "", "{path:?}");
                files += 1;
            }
        }
    }
    assert!(files > 8, "{files}");
    assert_eq!(render::missing_letters("喆甲𠮷喆"), "喆𠮷");
    let authority = TaxAuthority::parse("13401040000").unwrap().to_string();
    assert_eq!(render::missing_letters(&authority), "");
}
