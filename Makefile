# Each target does all of its own set-up: a fresh clone, Node, npm and make are enough.

BIN := node_modules/.bin
# Listed here, because `node --test DIRECTORY` means different things in Node 20 and Node 24;
# from the sources, so that a test that was deleted does not run on from dist.
TESTS = $(patsubst src/%.ts,dist/%.js,$(shell find src -name '*.test.ts' | sort))

.PHONY: build kernels native web app test demo bench docs pictures lint format clean

build: node_modules/.installed kernels
	$(BIN)/tsc -p .
	node scripts/bundle.mjs
	$(BIN)/vite build -c web/vite.config.js --logLevel error
	@node bin/alexnet native --if-possible

# The oneDNN engine: `build` makes it where compiler and library are there and says so where not;
# here their lack is an error.
native: node_modules/.installed
	$(BIN)/tsc -p .
	node scripts/bundle.mjs
	node bin/alexnet native

# The browser app, dist/web: files for any static host. `build` makes it too.
web: build

app: build
	node bin/alexnet app

# The wasm engine's kernels, four builds of one source: with and without relaxed SIMD, for shared
# memory and for a page that has none.
WASM := dist/engine/wasm
KERNELS := $(addprefix $(WASM)/,simd.wasm simd-shared.wasm relaxed.wasm relaxed-shared.wasm)
ASC_FLAGS := -O3 --noAssert --runtime stub --importMemory --initialMemory 1 \
  --maximumMemory 65536 --noExportMemory
ASC := $(BIN)/asc src/engine/wasm/kernels/index.ts $(ASC_FLAGS)
RELAXED = $(if $(findstring relaxed,$@),$(COMMA)relaxed-simd)
SHARED = $(if $(findstring shared,$@),$(COMMA)threads --sharedMemory)

kernels: $(KERNELS) dist/images/pixels.wasm

$(KERNELS): node_modules/.installed $(wildcard src/engine/wasm/kernels/*.ts) \
  src/engine/wasm/constants.ts
	@mkdir -p $(@D)
	$(ASC) --enable simd$(RELAXED)$(SHARED) --outFile $@

COMMA := ,

# What is done to every pixel of a training picture.
dist/images/pixels.wasm: node_modules/.installed $(wildcard src/images/kernels/*.ts)
	@mkdir -p $(@D)
	$(BIN)/asc src/images/kernels/index.ts $(ASC_FLAGS) --enable simd --outFile $@

test: build
	node --test --test-reporter=spec $(TESTS)

demo: build
	node bin/alexnet demo

bench: build
	node bin/alexnet bench --mode infer
	node bin/alexnet bench --mode train

# docs/alexnet.md and its pictures, from the same source as `alexnet explain --html`.
docs: build
	node scripts/lesson.mjs
	node scripts/answers.mjs

# docs/pictures: pages and heat maps of the demo, so that nothing but drawn things is shown; a minute or two, and Chromium.
pictures: build
	rm -rf build/demo
	node bin/alexnet demo --engine wasm --out build/demo
	node scripts/pictures.mjs build/demo

lint: node_modules/.installed
	$(BIN)/tsc -p . --noEmit
	$(BIN)/tsc -p web
	$(BIN)/oxlint --type-aware
	$(BIN)/prettier --check --log-level warn .
	@$(MAKE) --no-print-directory clang-format CLANG_FORMAT_FLAGS='--dry-run --Werror'

format: node_modules/.installed
	$(BIN)/prettier --write --log-level warn .
	@$(MAKE) --no-print-directory clang-format CLANG_FORMAT_FLAGS=-i

# Of one version everywhere, because each breaks lines in its own way: as a Python wheel, in an
# environment of its own.
CLANG_FORMAT_VERSION := 19.1.7
CLANG_FORMAT := build/clang-format-$(CLANG_FORMAT_VERSION)
CLANG_FORMAT_WHEEL := clang-format==$(CLANG_FORMAT_VERSION)

.PHONY: clang-format
clang-format:
	@if [ -x $(CLANG_FORMAT)/bin/clang-format ] || { python3 -m venv $(CLANG_FORMAT) && \
	  $(CLANG_FORMAT)/bin/pip install -q --disable-pip-version-check $(CLANG_FORMAT_WHEEL); \
	} > /dev/null 2>&1; \
	then find native -name '*.cc' -o -name '*.h' | \
	  xargs $(CLANG_FORMAT)/bin/clang-format $(CLANG_FORMAT_FLAGS); \
	else echo 'native/ was passed over: $(CLANG_FORMAT_WHEEL) could not be installed' \
	  '(it needs python3 with venv and pip).'; fi

clean:
	rm -rf dist build

# `npm install` and not `npm ci`: it takes the locked versions too, and also works where a registry
# lacks the optional binaries of other platforms. `--no-save` leaves package.json and the lock file
# as they are.
node_modules/.installed: package.json package-lock.json
	npm install --no-save --no-audit --no-fund
	touch $@
