# One door: every target does all of its own set-up. Windows: see tasks.ps1.
PYTHON ?= python3
# Tests run at a time; each job holds a model and a window of its own, about 2 GB.
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TRUNKS := $(VENV)/.trunks
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet

# What makes the installed program out of the frozen one.
PACKING_PACKAGES := binutils dpkg

# What Qt's xcb platform and the Xvfb test need, by Debian's names.
SYSTEM_PACKAGES := libegl1 libgl1 libglib2.0-0 libfontconfig1 libdbus-1-3 libxkbcommon-x11-0 libxcb-cursor0 \
	libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 fonts-dejavu-core
TEST_PACKAGES := $(PACKING_PACKAGES) xvfb xdotool postgresql ffmpeg mosquitto faketime fonts-noto-cjk \
	gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good python3-gi slapd ldap-utils

.PHONY: setup station package pins system system-test demo app test test-fast lint format demo-images screenshots drawing calibration-study capability-study bench-recount soak model-card names-card bench bench-peers bench-short-cuts bench-storage audit-attacks clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

setup: $(STAMP) $(TRUNKS) ## virtual environment with everything pinned, and the pretrained trunks

# One that the index does not have is said and does not stop set-up; it is tried again the next time.
$(TRUNKS): $(STAMP) resources/models/compact/trunks.json resources/models/compact/words.json filo_core/trunks/specs.py filo_core/trunks/quickening.py
	@if $(BIN)/python main.py models prepare; then touch $@; fi

# What comes from elsewhere is refused unless its hash is known; what builds it comes first, so that nothing is fetched
# to build with either.
$(STAMP): pyproject.toml constraints.txt constraints-build.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
		{ echo "Python 3.11 to 3.13 is needed; found: $$($(PYTHON) --version). Name another: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r constraints-build.txt
	$(PIP) --require-hashes --no-build-isolation -r constraints.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# The same without torch and what needs it: 1 GB in place of 7. It looks through trunks that another machine prepared,
# which TRUNKS_FROM names as a folder.
station: constraints-station.txt ## virtual environment of a station, without torch; TRUNKS_FROM=folder of prepared trunks
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r constraints-build.txt
	$(PIP) --require-hashes --no-build-isolation -r constraints-station.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	$(if $(TRUNKS_FROM),$(BIN)/python main.py models install eyes --from $(TRUNKS_FROM))

package: setup ## the installed program for a station, as a Debian package in dist/: no Python, no torch, no network needed
	@sh tools/system_packages.sh $(SYSTEM_PACKAGES) $(PACKING_PACKAGES)
	$(BIN)/python -m tools.package dist

pins: setup ## write the hashes of what constraints.txt pins, and pin what pyproject.toml needs besides
	$(BIN)/python -m tools.pins

system:
	@sh tools/system_packages.sh $(SYSTEM_PACKAGES)

system-test:
	@sh tools/system_packages.sh $(SYSTEM_PACKAGES) $(TEST_PACKAGES)

demo: setup ## the main job on the rendered product: pictures and a table
	$(BIN)/python main.py demo

app: setup system ## open the window
	$(BIN)/python main.py app

test: setup system-test ## all tests, JOBS=2 of them at a time; those that measure time afterwards, one by one
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --max-worker-restart=1 -m 'not timed and not x11'
	$(BIN)/python -m pytest -m 'timed or x11'

test-fast: setup ## the tests under two minutes
	$(BIN)/python -m pytest -m 'not slow and not x11'

lint: setup ## style, types and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## put the style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

demo-images: setup ## render the demo product again
	$(BIN)/python -m tools.demo_product.render resources/demo

model-card: setup ## measure the compact profile into its model card; DEV=folder of categories
	$(BIN)/python -m tools.model_card $(or $(DEV),../shared/data/dev)

names-card: setup ## measure the names from words into the model card; IMAGES=pictures, LOOKS=folder of train-names, CATEGORY=real defects
	$(BIN)/python -m tools.names_card $(or $(IMAGES),../shared/data/pretrain) $(if $(LOOKS),--looks $(LOOKS)) $(if $(CATEGORY),--category $(CATEGORY))

bench: setup ## where the time of an image goes, and what the program takes, into docs/performance.md
	$(BIN)/python -m tools.bench

bench-peers: setup ## one picture with ours and with anomalib's models, which get an environment of their own
	$(BIN)/python -m tools.bench.peers

bench-short-cuts: setup ## what rounded weights and searching change, beside exact computing; DEV=folder of categories
	$(BIN)/python -m tools.bench.short_cuts $(or $(DEV),../shared/data/dev)
	$(BIN)/python -m tools.bench.demo_verdicts

screenshots: setup system-test ## pictures of every screen into docs/screens
	$(BIN)/python tools/screenshots.py docs/screens

drawing: setup ## who imports whom, drawn from the code into docs/architecture.md
	$(BIN)/python -m tools.drawing

calibration-study: setup ## simulate what limits promise, into docs/calibration.md; DATA=folder adds real categories
	$(BIN)/python -m tools.calibration_study $(if $(DATA),--data $(DATA))

capability-study: setup ## simulate capability studies of known appraisers, into docs/capability.md
	$(BIN)/python -m tools.capability_study

bench-recount: setup ## a million stored scores counted again under moved limits
	$(BIN)/python -m tools.recount_benchmark

soak: setup system-test ## abuse the record and a line with its cameras, into docs/reliability.md
	$(BIN)/python -m tools.soak
	$(BIN)/python -m tools.soak_line

bench-storage: setup system-test ## a million inspections on SQLite and PostgreSQL, into docs/scale.md
	$(BIN)/python -m tools.bench_storage

audit-attacks: setup ## attack the line, the rights and the record on a fresh home each; a table of what held
	$(BIN)/python -m tools.audit_attacks

clean: ## remove what the targets made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-output
