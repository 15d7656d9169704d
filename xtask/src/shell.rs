//! Running other programs from the root of the repository.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail, ensure};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// A command that will run in the root of the repository.
pub(crate) fn command(program: impl AsRef<Path>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program.as_ref());
    command.args(arguments).current_dir(root());
    command
}

/// Runs a command whose output the reader should see; an error unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    ensure!(status.success(), "`{}` ended with {status}", line(command));
    Ok(())
}

/// What a command prints on stdout; an error with its stderr unless it succeeds.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` ended with {}\n{said}", line(command), output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` printed no UTF-8", line(command)))
}

/// True when a program can be started and succeeds.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    let quiet = command(program, arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    quiet.is_ok_and(|status| status.success())
}

/// True when this runs as root.
pub(crate) fn is_root() -> bool {
    works("sh", &["-c", r#"test "$(id -u)" = 0"#])
}

/// Runs a command, shows its output as it comes and hands each line to `see`. True when it succeeded.
pub(crate) fn watch(command: &mut Command, see: impl Fn(&str) + Sync) -> Result<bool> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| cannot_start(command))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        scope.spawn(|| pass_on(stdout, std::io::stdout(), &see));
        scope.spawn(|| pass_on(stderr, std::io::stderr(), &see));
    });
    Ok(child.wait()?.success())
}

/// Copies lines, whatever their bytes. A reader that went away ends the copying, not the command.
fn pass_on(from: Option<impl Read>, mut to: impl Write, see: &(impl Fn(&str) + Sync)) {
    let Some(from) = from else { return };
    let mut from = BufReader::new(from);
    let mut bytes = Vec::new();
    let mut listening = true;
    while from
        .read_until(b'\n', &mut bytes)
        .is_ok_and(|read| read > 0)
    {
        listening = listening && to.write_all(&bytes).is_ok();
        see(String::from_utf8_lossy(&bytes).trim_end());
        bytes.clear();
    }
}

/// A command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`", command.get_program().to_string_lossy())
}

/// Builds the binary `minhchung` and says where it lies, wherever Cargo keeps its target folder.
pub(crate) fn build_minhchung(release: bool) -> Result<PathBuf> {
    let words: &[&str] = if release {
        &["--package", "minhchung", "--bin", "minhchung", "--release"]
    } else {
        // As the tests were built: another set of features would compile half of the dependencies again.
        &["--workspace", "--bin", "minhchung", "--tests"]
    };
    build(words, "minhchung")
}

/// Builds what the words to Cargo name, and says where the program of this name lies.
pub(crate) fn build(words: &[&str], name: &str) -> Result<PathBuf> {
    let mut cargo = command("cargo", &["build", "--quiet"]);
    cargo.args(["--message-format", "json-render-diagnostics"]);
    let messages = capture(cargo.args(words))?;
    let executable = messages
        .lines()
        .filter_map(|message| serde_json::from_str::<serde_json::Value>(message).ok())
        .filter(|message| message["target"]["name"] == name && message["profile"]["test"] == false)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.with_context(|| format!("cargo built `{name}` but did not say where"))
}

/// An empty folder for files that nobody keeps; what an earlier run left there is gone.
pub(crate) fn empty_folder(path: &Path) -> Result<()> {
    if path.exists() {
        std::fs::remove_dir_all(path)
            .with_context(|| format!("cannot empty {}", path.display()))?;
    }
    std::fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))
}
