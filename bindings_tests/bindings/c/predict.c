// predict MODEL [FILE...]: loads a model file and runs it once. Each FILE holds the elements of one input, in order, as
// raw 32-bit words of this machine; an input without a file is all zeros. Prints the outputs.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "paragon.h"

enum { MOST = 64 };  // inputs or outputs that this example can take

static int fail(const char* what, const char* why) {
  fprintf(stderr, "%s: %s\n", what, why);
  return EXIT_FAILURE;
}

static int read_input(const char* path, void* words, size_t count) {
  FILE* file = fopen(path, "rb");
  int complete = file && fread(words, 4, count, file) == count && fgetc(file) == EOF;
  if (file) fclose(file);
  return complete;
}

static void print(const pg_tensor* tensor, const void* words) {
  printf("%s", tensor->name);
  for (size_t axis = 0; axis < tensor->rank; axis++) printf("%s%" PRId64, axis ? "x" : " ", tensor->shape[axis]);
  printf(":");
  for (size_t i = 0; i < tensor->elements; i++) {
    if (tensor->dtype == PG_F32) printf(" %.9g", (double)((const float*)words)[i]);
    if (tensor->dtype == PG_I32) printf(" %" PRId32, ((const int32_t*)words)[i]);
    if (tensor->dtype == PG_U32) printf(" %" PRIu32, ((const uint32_t*)words)[i]);
  }
  printf("\n");
}

// The tensors of a list with zeros for each; the number of them, or MOST + 1 if something failed.
static size_t prepare(const pg_model* model, pg_list list, pg_tensor* tensors, void** words) {
  size_t count = pg_model_count(model, list);
  for (size_t i = 0; i < count && count <= MOST; i++) {
    if (pg_model_tensor(model, list, i, &tensors[i]) != PG_OK) return MOST + 1;
    words[i] = calloc(tensors[i].elements + 1, 4);
    if (!words[i]) return MOST + 1;
  }
  return count;
}

int main(int count, char** arguments) {
  if (count < 2) return fail("usage", "predict MODEL [FILE...]");
  pg_model* model = pg_model_open(arguments[1], NULL);
  pg_session* session = model ? pg_session_open(model, NULL) : NULL;
  if (!session) {
    pg_model_free(model);
    return fail(arguments[1], pg_last_error());
  }
  pg_tensor inputs[MOST], outputs[MOST];
  void *in[MOST] = {NULL}, *out[MOST] = {NULL};
  size_t taken = prepare(model, PG_INPUT, inputs, in), yielded = prepare(model, PG_OUTPUT, outputs, out);
  int status = EXIT_SUCCESS;
  if (taken > MOST || yielded > MOST) {
    status = fail(arguments[1], "too many or too large inputs or outputs");
  } else if ((size_t)count - 2 > taken) {
    status = fail(arguments[1], "more files than inputs");
  }
  for (size_t i = 0; status == EXIT_SUCCESS && i < (size_t)count - 2; i++) {
    if (!read_input(arguments[i + 2], in[i], inputs[i].elements)) {
      status = fail(arguments[i + 2], "cannot be read, or does not hold as many words as the input has elements");
    }
  }
  if (status == EXIT_SUCCESS) {
    if (pg_session_run(session, (const void* const*)in, out) == PG_OK) {
      for (size_t i = 0; i < yielded; i++) print(&outputs[i], out[i]);
    } else {
      status = fail(arguments[1], pg_last_error());
    }
  }
  for (size_t i = 0; i < MOST; i++) {
    free(in[i]);
    free(out[i]);
  }
  pg_session_free(session);
  pg_model_free(model);
  return status;
}
