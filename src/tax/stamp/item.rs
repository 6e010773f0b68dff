//! The items (税目) of both regimes, and what the rule pack says of them on a day.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::catalogue;
use crate::tax::{Applied, ChargeError, Context, Finding};

/// The taxable item (税目). Which exist on a day is rule data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Item {
    /// 买卖合同; 购销合同.
    Sale,
    /// 承揽合同; 加工承揽合同.
    Contracting,
    /// 建设工程勘察设计合同 (条例).
    SurveyDesign,
    /// 建设工程合同; 建筑安装工程承包合同.
    Construction,
    /// 租赁合同; 财产租赁合同.
    Lease,
    /// 运输合同; 货物运输合同.
    Transport,
    /// 仓储保管合同 (条例).
    WarehousingCustody,
    /// 保管合同.
    Custody,
    /// 仓储合同.
    Warehousing,
    /// 借款合同.
    Loan,
    /// 融资租赁合同.
    FinanceLease,
    /// 财产保险合同.
    Insurance,
    /// 技术合同.
    Technology,
    /// 产权转移书据 (条例).
    TransferDocument,
    /// 土地使用权出让书据.
    LandGrant,
    /// 土地使用权、房屋等建筑物和构筑物所有权转让书据.
    RealTransfer,
    /// 股权转让书据.
    Equity,
    /// 商标专用权、著作权、专利权、专有技术使用权转让书据.
    IpTransfer,
    /// 权利、许可证照 (条例).
    Licence,
    /// 营业账簿; 资金账簿.
    Books,
    /// 其他营业账簿 (条例).
    OtherBooks,
    /// 证券交易: withheld, never on the consolidated return.
    Securities,
}

/// Names of an item: `ST_` + its name, its rate (or per-piece amount), its filing frequency.
macro_rules! names {
    ($($item:ident $name:literal $value:literal $group:literal;)+) => {
        impl Item {
            /// Every item.
            pub const ALL: &[Self] = &[$(Self::$item),+];

            /// The stable item id of charges, such as `ST_SALE`.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$item => concat!("ST_", $name)),+ }
            }

            /// The word in the rule tables, such as `SALE`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$item => $name),+ }
            }

            /// The parameter of its rate, or of its amount per piece.
            pub const fn rate_parameter(self) -> &'static str {
                match self { $(Self::$item => concat!("st.", $value)),+ }
            }

            /// The parameter of its filing frequency.
            pub const fn frequency_parameter(self) -> &'static str {
                match self { $(Self::$item => concat!("st.frequency.", $group)),+ }
            }
        }
    };
}

names! {
    Sale "SALE" "rate.sale" "contract";
    Contracting "CONTRACTING" "rate.contracting" "contract";
    SurveyDesign "SURVEY_DESIGN" "rate.survey_design" "contract";
    Construction "CONSTRUCTION" "rate.construction" "contract";
    Lease "LEASE" "rate.lease" "contract";
    Transport "TRANSPORT" "rate.transport" "contract";
    WarehousingCustody "WAREHOUSING_CUSTODY" "rate.warehousing_custody" "contract";
    Custody "CUSTODY" "rate.custody" "contract";
    Warehousing "WAREHOUSING" "rate.warehousing" "contract";
    Loan "LOAN" "rate.loan" "contract";
    FinanceLease "FINANCE_LEASE" "rate.finance_lease" "contract";
    Insurance "INSURANCE" "rate.insurance" "contract";
    Technology "TECHNOLOGY" "rate.technology" "contract";
    TransferDocument "TRANSFER_DOCUMENT" "rate.transfer_document" "document";
    LandGrant "LAND_GRANT" "rate.land_grant" "document";
    RealTransfer "REAL_TRANSFER" "rate.real_transfer" "document";
    Equity "EQUITY" "rate.equity" "document";
    IpTransfer "IP_TRANSFER" "rate.ip_transfer" "document";
    Licence "LICENCE" "piece.licence" "document";
    Books "BOOKS" "rate.books" "books";
    OtherBooks "OTHER_BOOKS" "piece.other_books" "books";
    Securities "SECURITIES" "rate.securities" "contract";
}

impl Item {
    /// Taxed by the piece, not by value.
    pub const fn is_per_piece(self) -> bool {
        matches!(self, Self::Licence | Self::OtherBooks)
    }

    /// The item's name and code in force on the signing day.
    pub fn title(self, ctx: &Context<'_>, on: Date) -> (String, Option<String>) {
        let found = ctx.rules.table("st.items", on).and_then(|table| {
            let row = table
                .rows
                .iter()
                .find(|row| table.cell(row, "item") == Some(self.name()))?;
            let code = table.cell(row, "code").filter(|code| !code.is_empty());
            Some((
                table.cell(row, "name_zh")?.to_owned(),
                code.map(str::to_owned),
            ))
        });
        found.unwrap_or_else(|| (self.name().to_owned(), None))
    }

    /// The rate (or the amount per piece) on the signing day.
    ///
    /// # Errors
    /// `ST_E01` when the item is not taxable on that day, `ST_E11` for the items per piece.
    pub fn rate(self, ctx: &Context<'_>, on: Date, field: &str) -> Result<Applied, ChargeError> {
        ctx.number(self.rate_parameter(), on)
            .map_err(|_| self.not_taxable(ctx, on, field).into())
    }

    /// What an item that is not taxable on its signing day is told.
    fn not_taxable(self, ctx: &Context<'_>, on: Date, field: &str) -> Finding {
        let name = self.name();
        if self.is_per_piece() {
            return catalogue::ST_E11.at(
                field,
                format!("{name} 自印花税法施行起不再征收印花税，书立日期 {on}"),
                format!("{name} is no longer taxed under the 2022 law; signed on {on}"),
            );
        }
        let finding = catalogue::ST_E01.at(
            field,
            format!("税目 {name} 在书立日期 {on} 不适用"),
            format!("item {name} does not exist on the signing day {on}"),
        );
        let instead = ctx.rules.table("st.items.instead", on).and_then(|table| {
            let mut rows = table.rows.iter();
            let row = rows.find(|row| table.cell(row, "item") == Some(name))?;
            table.cell(row, "instead")
        });
        match instead {
            Some(item) => finding
                .numbers(item, name)
                .fix(field, format!("STAMP_ITEM_{item}")),
            None => finding,
        }
    }
}

/// Which law governs a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regime {
    /// 印花税暂行条例 (1988).
    Reg1988,
    /// 印花税法 (2022).
    Law2022,
}

impl Regime {
    /// The regime of a document signed on a day; it keeps it for settlements and changes.
    ///
    /// # Errors
    /// [`ChargeError::Missing`] for a day before both.
    pub fn of(ctx: &Context<'_>, signed_on: Date) -> Result<Self, ChargeError> {
        Ok(match ctx.text("st.regime", signed_on)? {
            "REG1988" => Self::Reg1988,
            _ => Self::Law2022,
        })
    }

    /// The document and article of the regime.
    pub const fn law(self, reg1988: &'static str, law2022: &'static str) -> &'static str {
        match self {
            Self::Reg1988 => reg1988,
            Self::Law2022 => law2022,
        }
    }
}
