# Each target does all of its own set-up: a fresh clone, Node, npm and make are enough.

BIN := node_modules/.bin
# Listed here, because `node --test DIRECTORY` means different things in Node 20 and Node 24;
# from the sources, so that a test that was deleted does not run on from dist.
TESTS = $(patsubst src/%.ts,dist/%.js,$(shell find src -name '*.test.ts' | sort))

.PHONY: build kernels native test demo bench lint clean

build: node_modules/.installed kernels
	$(BIN)/tsc -p .
	node scripts/bundle.mjs
	@node bin/alexnet native --if-possible

# The oneDNN engine: `build` makes it where compiler and library are there and says so where not; here their lack is an error.
native: node_modules/.installed
	$(BIN)/tsc -p .
	node bin/alexnet native

# The wasm engine's kernels, four builds of one source: with and without relaxed SIMD, for shared memory and for a page
# that has none.
WASM := dist/engine/wasm
KERNELS := $(addprefix $(WASM)/,simd.wasm simd-shared.wasm relaxed.wasm relaxed-shared.wasm)
ASC_FLAGS := -O3 --noAssert --runtime stub --importMemory --initialMemory 1 --maximumMemory 65536 --noExportMemory
ASC := $(BIN)/asc src/engine/wasm/kernels/index.ts $(ASC_FLAGS)

kernels: $(KERNELS) dist/images/pixels.wasm

$(KERNELS): node_modules/.installed $(wildcard src/engine/wasm/kernels/*.ts)
	@mkdir -p $(@D)
	$(ASC) --enable simd$(if $(findstring relaxed,$@),$(COMMA)relaxed-simd)$(if $(findstring shared,$@),$(COMMA)threads --sharedMemory) --outFile $@

COMMA := ,

# What is done to every pixel of a training picture.
dist/images/pixels.wasm: node_modules/.installed src/images/kernels/pixels.ts
	@mkdir -p $(@D)
	$(BIN)/asc src/images/kernels/pixels.ts $(ASC_FLAGS) --enable simd --outFile $@

test: build
	node --test --test-reporter=spec $(TESTS)

demo: build
	node bin/alexnet demo

bench: build
	node bin/alexnet bench --mode infer
	node bin/alexnet bench --mode train

lint: node_modules/.installed
	$(BIN)/tsc -p . --noEmit
	$(BIN)/oxlint --type-aware

clean:
	rm -rf dist build

# `npm install` and not `npm ci`: it takes the locked versions too, and also works where a registry lacks
# the optional binaries of other platforms. `--no-save` leaves package.json and the lock file as they are.
node_modules/.installed: package.json package-lock.json
	npm install --no-save --no-audit --no-fund
	touch $@
