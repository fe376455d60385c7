# Windows: .\tasks.ps1 demo | app | test | lint | package. Does all of its own set-up.
param([Parameter(Mandatory = $true)][ValidateSet("setup", "demo", "app", "test", "lint", "package")][string]$Task)
$ErrorActionPreference = "Stop"
Set-Location $PSScriptRoot
$python = ".venv\Scripts\python.exe"

function Invoke-Step { & $args[0] $args[1..($args.Length - 1)]; if ($LASTEXITCODE) { exit $LASTEXITCODE } }

if (-not (Test-Path ".venv\.installed")) {
    Invoke-Step py -3 -m venv .venv
    Invoke-Step $python -m pip install --quiet --require-hashes -r constraints-build.txt
    Invoke-Step $python -m pip install --quiet --require-hashes --no-build-isolation -r constraints.txt
    Invoke-Step $python -m pip install --quiet --no-deps --no-build-isolation --editable .
    New-Item -ItemType File -Force ".venv\.installed" | Out-Null
}
# A trunk that the index does not have is said and does not stop set-up; it is tried again the next time.
if (-not (Test-Path ".venv\.trunks")) {
    & $python main.py models prepare
    if ($LASTEXITCODE -eq 0) { New-Item -ItemType File -Force ".venv\.trunks" | Out-Null }
}
switch ($Task) {
    "demo" { Invoke-Step $python main.py demo }
    "app" { Invoke-Step $python main.py app }
    "test" {
        Invoke-Step $python -m pytest -n 2 --dist loadfile -m "not timed and not x11"
        Invoke-Step $python -m pytest -m "timed or x11"
    }
    # Written for it, not yet run on it: docs/packaging.md.
    "package" { Invoke-Step $python -m tools.package dist }
    "lint" {
        Invoke-Step $python -m ruff check .
        Invoke-Step $python -m ruff format --check .
        Invoke-Step $python -m mypy
        Invoke-Step ".venv\Scripts\lint-imports.exe"
    }
}
