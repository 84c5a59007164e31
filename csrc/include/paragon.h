/* The C interface of Paragon: load a program, run it, read and write its state, from C and whatever calls C.
 *
 * Arrays are dense, row-major, of 32-bit elements in the byte order of the machine, and stay the caller's: the library
 * reads inputs and writes outputs where they lie, and copies state. Text is UTF-8 and ends with a zero byte.
 *
 * A function that fails returns a null pointer, or a status other than PG_OK; pg_last_error() tells the thread why.
 * No exception leaves the library. Models are immutable and may be used by many threads at once. Calls on one
 * session wait for each other; different sessions run at the same time.
 *
 *   pg_model* model = pg_model_open("digits.safetensors", NULL);
 *   pg_session* session = model ? pg_session_open(model, NULL) : NULL;
 *   const void* inputs[] = {pixels};
 *   void* outputs[] = {logits};
 *   if (!session || pg_session_run(session, inputs, outputs) != PG_OK) puts(pg_last_error());
 */
#ifndef PARAGON_H
#define PARAGON_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PG_API __attribute__((visibility("default")))
#else
#define PG_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pg_status {
  PG_OK = 0,
  PG_ERROR = 1, /* bad input, or a file that cannot be read or written */
  PG_OUT_OF_MEMORY = 2
} pg_status;

typedef enum pg_dtype { PG_F32 = 0, PG_I32 = 1, PG_U32 = 2 } pg_dtype;

/* The lists of a program. PG_VALUE: all values by number: inputs, then state, then the result of each operation. */
typedef enum pg_list { PG_INPUT = 0, PG_STATE = 1, PG_OUTPUT = 2, PG_VALUE = 3 } pg_list;

#define PG_MAX_RANK 8
#define PG_FINGERPRINT_SIZE 65 /* 64 hex digits and the zero byte */

/* What is known of an array. `name` belongs to the program; it is empty for the result of an operation. */
typedef struct pg_tensor {
  const char* name;
  pg_dtype dtype;
  size_t rank;
  int64_t shape[PG_MAX_RANK];
  size_t elements;
} pg_tensor;

typedef struct pg_model pg_model;     /* a program, and its state if it came with one */
typedef struct pg_session pg_session; /* a model ready to run, with its own state */

/* Zeros ask for the defaults. */
typedef struct pg_options {
  const char* isa;     /* NULL: PARAGON_ISA, else the best of pg_isa_name */
  size_t threads;      /* 0: pg_threads() */
  size_t memory_limit; /* bytes that a session may take, inputs and outputs included; 0: 3/4 of what there is */
} pg_options;

/* --- the library --- */
PG_API const char* pg_version(void);    /* "0.1.0" */
PG_API int pg_contract_version(void);   /* the version of the numeric contract, 1 */
PG_API const char* pg_last_error(void); /* of this thread's last failed call; valid until its next failed call */
PG_API size_t pg_isa_count(void);
PG_API const char* pg_isa_name(size_t index); /* what this machine can run, best last; NULL if out of range */
PG_API const char* pg_default_isa(void);      /* NULL if PARAGON_ISA names one that cannot be had */
PG_API size_t pg_threads(void); /* of sessions that do not ask for a number; 0 if PARAGON_NUM_THREADS is not one */
PG_API pg_status pg_set_threads(size_t threads);

/* --- models: program text, or a model file --- */
PG_API pg_model* pg_model_from_json(const char* text, size_t length); /* a program without state */
/* A model file. `program` names one of its further programs ("program.NAME"); NULL is the main one. */
PG_API pg_model* pg_model_open(const char* path, const char* program);
PG_API pg_model* pg_model_from_memory(const void* bytes, size_t size, const char* program);
PG_API void pg_model_free(pg_model* model); /* NULL is allowed; sessions may live on */

PG_API size_t pg_model_count(const pg_model* model, pg_list list);
PG_API pg_status pg_model_tensor(const pg_model* model, pg_list list, size_t index, pg_tensor* tensor);
PG_API const char* pg_model_json(const pg_model* model); /* the program's text */

/* --- sessions --- */
PG_API pg_session* pg_session_open(const pg_model* model, const pg_options* options); /* options may be NULL */
PG_API void pg_session_free(pg_session* session);
PG_API const char* pg_session_isa(const pg_session* session);
PG_API size_t pg_session_threads(const pg_session* session);

/* Runs once and updates the state. One address for each input and output, in order, aligned to 4 bytes; an array
 * without elements may be NULL. Outputs overlap neither inputs nor each other. */
PG_API pg_status pg_session_run(pg_session* session, const void* const* inputs, void* const* outputs);

/* The values of a run by number (`arrays[i]` gets value `values[i]`), without updating the state. To find the first
 * operation at which two machines differ. Takes memory for all values of the program. */
PG_API pg_status pg_session_observe(pg_session* session, const void* const* inputs, const uint32_t* values,
                                    size_t count, void* const* arrays);

/* A model without state gives a session whose every state must be set before it runs. */
PG_API pg_status pg_session_get_state(const pg_session* session, size_t index, void* array);
PG_API pg_status pg_session_set_state(pg_session* session, size_t index, const void* array);
PG_API pg_status pg_session_fingerprint(const pg_session* session, char fingerprint[PG_FINGERPRINT_SIZE]);
PG_API pg_status pg_session_save(const pg_session* session, const char* path); /* a model file, replaced atomically */

/* --- whole files, as the command line does them --- */
PG_API pg_status pg_run_files(const char* model, const char* inputs, const char* outputs, int values,
                              const pg_options* options);
PG_API pg_status pg_train_file(const char* job, const char* out, const pg_options* options,
                               char fingerprint[PG_FINGERPRINT_SIZE]);
PG_API pg_status pg_fingerprint_file(const char* path, char fingerprint[PG_FINGERPRINT_SIZE]);

/* Is a file the model, the job, the vectors or the tensors that it says it is (docs/files.md)? Reads no words. */
PG_API pg_status pg_check_file(const char* path);
PG_API pg_status pg_check_memory(const void* bytes, size_t size);

/* The fingerprint of named arrays. */
PG_API pg_status pg_fingerprint(const pg_tensor* tensors, const void* const* arrays, size_t count,
                                char fingerprint[PG_FINGERPRINT_SIZE]);

#ifdef __cplusplus
}
#endif
#endif
