//! `user`: the operator's console for accounts and for tokens of other systems.
//!
//! Whoever runs it reaches the store itself, so it acts as the platform: that is how the first account of all is opened. Everything it does
//! is in the log with `console` as its doer. There is no default password: each first one is random and shown once.

use std::io::Write as _;
use std::sync::Arc;

use casework::account::{Account, AccountState, NAME_UNFIT};
use casework::facility::Facility;
use casework::policy::Policy;
use casework::rights::TABLE;
use casework::routing::Delegations;
use casework::{AccountId, Act, RecordId, Refusal, Role, Unit};
use clap::{Args, Subcommand};
use jiff::tz::offset;
use jiff::{SignedDuration, Timestamp};
use platform::access::{
    Access, AccessError, Factors, FirstPassword, NewAccount, NewToken, Rules, Setup, Site,
    TokenInfo, reasons,
};
use platform::{Platform, RandomIds, Settings};
use serde_json::{Value, json};
use storage::Store;

use crate::Outcome;
use crate::clock::now;
use crate::command::store::{Place, wait};
use crate::exit::{Blame, Exit, Failure, usage};

/// Accounts of people and tokens of other systems, from the operator's console
///
/// The first account of a new store is opened here. First passwords and tokens are shown once, on stdout, and kept nowhere.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  minhchung user create van.hanh --name 'Vũ Văn Hạnh' --unit ministry --role operator --store sqlite:records.db\n  minhchung user reset van.hanh --factors --why 'phone lost, identity checked in person' --store sqlite:records.db\n  minhchung user token create thong-ke --unit province/01 --role auditor --days 90 --store sqlite:records.db"
)]
pub struct UserCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Create(Create),
    List(List),
    Show(Show),
    Reset(Reset),
    Disable(Disable),
    Enable(Enable),
    Assign(Assign),
    Token(TokenCommand),
}

impl UserCommand {
    /// Runs it.
    pub fn run(self) -> Outcome {
        match self.what {
            What::Create(command) => command.run(),
            What::List(command) => command.run(),
            What::Show(command) => command.run(),
            What::Reset(command) => command.run(),
            What::Disable(command) => command.run(),
            What::Enable(command) => command.run(),
            What::Assign(command) => command.run(),
            What::Token(command) => command.run(),
        }
    }
}

/// Open an account; its first password is shown once
#[derive(Args)]
struct Create {
    /// The name at login: 3 to 60 letters, digits, `.`, `-`, `_`, `@`.
    id: String,
    /// The person's name: accounts are never shared.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    post: Post,
    #[command(flatten)]
    desk: Desk,
}

impl Create {
    fn run(self) -> Outcome {
        let new = NewAccount {
            id: self.id,
            name: self.name,
            unit: self.post.unit,
            role: self.post.role,
        };
        let first = self.desk.act(async |access, act| {
            warn_of_unknown(access, &new.unit).await?;
            access.create(act, &new).await
        })?;
        self.desk
            .hand_over("Đã mở tài khoản (account opened)", &first)
    }
}

/// List accounts by name
#[derive(Args)]
struct List {
    /// Only those of this unit.
    #[arg(long, value_name = "KIND/CODE")]
    unit: Option<Unit>,
    #[command(flatten)]
    desk: Desk,
}

impl List {
    fn run(self) -> Outcome {
        let accounts = self.desk.act(async |access, act| match &self.unit {
            Some(unit) => access.accounts_of(act, unit).await,
            None => access.accounts(act, "", usize::MAX).await,
        })?;
        if self.desk.json {
            return print_json(&json!({ "accounts": accounts }));
        }
        let rows = accounts.iter().map(|account| {
            let state = state_words(account.state);
            let (id, role, unit) = (&account.id.0, role_name(account.role), &account.unit);
            format!("{id:<24} {role:<16} {unit:<20} {} — {state}", account.name)
        });
        print_rows(rows, "Chưa có tài khoản nào (there are no accounts)")
    }
}

/// Show an account and its second factors
#[derive(Args)]
struct Show {
    /// The name at login.
    id: String,
    #[command(flatten)]
    desk: Desk,
}

impl Show {
    fn run(self) -> Outcome {
        let (account, factors) = self
            .desk
            .act(async |access, act| access.account(act, &named(&self.id)?).await)?;
        if self.desk.json {
            let mut value = serde_json::to_value(&account).or_fault()?;
            if let Value::Object(fields) = &mut value {
                fields.insert("factors".into(), json!(factors));
            }
            return print_json(&value);
        }
        let mut lines = lines_of(&account);
        lines.extend(lines_of_factors(&factors));
        print_lines("Tài khoản (account)", &lines)
    }
}

/// Take an account's password away and make a new first one: all sessions are over, a lock is gone
#[derive(Args)]
struct Reset {
    /// The name at login.
    id: String,
    /// Second factors and linked identities go too: for somebody who lost them.
    #[arg(long)]
    factors: bool,
    #[command(flatten)]
    desk: Desk,
}

impl Reset {
    fn run(self) -> Outcome {
        let first = self.desk.act(async |access, act| {
            access
                .reset(act, &named(&self.id)?, None, self.factors)
                .await
        })?;
        let title = if self.factors {
            "Đã cấp lại mật khẩu, đã xóa xác thực hai lớp (password reset, second factors removed)"
        } else {
            "Đã cấp lại mật khẩu (password reset)"
        };
        self.desk.hand_over(title, &first)
    }
}

/// Close an account: its sessions are over at once
#[derive(Args)]
struct Disable {
    /// The name at login.
    id: String,
    #[command(flatten)]
    desk: Desk,
}

impl Disable {
    fn run(self) -> Outcome {
        let account = self
            .desk
            .act(async |access, act| access.disable(act, &named(&self.id)?, None).await)?
            .state;
        self.desk
            .show("Tài khoản đã khóa (account closed)", &account)
    }
}

/// Open a closed account again; its new first password is shown once
#[derive(Args)]
struct Enable {
    /// The name at login.
    id: String,
    #[command(flatten)]
    desk: Desk,
}

impl Enable {
    fn run(self) -> Outcome {
        let first = self
            .desk
            .act(async |access, act| access.enable(act, &named(&self.id)?, None).await)?;
        self.desk
            .hand_over("Đã mở lại tài khoản (account opened again)", &first)
    }
}

/// Give an account another unit or role: its sessions are over
#[derive(Args)]
struct Assign {
    /// The name at login.
    id: String,
    #[command(flatten)]
    post: Post,
    #[command(flatten)]
    desk: Desk,
}

impl Assign {
    fn run(self) -> Outcome {
        let Post { unit, role } = self.post;
        let account = self
            .desk
            .act(async |access, act| {
                warn_of_unknown(access, &unit).await?;
                access
                    .assign(act, &named(&self.id)?, None, unit, role)
                    .await
            })?
            .state;
        self.desk
            .show("Đơn vị và vai trò hiện nay (unit and role now)", &account)
    }
}

/// Tokens of other systems: for one unit, in one role, for a limited time. None of them ever runs accounts
#[derive(Args)]
struct TokenCommand {
    #[command(subcommand)]
    what: TokenWhat,
}

#[derive(Subcommand)]
enum TokenWhat {
    Create(MakeToken),
    List(ListTokens),
    Revoke(RevokeToken),
}

impl TokenCommand {
    fn run(self) -> Outcome {
        match self.what {
            TokenWhat::Create(command) => command.run(),
            TokenWhat::List(command) => command.run(),
            TokenWhat::Revoke(command) => command.run(),
        }
    }
}

/// Make a token; it is shown once
#[derive(Args)]
struct MakeToken {
    /// Its name in the log: which system, not which person.
    name: String,
    #[command(flatten)]
    post: Post,
    /// Days that it lives.
    #[arg(long, value_name = "N")]
    days: u16,
    #[command(flatten)]
    desk: Desk,
}

impl MakeToken {
    fn run(self) -> Outcome {
        let Post { unit, role } = self.post;
        let (token, until) = self.desk.act(async |access, act| {
            warn_of_unknown(access, &unit).await?;
            let until = act
                .at
                .checked_add(SignedDuration::from_hours(24 * i64::from(self.days)))
                .map_err(|_| reasons::TOKEN_UNTIL.refusal())?;
            let new = NewToken {
                name: self.name.clone(),
                unit,
                role,
                until,
            };
            Ok((access.make_token(act, &new).await?, until))
        })?;
        if self.desk.json {
            return print_json(&json!({ "name": self.name, "token": token, "until": until }));
        }
        let lines = [
            line("Tên", "name", self.name),
            line("Mã truy cập", "token", token.expose()),
            line("Dùng được đến", "until", in_vietnam(until)),
        ];
        print_lines("Đã cấp mã truy cập (token made)", &lines)?;
        eprintln!(
            "Mã chỉ hiện lần này; mất thì thu hồi và cấp mã khác. Shown this once: if it is lost, revoke it and make another."
        );
        Ok(Exit::Good)
    }
}

/// List tokens by name; what opens something is not among what is shown
#[derive(Args)]
struct ListTokens {
    #[command(flatten)]
    desk: Desk,
}

impl ListTokens {
    fn run(self) -> Outcome {
        let tokens = self
            .desk
            .act(async |access, act| access.tokens(act).await)?;
        if self.desk.json {
            return print_json(&json!({ "tokens": tokens }));
        }
        let now = now();
        let rows = tokens.iter().map(|token| {
            let (name, role, unit) = (&token.name, role_name(token.role), &token.unit);
            format!(
                "{name:<24} {role:<16} {unit:<20} {}",
                token_words(token, now)
            )
        });
        print_rows(rows, "Chưa có mã truy cập nào (there are no tokens)")
    }
}

/// Take a token back, for good
#[derive(Args)]
struct RevokeToken {
    /// Its name.
    name: String,
    #[command(flatten)]
    desk: Desk,
}

impl RevokeToken {
    fn run(self) -> Outcome {
        self.desk
            .act(async |access, act| access.revoke_token(act, &self.name).await)?;
        if self.desk.json {
            return print_json(&json!({ "name": self.name, "revoked": true }));
        }
        let lines = [line("Tên", "name", self.name)];
        print_lines("Đã thu hồi mã truy cập (token revoked)", &lines)
    }
}

/// For whom somebody works, and as what.
#[derive(Args)]
struct Post {
    /// The unit: `ministry`, `province/01`, `district/001`, `commune/00004`, `facility/TYT-01`, `police/00004`, …
    #[arg(long, value_name = "KIND/CODE")]
    unit: Unit,
    /// The role; it has to be one of that kind of unit.
    #[arg(long, value_parser = role)]
    role: Role,
}

/// Where the operator sits.
#[derive(Args)]
struct Desk {
    #[command(flatten)]
    place: Place,
    /// Why, for the log.
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
}

impl Desk {
    /// Acts on the accounts of the store.
    fn act<T>(
        &self,
        work: impl AsyncFnOnce(&Access, &Act) -> Result<T, AccessError>,
    ) -> Result<T, Failure> {
        wait(async {
            let store = self.place.open_ready().await?;
            let access = access(store.clone()).map_err(blame)?;
            let act = Act {
                why: self.why.clone(),
                ..Act::system("console", now())
            };
            let done = work(&access, &act).await;
            store.close().await;
            done.map_err(blame)
        })
    }

    /// Shows a first password, for the only time.
    fn hand_over(&self, title: &str, first: &FirstPassword) -> Outcome {
        if self.json {
            return print_json(&serde_json::to_value(first).or_fault()?);
        }
        let lines = [
            line("Tên đăng nhập", "name at login", &first.id.0),
            line(
                "Mật khẩu ban đầu",
                "first password",
                first.password.expose(),
            ),
            line("Dùng được đến", "until", in_vietnam(first.until)),
        ];
        print_lines(title, &lines)?;
        eprintln!(
            "Mật khẩu chỉ hiện lần này; trao tận tay chủ tài khoản. Shown this once: hand it to the owner in person, who then chooses another."
        );
        Ok(Exit::Good)
    }

    fn show(&self, title: &str, account: &Account) -> Outcome {
        if self.json {
            return print_json(&serde_json::to_value(account).or_fault()?);
        }
        print_lines(title, &lines_of(account))
    }
}

/// Accounts without pages: nobody signs in here, so there is no site, no login provider and no key of second factors.
fn access(store: Store) -> Result<Access, AccessError> {
    let settings = Settings {
        policy: Arc::new(Policy::shipped()),
        delegations: Delegations::default(),
        ids: Arc::new(RandomIds),
        vault: None,
    };
    let site = Site {
        name: String::new(),
        domain: String::new(),
        origins: Vec::new(),
    };
    let setup = Setup {
        rules: Rules::shipped(),
        seal: None,
        site,
        providers: Vec::new(),
    };
    Access::new(Platform::new(store, settings), setup)
}

fn blame(error: AccessError) -> Failure {
    match error {
        AccessError::Refused(refusal) => usage(refused(&refusal)),
        other => Failure::Fault(other.into()),
    }
}

/// A refusal in both languages, with its code and what to do.
fn refused(refusal: &Refusal) -> String {
    let reason = refusal.reason;
    let detail = refusal.detail.as_deref().unwrap_or_default();
    let colon = if detail.is_empty() { "" } else { ": " };
    format!(
        "{} · {} ({}){colon}{detail}\n{} · {}",
        reason.vi, reason.en, reason.code, reason.hint_vi, reason.hint_en
    )
}

/// A facility's place is in its record: until that is there, no unit above reaches its accounts.
async fn warn_of_unknown(access: &Access, unit: &Unit) -> Result<(), AccessError> {
    let Unit::Facility(code) = unit else {
        return Ok(());
    };
    let id = RecordId(code.as_str().to_owned());
    let store = access.platform().store();
    if store.load::<Facility>(&id).await?.is_none() {
        eprintln!(
            "warning: {unit} chưa có hồ sơ trong kho: chưa đơn vị cấp trên nào quản lý được. There is no record of it yet, so no unit above reaches it: import the facilities, then do this again (`user assign` for an account)."
        );
    }
    Ok(())
}

fn named(id: &str) -> Result<AccountId, AccessError> {
    Ok(AccountId::parse(id).ok_or_else(|| NAME_UNFIT.refusal())?)
}

/// A role by its code.
fn role(text: &str) -> Result<Role, String> {
    let found = TABLE.iter().find(|(role, _)| role_name(*role) == text);
    found.map(|(role, _)| *role).ok_or_else(|| {
        let names: Vec<String> = TABLE.iter().map(|(role, _)| role_name(*role)).collect();
        format!("the roles are {}", names.join(", "))
    })
}

/// A role as it is written in files and requests.
fn role_name(role: Role) -> String {
    let name = serde_json::to_value(role).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}

fn state_words(state: AccountState) -> &'static str {
    match state {
        AccountState::Invited => "chờ chủ tài khoản đặt mật khẩu (waits for its owner's password)",
        AccountState::Active => "đang dùng (in use)",
        AccountState::Disabled => "đã khóa (closed)",
    }
}

fn token_words(token: &TokenInfo, now: Timestamp) -> String {
    if let Some(at) = token.revoked_at {
        return format!("đã thu hồi (revoked) {}", in_vietnam(at));
    }
    let until = in_vietnam(token.until);
    if token.until < now {
        return format!("hết hạn (ran out) {until}");
    }
    format!("đến (until) {until}")
}

/// A moment as people in Vietnam read it.
fn in_vietnam(at: Timestamp) -> String {
    let there = offset(7).to_datetime(at);
    there.strftime("%d/%m/%Y %H:%M (UTC+7)").to_string()
}

/// Something in both languages, and what it is.
type Line = (&'static str, &'static str, String);

fn line(vi: &'static str, en: &'static str, value: impl Into<String>) -> Line {
    (vi, en, value.into())
}

fn lines_of(account: &Account) -> Vec<Line> {
    vec![
        line("Tên đăng nhập", "name at login", &account.id.0),
        line("Họ tên", "name", &account.name),
        line("Đơn vị", "unit", account.unit.to_string()),
        line("Vai trò", "role", role_name(account.role)),
        line("Trạng thái", "state", state_words(account.state)),
    ]
}

fn lines_of_factors(factors: &Factors) -> Vec<Line> {
    let app = if factors.totp {
        "có (yes)"
    } else {
        "không (no)"
    };
    let providers = match factors.providers.as_slice() {
        [] => "không (none)".to_owned(),
        some => some.join(", "),
    };
    vec![
        line("Ứng dụng xác thực", "authenticator app", app),
        line(
            "Khóa truy cập",
            "passkeys",
            factors.passkeys.len().to_string(),
        ),
        line(
            "Mã khôi phục còn lại",
            "recovery codes left",
            factors.recovery_codes.to_string(),
        ),
        line("Danh tính đã gắn", "linked identities", providers),
    ]
}

fn print_json(value: &Value) -> Outcome {
    writeln!(std::io::stdout().lock(), "{value}").or_fault()?;
    Ok(Exit::Good)
}

fn print_lines(title: &str, lines: &[Line]) -> Outcome {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{title}").or_fault()?;
    for (vi, en, value) in lines {
        writeln!(out, "{vi:<22}{value:<40}   {en}").or_fault()?;
    }
    Ok(Exit::Good)
}

fn print_rows(rows: impl Iterator<Item = String>, none: &str) -> Outcome {
    let mut out = std::io::stdout().lock();
    let mut any = false;
    for row in rows {
        writeln!(out, "{row}").or_fault()?;
        any = true;
    }
    if !any {
        eprintln!("{none}");
    }
    Ok(Exit::Good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_reads_back_from_its_code() {
        for (known, _) in TABLE {
            assert_eq!(role(&role_name(*known)), Ok(*known));
        }
        let unknown = role("boss").expect_err("no role");
        assert!(unknown.contains("police_chief"), "{unknown}");
    }

    #[test]
    fn a_refusal_says_code_and_hint_in_both_languages() {
        let text = refused(&reasons::SLOW_DOWN.because("5 s"));
        for part in ["Thử sai", "access.slow_down", "5 s", "Chờ hết", "Wait for"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
