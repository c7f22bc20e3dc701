#!/bin/sh
# Compiles the crates of this workspace for fuzzing: with coverage and AddressSanitizer, as cargo-fuzz 0.13 sets them
# (its src/project.rs), without what is only for a linker or for whole-program figures. Cargo starts it in place of the
# compiler, whose command line follows (RUSTC_WORKSPACE_WRAPPER). Other crates go without: their generic code, which the
# parsers of serde are, is compiled in these crates, and the sanitizer's allocator watches all of them.
set -eu

case " $* " in
*" --crate-name build_script_build "*) exec "$@" ;;
esac
# The flags are unstable, but work in the stable compiler.
RUSTC_BOOTSTRAP=1
export RUSTC_BOOTSTRAP
# Little is optimised: most of an input's time is spent in threads.
exec "$@" -Copt-level=1 -Zsanitizer=address -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares
