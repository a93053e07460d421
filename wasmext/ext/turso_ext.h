/*
** C side of the turso-coop extension ABI, version 1, described in full in the
** Go package documentation of wasmext. It needs no C library:
**
**     #include "turso_ext.h"
**     EXT_MANIFEST("turso-coop extension 1\n"
**                  "scalar twice 1 deterministic innocuous\n")
**     EXT_FUNCTION(twice) {
**       if (argv[0].type == EXT_INTEGER) ext_integer(result, 2 * argv[0].i);
**     }
**
**     clang --target=wasm32 -O2 -nostdlib -Wl,--no-entry -Wl,--strip-all -o twice.wasm twice.c
**
** Include it from one file of a module: it also defines the allocator.
*/
#include <stdint.h>

/* Storage classes with SQLite's own numbers; EXT_ERROR is for results only. */
enum { EXT_ERROR = 0, EXT_INTEGER = 1, EXT_FLOAT = 2, EXT_TEXT = 3, EXT_BLOB = 4, EXT_NULL = 5 };

typedef struct {
  uint32_t type;
  uint32_t size;        /* bytes at p, for EXT_TEXT, EXT_BLOB and EXT_ERROR */
  union {
    int64_t i;
    double f;
    const uint8_t *p;   /* a text argument has a zero byte after its last one */
  };
} ext_value;
_Static_assert(sizeof(ext_value) == 16, "the ABI fixes this layout");

#define EXT_EXPORT(name) __attribute__((export_name(name)))
#define EXT_MANIFEST(text) EXT_EXPORT("ext_manifest") const char *ext_manifest(void) { return text; }
/* result is NULL until the function sets it; what it points to must last until the function is called again. */
#define EXT_FUNCTION(name) \
  EXT_EXPORT(#name) void name(ext_value *result, int32_t argc, const ext_value *argv)

static inline void ext_integer(ext_value *v, int64_t i) { v->type = EXT_INTEGER; v->i = i; }
static inline void ext_float(ext_value *v, double f) { v->type = EXT_FLOAT; v->f = f; }
static inline void ext_bytes(ext_value *v, uint32_t type, const void *p, uint32_t size) {
  v->type = type;
  v->size = size;
  v->p = p;
}
#define ext_error(v, literal) ext_bytes((v), EXT_ERROR, "" literal, sizeof(literal) - 1)

/*
** Memory from __heap_base up to ext_top belongs to the host, which asks for a block that fits its
** arguments and keeps it. Everything above ext_top is scratch space for the call that is running.
*/
extern uint8_t __heap_base;
static uintptr_t ext_top;

static void *ext_scratch(uint32_t size) {
  if (ext_top == 0) ext_top = ((uintptr_t)&__heap_base + 7) & ~(uintptr_t)7;
  uint64_t end = (uint64_t)ext_top + size;
  uint64_t have = (uint64_t)__builtin_wasm_memory_size(0) << 16;
  if (end > have && __builtin_wasm_memory_grow(0, (end - have + 0xffff) >> 16) == (uintptr_t)-1) return 0;
  return (void *)ext_top;
}

EXT_EXPORT("ext_alloc") void *ext_alloc(uint32_t size) {
  void *p = ext_scratch(size);
  if (p) ext_top = (ext_top + size + 7) & ~(uintptr_t)7;
  return p;
}
