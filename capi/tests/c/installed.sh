#!/bin/sh
# Compiles the examples from an installed package alone, with the shared library, with the static one and by CMake, and
# sees that they start: installed.sh PREFIX
set -eu
prefix=$1
examples=$(cd "$(dirname "$0")/../../bindings/c/examples" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
description=$(find "$prefix" -name epicloud.pc)
export PKG_CONFIG_PATH="$(dirname "$description")"
libraries=$(pkg-config --variable=libdir epicloud)

for example in export deploy cancel; do
    # Words are meant to be divided: these are options of the compiler.
    cc "$examples/$example.c" $(pkg-config --cflags --libs epicloud) -o "$folder/$example"
    cc "$examples/$example.c" $(pkg-config --cflags epicloud) "$libraries/libepicloud.a" \
        $(pkg-config --static --libs-only-l epicloud | sed 's/-lepicloud//') -o "$folder/$example-static"
    for program in "$folder/$example" "$folder/$example-static"; do
        code=0
        LD_LIBRARY_PATH="$libraries" "$program" 2> "$folder/said" || code=$?
        # Without arguments an example says how it is used.
        if [ "$code" -ne 1 ] || ! grep -q usage "$folder/said"; then
            echo "$program ended with $code: $(cat "$folder/said")" >&2
            exit 1
        fi
    done
done
if LD_LIBRARY_PATH="$libraries" ldd "$folder/export-static" | grep -q epicloud; then
    echo "the static program needs the shared library" >&2
    exit 1
fi
cmake -S "$examples" -B "$folder/cmake" -DCMAKE_PREFIX_PATH="$prefix" > "$folder/said"
cmake --build "$folder/cmake" >> "$folder/said"
echo "installed: the examples build with the shared library, with the static one, and by CMake"
