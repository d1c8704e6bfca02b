#!/bin/bash
# Runs what the tests have about the oneDNN engine, for the checks that build it in other ways.
# Fails where the engine does not run, because then every test is skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
suites='(the|on the) onednn engine'
result=0
node --test --test-reporter=spec dist/engine/onednn/*.test.js || result=1
node --test --test-reporter=spec --test-name-pattern="$suites" \
  dist/testing/contract.test.js dist/testing/goldens.test.js |
  grep -v 'does not match pattern' || result=1
node bin/alexnet doctor --json | grep -q '"name": *"onednn", *"available": *true' || {
  echo 'The oneDNN engine does not run here: see "npx alexnet doctor".'
  result=1
}
exit $result
