#!/usr/bin/env bash
# Every check, in the order in which a failure is cheapest to see. The last line counts the tests.
set -euo pipefail
cd "$(dirname "$0")/.."

node_modules/.bin/oxfmt --check
node_modules/.bin/oxlint --type-aware --deny-warnings
node_modules/.bin/tsc --noEmit
exec node_modules/.bin/vitest run --reporter=default --reporter=./scripts/count-reporter.mjs "$@"
