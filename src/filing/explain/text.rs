//! The trace as text for people, in both languages.

use std::fmt::Write as _;

use super::{Amount, AmountTrace, LawValue, LineTrace, Trace, TraceStep, day_text};

impl Amount {
    /// What it is called.
    pub const fn name(self, english: bool) -> &'static str {
        let (zh, en) = match self {
            Self::Tax => ("应纳税额", "Tax"),
            Self::Relief => ("减免税额", "Relief"),
            Self::Payable => ("应补（退）税额", "Payable"),
            Self::DueOn => ("申报缴款期限", "Due day"),
            Self::TotalTax => ("应纳税额合计", "Total tax"),
            Self::TotalRelief => ("减免税额合计", "Total relief"),
            Self::TotalAlreadyPaid => ("已缴税额合计", "Total already paid"),
            Self::TotalNet => ("应补（退）税额合计", "Total net"),
            Self::TotalPayable => ("应补税额", "To be paid"),
            Self::TotalRefundable => ("应退税额", "Refundable"),
        };
        if english { en } else { zh }
    }
}

impl LawValue {
    fn text(&self, english: bool) -> String {
        let sure = match (self.confidence, english) {
            ("confirmed", false) => "已核实",
            ("secondary", false) => "二手来源",
            ("unconfirmed", false) => "未核实",
            ("stated", false) => "申报人列明",
            (word, _) => word,
        };
        let id = &self.id;
        let value = if self.value.is_empty() {
            String::new()
        } else {
            format!(" = {}", self.value)
        };
        let (first, last) = (day_text(self.first_day), day_text(self.last_day));
        let days = match (first.is_empty(), last.is_empty(), english) {
            (true, _, _) => String::new(),
            (false, true, false) => format!("，{first} 起"),
            (false, false, false) => format!("，{first} 至 {last}"),
            (false, true, true) => format!(", from {first}"),
            (false, false, true) => format!(", {first} to {last}"),
        };
        let cite = &self.cite;
        if english {
            format!("[{id}{value}{days}; {cite}; {sure}]")
        } else {
            format!("［{id}{value}{days}；{cite}；{sure}］")
        }
    }
}

impl TraceStep {
    /// The step on one line.
    pub fn text(&self, english: bool) -> String {
        let step = &self.step;
        let label = if english {
            &step.label_en
        } else {
            &step.label_zh
        };
        let colon = if english { ": " } else { "：" };
        let mut text = format!("{label}{colon}{}", step.expression);
        if let Some((exact, places)) = &self.rounded {
            let how = match (places, english) {
                (2, false) => "四舍五入到分".to_owned(),
                (places, false) => format!("四舍五入到 {places} 位小数"),
                (2, true) => "half up to the fen".to_owned(),
                (places, true) => format!("half up to {places} places"),
            };
            let _ = write!(text, " = {exact} ≈ {} ({how})", step.value);
        } else if step.expression != step.value {
            let _ = write!(text, " = {}", step.value);
        }
        if let Some(law) = &self.law {
            let _ = write!(text, " {}", law.text(english));
        }
        if let Some(basis) = &step.legal_basis
            && self.law.as_ref().is_none_or(|law| law.cite != *basis)
        {
            let word = if english { "basis" } else { "依据" };
            let _ = write!(text, " ({word}{colon}{basis})");
        }
        text
    }
}

impl AmountTrace {
    /// The amount with its steps, one a line.
    pub fn text(&self, english: bool) -> String {
        let mut text = self.amount.name(english).to_owned();
        if let Some((id, name)) = &self.relief {
            let _ = write!(text, " {id} {name}");
        }
        let _ = write!(text, " {}", self.value);
        for step in &self.steps {
            let _ = write!(text, "\n  {}", step.text(english));
        }
        text
    }
}

impl LineTrace {
    /// The line with its amounts and turning points.
    pub fn text(&self, english: bool) -> String {
        let title = if english {
            &self.title_en
        } else {
            &self.title_zh
        };
        let mut text = title.clone();
        for amount in &self.amounts {
            for line in amount.text(english).lines() {
                let _ = write!(text, "\n  {line}");
            }
        }
        if !self.turning_points.is_empty() {
            text.push_str(if english {
                "\n  Turning points"
            } else {
                "\n  临界点"
            });
        }
        for point in &self.turning_points {
            let said = if english { &point.en } else { &point.zh };
            let _ = write!(text, "\n    {said}");
        }
        text
    }
}

impl Trace {
    /// All of it.
    pub fn text(&self, english: bool) -> String {
        let lines = self.lines.iter().map(|line| line.text(english));
        let totals = self.totals.iter().map(|total| total.text(english));
        lines.chain(totals).collect::<Vec<_>>().join("\n\n")
    }
}
