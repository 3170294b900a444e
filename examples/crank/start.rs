//! Cold start: from the new process to its first answered negotiate, on a database that is there already.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::time::{Instant, sleep};

use crate::http::Door;

/// A server that has not answered by then never will.
const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) async fn run(binary: &Path, data_dir: Option<PathBuf>, runs: usize) -> Result<()> {
    let binary = &binary
        .canonicalize()
        .with_context(|| format!("there is no {}", binary.display()))?;
    let temporary = tempfile::tempdir()?;
    let data = data_dir.unwrap_or_else(|| temporary.path().to_owned());
    // The first start makes the database and its key; it is not measured.
    start(binary, &data, None).await?;
    let token = token(binary, &data)?;

    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        times.push(start(binary, &data, Some(&token)).await?);
    }
    times.sort_unstable();
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    let (Some(shortest), Some(longest)) = (times.first(), times.last()) else {
        bail!("--runs is at least 1")
    };
    println!(
        "start to first negotiate, {runs} runs: median {:.1} ms",
        millis(times[runs / 2])
    );
    println!(
        "shortest {:.1} ms, longest {:.1} ms",
        millis(*shortest),
        millis(*longest)
    );
    Ok(())
}

/// Starts the server, waits until it answers (any answer will do without a token), and stops it in order.
async fn start(binary: &Path, data: &Path, token: Option<&str>) -> Result<Duration> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let authority = format!("127.0.0.1:{port}");
    let began = Instant::now();
    let mut child = command(binary, data)
        .args(["--listen", &authority])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    let took = loop {
        let answer = Door::new(&authority, "/hubs/chat", token).negotiate().await;
        let took = began.elapsed();
        match answer {
            Ok(_) => break took,
            Err(error) if token.is_none() && error.to_string().contains("negotiate was") => break took,
            Err(error) if took > DEADLINE => {
                child.kill()?;
                return Err(error.context("the server does not answer"));
            }
            Err(_) => sleep(Duration::from_millis(1)).await,
        }
        if let Some(status) = child.try_wait()? {
            bail!("the server ended with {status}");
        }
    };
    stop(&mut child)?;
    Ok(took)
}

fn stop(child: &mut Child) -> Result<()> {
    let stopped = Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?;
    if !stopped.success() {
        child.kill()?;
    }
    child.wait()?;
    Ok(())
}

fn token(binary: &Path, data: &Path) -> Result<String> {
    let output = command(binary, data)
        .args(["token", "--user", "load"])
        .stderr(Stdio::inherit())
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn command(binary: &Path, data: &Path) -> Command {
    let mut command = Command::new(binary);
    // No settings but this one, whatever the shell has.
    command.env_clear().env("HUBWIRE_DATA_DIR", data).current_dir(data);
    command
}
