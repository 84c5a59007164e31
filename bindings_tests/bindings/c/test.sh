#!/bin/sh
# test.sh PREDICT: runs the example on a model made here, and on files that are no models.
set -eu
predict=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
  echo "test.sh: $1" >&2
  exit 1
}

# y = x w, and the largest column; w is {{1, 2}, {3, 4}}, x two rows of f32.
program='{"format":"paragon-program","version":1,"contract":1,"inputs":[{"name":"x","dtype":"f32","shape":[2,2]}],
"state":[{"name":"w","dtype":"f32","shape":[2,2]}],"operations":[
{"op":"matmul","inputs":[0,1],"output":2,"dtype":"f32","shape":[2,2],"attributes":{"transpose_a":false,"transpose_b":false,"panel":256}},
{"op":"argmax","inputs":[2],"output":3,"dtype":"i32","shape":[2],"attributes":{"axis":1,"keepdims":false}}],
"outputs":[{"name":"y","value":2},{"name":"class","value":3}],"updates":[]}'
text=$(printf '%s' "$program" | tr -d '\n' | sed 's/"/\\"/g')
header="{\"__metadata__\":{\"format\":\"paragon-model\",\"program\":\"$text\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}"
header="$header$(printf '%*s' $(((8 - ${#header} % 8) % 8)) '')"
{
  printf "\\$(printf %03o $((${#header} % 256)))\\$(printf %03o $((${#header} / 256)))\000\000\000\000\000\000%s" "$header"
  printf '\000\000\200\077\000\000\000\100\000\000\100\100\000\000\200\100' # 1 2 3 4
} > "$folder/model.safetensors"
printf '\000\000\200\077\000\000\200\077\000\000\000\000\000\000\200\277' > "$folder/x.bin" # 1 1 0 -1

"$predict" "$folder/model.safetensors" "$folder/x.bin" > "$folder/found"
printf 'y 2x2: 4 6 -3 -4\nclass 2: 1 0\n' > "$folder/wanted"
diff "$folder/wanted" "$folder/found" || fail "the prediction is wrong"
"$predict" "$folder/model.safetensors" > "$folder/found"
printf 'y 2x2: 0 0 0 0\nclass 2: 0 0\n' > "$folder/wanted"
diff "$folder/wanted" "$folder/found" || fail "the prediction for zeros is wrong"

# refuses WORDS ARGUMENT...: a failure, with these words in the message
refuses() {
  words=$1
  shift
  if "$predict" "$@" > "$folder/found" 2> "$folder/message"; then fail "$* was accepted"; fi
  grep -q -e "$words" "$folder/message" || fail "$*: \"$(cat "$folder/message")\" does not say \"$words\""
}
refuses usage
refuses none.safetensors "$folder/none.safetensors"
echo 'this is not a model' > "$folder/bad.safetensors"
refuses bad.safetensors "$folder/bad.safetensors"
sed 's/argmax/argmix/' "$folder/model.safetensors" > "$folder/bad.safetensors"
refuses argmix "$folder/bad.safetensors"
refuses x.bin "$folder/model.safetensors" "$folder/bad.safetensors/x.bin"
printf '\000' >> "$folder/x.bin"
refuses 'as many words' "$folder/model.safetensors" "$folder/x.bin"
refuses 'more files' "$folder/model.safetensors" "$folder/x.bin" "$folder/x.bin"

echo "test.sh: all right"
